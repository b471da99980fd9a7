"""A period leaves its table: written to a file, detached, compared, recorded and dropped.

1. Archive the partition while it is still part of the table: what can fail (a full disk) fails here, changing nothing.
2. Detach it: DETACH CONCURRENTLY, which writers do not notice.
3. Compare what was detached with the file, and write the file again if rows came meanwhile.
4. In one transaction: nobody holds the period (`legal_holds`), `partition_departures` gets its row, whoever registered
   with `before_drop` certifies it, and it is dropped. Where one of them refuses, it goes back to its table.

Killed at any point, the next run finds the partition by its name: attached or detached, and it begins again with 1.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, connection, transaction

from audit.models import LegalHold, PartitionDeparture
from config.commands import Failed
from config.database.partitions import BEFORE_DROP, DepartingPartition, RangePartitioning
from ops.partitioning import Report
from ops.partitioning.archive.columns import columns_of
from ops.partitioning.archive.content import content_of
from ops.partitioning.archive.files import Archived, archive
from ops.partitioning.locking import LOCK_MS, Patience, limits, until_free

#: Milliseconds that a DETACH CONCURRENTLY waits for the transactions that use the table; writers do not wait for it.
DETACH_MS = 2000


@dataclass(frozen=True)
class Departure:
    """What has left, and where its rows are."""

    rows: int
    content_hash: bytes
    file: Path | None


def retire(
    partitioning: RangePartitioning,
    name: str,
    period: tuple[datetime, datetime],
    *,
    folder: Path,
    patience: Patience,
    report: Report,
) -> Departure:
    """Let one period leave. Raises `Failed` or `VerificationFailed` with the partition still there."""
    table = partitioning.table
    facts = {"table": table, "from": period[0].isoformat(), "to": period[1].isoformat()}
    path = _free_name(folder / table, name)
    archived = archive(name, path, facts=facts) if partitioning.export else None
    report("archived")
    detach(table, name, patience=patience)
    report("detached")
    content = content_of(name, columns_of(name))
    if archived and archived.content != content:
        archived = archive(name, path, facts=facts)
        content = archived.content
    report("compared")
    departing = DepartingPartition(table, name, *period, content.rows, content.hash)
    try:
        until_free(lambda: _drop(departing, archived), table=name, patience=patience)
    except (Failed, IntegrityError) as error:
        # Its rows are to be read, and sealed, as before.
        attach_again(table, name, period, patience=patience)
        if isinstance(error, Failed):
            raise
        raise Failed(f"{name} was not dropped: {error}") from error
    report("dropped")
    return Departure(content.rows, content.hash, archived.path if archived else None)


def detach(table: str, name: str, *, patience: Patience) -> None:
    """Detach a partition that is attached, or finish what an earlier DETACH CONCURRENTLY has begun."""

    def attempt() -> bool:
        with limits(lock_timeout=DETACH_MS), connection.cursor() as cursor:
            cursor.execute(
                "SELECT leaving FROM partitions_of(to_regclass(%s)) WHERE leaf = to_regclass(%s)", [table, name]
            )
            row = cursor.fetchone()
            if row is not None:
                how = "FINALIZE" if row[0] else "CONCURRENTLY"
                cursor.execute(f"ALTER TABLE {table} DETACH PARTITION {name} {how}")
        return True

    until_free(attempt, table=table, patience=patience)


def attach_again(table: str, name: str, period: tuple[datetime, datetime], *, patience: Patience) -> None:
    """Give a detached partition back to its table: somebody holds its period now, or it is to be kept longer."""

    def attempt() -> bool:
        with limits(lock_timeout=LOCK_MS), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT attach_partition(%s::regclass, %s, %s, %s)", [table, name, *period])
            # What DETACH CONCURRENTLY has left behind has spared the reading of every row now.
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype = 'c' AND conislocal"
                "   AND coninhcount = 0",
                [name],
            )
            for (constraint,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {name} DROP CONSTRAINT "{constraint}"')
        return True

    until_free(attempt, table=table, patience=patience)


def _drop(departing: DepartingPartition, archived: Archived | None) -> bool:
    with limits(lock_timeout=LOCK_MS), transaction.atomic(), connection.cursor() as cursor:
        # A hold that is being written waits, or we do; a trigger of partition_departures looks for one.
        cursor.execute(f"LOCK TABLE {LegalHold._meta.db_table} IN SHARE MODE")
        cursor.execute(f"LOCK TABLE {departing.name} IN ACCESS EXCLUSIVE MODE")
        PartitionDeparture.objects.create(
            table_name=departing.table,
            partition_name=departing.name,
            period_from=departing.lower,
            period_until=departing.upper,
            row_count=departing.rows,
            content_hash=departing.content_hash,
            file_name=f"{departing.table}/{archived.path.name}" if archived else "",
            file_bytes=archived.size if archived else None,
            file_sha256=archived.sha256 if archived else None,
        )
        for certify in BEFORE_DROP:
            certify(departing, connection)
        cursor.execute(f"DROP TABLE {departing.name}")
    return True


def _free_name(folder: Path, name: str) -> Path:
    """A file of this partition's name; with a number where a partition of that name has left before."""
    taken = set(PartitionDeparture.objects.filter(partition_name=name).values_list("file_name", flat=True))
    number = 1
    path = folder / f"{name}.parquet"
    while f"{folder.name}/{path.name}" in taken:
        number += 1
        path = folder / f"{name}-{number}.parquet"
    return path
