"""Stores the rows of one file by COPY, in one transaction.

First every row is checked and written, as COPY text, into a temporary file (in memory while small): only
a file that is right to its end reaches the database. A period that is still empty is copied straight into its
table; where rows may be there already, the new ones are copied beside it, and only what is missing is added.
"""

import errno
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import IO, Any

from django.db import IntegrityError, connection, transaction
from psycopg import sql

from config.commands import EnvironmentFailed, Failed, Locked
from config.database.partitions import RangePartitioning, ensure_partitions
from liquidity.importing.rows import Rows

IN_MEMORY = 64 << 20
BLOCK = 1 << 20
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: One COPY: its rows pass through the table's statement trigger together, which keeps them until the end.
COPY_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True)
class Target:
    """What rows become: `moment` and `values` are the columns of their COPY text, in this order.

    `source` are the columns, the same for all rows, that say whose rows they are; `facts` further ones. With
    `empty_columns` only stored rows that leave these empty count as the same.
    """

    partitioning: RangePartitioning
    moment: str
    values: tuple[str, ...]
    source: Mapping[str, Any]
    facts: Mapping[str, Any] = field(default_factory=dict)
    empty_columns: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        return self.partitioning.table

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.moment, *self.values)

    @property
    def constants(self) -> dict[str, Any]:
        return {**self.source, **self.facts}


@dataclass
class CheckedRows:
    """All rows of a file as COPY text, and what the loader must know about them."""

    text: IO[bytes]
    count: int = 0
    days: set[date] = field(default_factory=set)
    first: datetime = LATEST
    last: datetime = EARLIEST

    def close(self) -> None:
        self.text.close()


@dataclass(frozen=True)
class Loaded:
    """What a load changed."""

    added: int
    already_there: int
    partitions: int


def check(rows: Rows) -> CheckedRows:
    """Run through all rows; memory does not grow with their number. Raises what the format refuses."""
    checked = CheckedRows(tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115
    try:
        for batch in rows:
            checked.text.write(batch.text.encode("ascii"))
            checked.count += len(batch.moments)
            checked.days.update(map(datetime.date, batch.moments))
            checked.first = min(checked.first, *batch.moments)
            checked.last = max(checked.last, *batch.moments)
    except BaseException as error:
        # What a full disk did not take is tried again by closing.
        with suppress(OSError):
            checked.close()
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise EnvironmentFailed(
                f"No room in {tempfile.gettempdir()} for the checked rows: free some, or set TMPDIR."
            ) from None
        raise
    return checked


def load(checked: CheckedRows, target: Target, *, max_partitions: int) -> Loaded:
    """Store checked rows; a row that is stored already is not stored again.

    Raises `Locked` while another run loads the same source, `Failed` if more than `max_partitions` partitions
    were needed or a stored row contradicts a new one.
    """
    if not checked.count:
        return Loaded(0, 0, 0)
    with transaction.atomic(), connection.cursor() as cursor:
        # A large file takes longer than the application's other statements may.
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        _lock(cursor, target)
        partitions = _partitions(checked.days, target.partitioning, max_partitions)
        store = _copy_missing if _has_rows(cursor, checked, target) else _copy
        added = store(cursor, checked, target)
    return Loaded(added, checked.count - added, partitions)


def _lock(cursor: Any, target: Target) -> None:
    name = " ".join(["import", target.table, *map(str, target.source.values())])
    cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
    if not cursor.fetchone()[0]:
        raise Locked("Another run is loading the same instrument: wait until it has ended, then call again.")


def _partitions(days: set[date], partitioning: RangePartitioning, most: int) -> int:
    """Make the partitions of the days that occur: a gap of years makes none."""
    made = 0
    for day in sorted(days):
        midnight = datetime.combine(day, time.min, UTC)
        made += ensure_partitions(partitioning, midnight, midnight)
        if made > most:
            raise Failed(
                f"More than {most} new partitions of {partitioning.table} are needed, in one transaction:"
                " split the file, or raise --max-partitions (and the server's max_locks_per_transaction)."
            )
    return made


def _has_rows(cursor: Any, checked: CheckedRows, target: Target) -> bool:
    cursor.execute(
        sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {} AND {} BETWEEN %s AND %s)").format(
            sql.Identifier(target.table), _same_source(target), sql.Identifier(target.moment)
        ),
        [*target.source.values(), *_period(checked)],
    )
    return bool(cursor.fetchone()[0])


def _copy(cursor: Any, checked: CheckedRows, target: Target) -> int:
    """Straight into the table: each line gets the constant columns at its end."""
    ending = "".join(f"\t{value}" for value in target.constants.values()).encode() + b"\n"
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(target.table), _names(target.columns, target.constants)
    )
    for blocks in _portions(checked.text):
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for block in blocks:
                copy.write(block.replace(b"\n", ending))
    return checked.count


def _copy_missing(cursor: Any, checked: CheckedRows, target: Target) -> int:
    """Beside the table first, then what is not in it; EXCEPT ALL, because a file may repeat a quote."""
    names, table = _names(target.columns), sql.Identifier(target.table)
    create = sql.SQL("CREATE TEMPORARY TABLE arriving ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA")
    cursor.execute(create.format(names, table))
    with connection.wrap_database_errors, cursor.copy("COPY arriving FROM STDIN") as copy:
        checked.text.seek(0)
        while block := checked.text.read(BLOCK):
            copy.write(block)
    cursor.execute("ANALYZE arriving")
    statement = sql.SQL(
        "INSERT INTO {table} ({names}, {constants}) SELECT {names}, {values} FROM ("
        "SELECT {names} FROM arriving EXCEPT ALL"
        " SELECT {names} FROM {table} WHERE {same_source} AND {moment} BETWEEN %s AND %s{empty}"
        ") AS missing ORDER BY {moment}"
    ).format(
        table=table,
        names=names,
        constants=_names(target.constants),
        values=sql.SQL(", ").join(sql.Placeholder() for _ in target.constants),
        same_source=_same_source(target),
        moment=sql.Identifier(target.moment),
        empty=sql.SQL("").join(
            sql.SQL(" AND {} IS NULL").format(sql.Identifier(name)) for name in target.empty_columns
        ),
    )
    try:
        cursor.execute(statement, [*target.constants.values(), *target.source.values(), *_period(checked)])
    except IntegrityError as error:
        detail = getattr(getattr(error.__cause__, "diag", None), "message_detail", None)
        raise Failed(
            f"Another price is stored in {target.table} already, and stored rows stay: {detail or error}"
        ) from None
    added = int(cursor.rowcount)
    cursor.execute("DROP TABLE arriving")
    return added


def _portions(text: IO[bytes]) -> Iterator[Iterator[bytes]]:
    """The text in portions of whole lines, each for a COPY of its own, each in blocks."""
    text.seek(0)
    while start := text.read(BLOCK):
        yield _portion(text, start)


def _portion(text: IO[bytes], block: bytes) -> Iterator[bytes]:
    size = 0
    while block:
        size += len(block)
        yield block
        if size >= COPY_BYTES:
            yield text.readline()
            return
        block = text.read(BLOCK)


def _names(*columns: Any) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for group in columns for name in group)


def _same_source(target: Target) -> sql.Composed:
    return sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in target.source)


def _period(checked: CheckedRows) -> tuple[datetime, datetime]:
    return checked.first, checked.last
