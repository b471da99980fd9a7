"""A catch-all that holds rows is split: its rows move to the periods that they belong to.

1. Stage: `<table>_split`, a partitioned table of its own with the new periods and the rest behind them.
2. Mirror: a trigger on the catch-all writes every new row there, too. Its lock waits for whoever is writing to the
   catch-all, so that each row is either committed before the trigger or copied by it.
3. Copy the older rows in batches, a transaction each, locking nothing; a row that is there already is passed over.
4. Check that both hold the same rows.
5. Swap: one statement takes the catch-all off and attaches the copies. A CHECK on each spares the reading of its rows.
6. Check the old catch-all once more against the table, and drop it.

Until 5 commits the rows are read from the catch-all, after it from the new periods: through the table each row is seen
exactly once by every statement at READ COMMITTED. Killed before 5, the next run gives the copies up and begins anew;
killed after it, the next run goes on with 6.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from config.commands import VerificationFailed
from ops.partitioning import Report
from ops.partitioning.locking import Patience, briefly

#: Periods of one split: what a swap does while it holds the lock takes some milliseconds for each.
AT_ONCE = 4
#: Pages (8 kB) of one transaction when rows are copied.
BATCH_PAGES = 512


def split_catch_all(
    table: str, names: Sequence[str], bounds: Sequence[datetime], *, patience: Patience, report: Report
) -> int:
    """Put periods before a catch-all that holds rows, with those of its rows that belong there; return how many rows.

    Raises `VerificationFailed`, with nothing lost, if the copies are not what they were copied from.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT stage_split(%s::regclass, %s, %s)", [table, list(names), list(bounds)])
    report("staged")
    briefly("SELECT mirror_catch_all(%s::regclass)", [table], table=f"{table}_catch_all", patience=patience)
    report("mirrored")
    _copy(table, report)
    rows = _check(table, "the copies of the catch-all", f"{table}_catch_all", f"{table}_split")
    report("checked")
    briefly("SELECT swap_catch_all(%s::regclass)", [table], table=table, patience=patience)
    report("swapped")
    finish_split(table, patience=patience, report=report)
    return rows


def abandon_split(table: str, *, patience: Patience) -> None:
    """Give up the copies of a run that was killed before it had swapped them in."""
    briefly("SELECT abandon_split(%s::regclass)", [table], table=f"{table}_catch_all", patience=patience)


def finish_split(table: str, *, patience: Patience, report: Report) -> None:
    """Drop the catch-all that was split, once each of its rows is in the table."""
    old = f"{table}_split_old"
    _check(table, "the periods that were split off", old, table)
    briefly(f"DROP TABLE {old}", [], table=old, patience=patience)
    report("dropped")


def _copy(table: str, report: Report) -> None:
    """Everything that was in the catch-all when the trigger came: what came later is in pages behind, or copied."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT written_columns(to_regclass(%s), ''), pg_relation_size(to_regclass(%s))"
            " / current_setting('block_size')::int",
            [table, f"{table}_catch_all"],
        )
        columns, pages = cursor.fetchone()
        for first in range(0, pages, BATCH_PAGES):
            cursor.execute(
                f"INSERT INTO {table}_split ({columns}) SELECT {columns} FROM {table}_catch_all"
                " WHERE ctid >= %s::tid AND ctid < %s::tid ON CONFLICT DO NOTHING",
                [f"({first},0)", f"({first + BATCH_PAGES},0)"],
            )
            report("copied")


def _check(table: str, what: str, original: str, copy: str) -> int:
    """The rows of the original, each of which must be in the copy, column by column, on one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT partition_key(to_regclass(%(table)s)), string_agg(format('c.%%1$I = o.%%1$I', attname), ' AND '),"
            " written_columns(to_regclass(%(table)s), 'o.'), written_columns(to_regclass(%(table)s), 'c.')"
            "  FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)"
            " WHERE indrelid = to_regclass(%(table)s) AND indisprimary",
            {"table": table},
        )
        time, same_key, its_columns, copied_columns = cursor.fetchone()
        cursor.execute(
            f"SELECT count(*), count(*) FILTER (WHERE c.{time} IS NULL) FROM {original} o LEFT JOIN {copy} c"
            f" ON {same_key} AND ROW({its_columns}) IS NOT DISTINCT FROM ROW({copied_columns})"
            # Partitions of an earlier time are not read.
            f" AND c.{time} >= (SELECT min({time}) FROM {original})"
        )
        rows, missing = cursor.fetchone()
    if missing:
        raise VerificationFailed(
            f"{missing} of {rows} rows of {original} are not in {what}: nothing was dropped. Stop here, keep both, and"
            " find out who changes rows of an append-only table."
        )
    return int(rows)
