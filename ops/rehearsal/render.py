"""A rehearsal as JSON, and as Markdown for a pull request."""

from collections.abc import Iterator, Mapping
from typing import Any

from config.commands.counting import counted
from ops.rehearsal.rehearse import Rehearsal

WITHOUT_ROWS = (
    "The database is in use, so the clone has its structure without its rows: locks and rewrites are exact, stalls are"
    " guessed from the size of the tables. Rehearse on a backup (--from-backup) for measured ones."
)
SHOWN_CHARACTERS = 110


def as_json(rehearsal: Rehearsal, max_stall: float | None) -> dict[str, Any]:
    """The rehearsal with stable keys; times are milliseconds."""
    return {
        "clone": rehearsal.source,
        "migrations": rehearsal.migrations,
        "longest_stall_ms": round(rehearsal.longest_stall_ms, 1),
        "max_stall_ms": max_stall,
        "measured": rehearsal.source != "structure",
        "error": rehearsal.error,
        "seconds": round(rehearsal.seconds, 1),
        "statements": [
            {
                "migration": statement.migration,
                "sql": statement.sql,
                "duration_ms": round(statement.duration_ms, 1),
                "locks": [
                    {"table": lock.table, "mode": lock.mode, "blocks": lock.blocks, "partitions": lock.partitions}
                    for lock in statement.locks
                ],
                "rewrites": statement.rewrites,
                "scans": statement.scans,
                "rows": statement.rows,
                "held_ms": round(statement.held_ms, 1) if statement.blocking else 0,
                "lock_wait_ms": statement.lock_wait_ms if statement.blocking else 0,
                "stall_ms": round(rehearsal.stall_ms(number), 1),
            }
            for number, statement in enumerate(rehearsal.statements)
        ],
    }


def as_rows(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """(migration, statement, what others meet, duration, stall) of each statement that is worth a line: all but queries
    that lock nothing."""
    for statement in result["statements"]:
        blocking = [lock for lock in statement["locks"] if lock["blocks"]]
        sql = " ".join(statement["sql"].split())
        if not blocking and not statement["rewrites"] and sql.upper().startswith(("SELECT", "SET ", "SHOW")):
            continue
        meets = [f"{_plain(lock['mode'])} on {lock['table']}" + _partitions(lock["partitions"]) for lock in blocking]
        meets += [f"rewrites {table}" for table in statement["rewrites"]]
        meets += [
            f"reads all of {table}" for table in statement["scans"] if blocking and table not in statement["rewrites"]
        ]
        yield (
            statement["migration"],
            sql if len(sql) <= SHOWN_CHARACTERS else f"{sql[: SHOWN_CHARACTERS - 1]}…",
            "; ".join(meets) or "-",
            f"{statement['duration_ms']:,.0f}",
            f"{statement['stall_ms']:,.0f}" if blocking else "-",
        )


def as_markdown(result: Mapping[str, Any]) -> str:
    """A table for a pull request."""
    lines = [f"### Rehearsal of {_counted(result, 'migration')}", "", summary(result), ""]
    if not result["measured"]:
        lines += [f"> {WITHOUT_ROWS}", ""]
    lines += ["| migration | statement | others meet | ms | stall, ms |", "|---|---|---|---:|---:|"]
    for migration, sql, meets, duration, stall in as_rows(result):
        escaped = sql.replace("|", "\\|").replace("`", "'")
        lines.append(f"| {migration} | `{escaped}` | {meets} | {duration} | {stall} |")
    return "\n".join(lines)


def summary(result: Mapping[str, Any]) -> str:
    """The result in one sentence."""
    if result["error"]:
        return f"Failed on the clone: {result['error']}"
    if not result["migrations"]:
        return "Nothing is pending."
    limit = "" if result["max_stall_ms"] is None else f" (allowed: {result['max_stall_ms']:,.0f} ms)"
    rewrites = sorted({table for statement in result["statements"] for table in statement["rewrites"]})
    rewritten = f" Rewritten: {', '.join(rewrites)}." if rewrites else " No table or index is rewritten."
    return (
        f"{_counted(result, 'migration')}, {_counted(result, 'statement')} on a {result['clone']} of the database."
        f" Longest predicted stall: {result['longest_stall_ms']:,.0f} ms{limit}.{rewritten}"
    )


def _counted(result: Mapping[str, Any], noun: str) -> str:
    return counted(len(result[f"{noun}s"]), noun)


def _plain(mode: str) -> str:
    """`AccessExclusiveLock` as PostgreSQL's manual writes it."""
    if mode == "RowLocks":
        return "row locks"
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in mode.removesuffix("Lock"))
    return words.strip().upper()


def _partitions(count: int) -> str:
    return f" and {counted(count, 'partition')}" if count else ""
