"""One period as a Parquet file and its manifest: written aside, read back, compared, then given its name."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection, transaction

from config.commands import Failed, VerificationFailed
from config.files import sync_folder
from ops.partitioning.archive.columns import Column, columns_of
from ops.partitioning.archive.content import Content, content_of

#: Rows in memory at once, and in one row group of a file.
BATCH_ROWS = 10_000
#: Settings that the text of values depends on.
SPELLED_WITH = {"TimeZone": "UTC", "DateStyle": "ISO", "IntervalStyle": "iso_8601", "extra_float_digits": "1"}
#: Version of the manifest.
FORMAT = 1
HASH_METHOD = "sum of sha256 over spelled rows, 4 x 64 bits, version 1"


@dataclass(frozen=True)
class Archived:
    """A file that was compared with what it was made from."""

    path: Path
    size: int
    sha256: bytes
    content: Content


def archive(partition: str, path: Path, *, facts: dict[str, Any]) -> Archived:
    """Write a partition to `path` (`….parquet`) and its manifest beside it; return what was written.

    `facts` go into the manifest. Both files appear under their names only once the Parquet file was read back and holds
    the rows of the table, on one snapshot; a file of that name is replaced. Raises `Failed` where it cannot be written
    (the disk is full), `VerificationFailed` if it does not hold what it must.
    """
    columns = columns_of(partition)
    partial = path.with_name(f".{path.name}.partial")
    with _removed_after_failure(partial):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                # What is text in the file is spelled the same whoever runs this.
                cursor.execute(
                    "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'iso_8601'"
                )
            _write(partition, columns, partial)
            expected = content_of(partition, columns)
        size, digest, content = read_back(partial, columns)
        if content != expected:
            raise VerificationFailed(
                f"The file made of {partition} does not hold its rows ({content.rows} of {expected.rows} rows):"
                " nothing was dropped. Try again, and look at the disk if it happens again."
            )
        manifest = {
            "format": FORMAT,
            **facts,
            "partition": partition,
            "rows": content.rows,
            "content_hash": content.hash.hex(),
            "content_hash_method": HASH_METHOD,
            "file": path.name,
            "bytes": size,
            "sha256": digest.hex(),
            "compression": "zstd",
            "columns": [
                {"name": column.name, "postgresql": column.sql_type, "parquet": str(column.arrow)} for column in columns
            ],
            "written_at": datetime.now(UTC).isoformat(),
        }
        os.replace(partial, path)
        with _removed_after_failure(partial):
            with open(partial, "w", encoding="utf-8", opener=_private) as file:
                json.dump(manifest, file, indent=2)
                file.write("\n")
                _flush(file)
            os.replace(partial, path.with_suffix(".json"))
        sync_folder(path.parent)
    return Archived(path, size, digest, content)


def _write(partition: str, columns: Sequence[Column], path: Path) -> None:
    schema = pa.schema([pa.field(column.name, column.arrow) for column in columns])
    selected = ", ".join(column.selected for column in columns)
    with open(path, "wb", opener=_private) as file:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer, connection.chunked_cursor() as cursor:
            cursor.execute(f"SELECT {selected} FROM {partition}")
            while rows := cursor.fetchmany(BATCH_ROWS):
                values = zip(*rows, strict=True)
                try:
                    arrays = [column.array(list(part)) for column, part in zip(columns, values, strict=True)]
                except pa.ArrowInvalid as error:
                    raise Failed(
                        f"{partition} holds a value that its file could not hold exactly ({error}):"
                        " nothing was dropped."
                    ) from error
                writer.write_batch(pa.record_batch(arrays, schema=schema))
        _flush(file)


def read_back(path: Path, columns: Sequence[Column]) -> tuple[int, bytes, Content]:
    """The size, the SHA-256 and the content of a file."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
        content = Content()
        for batch in pq.ParquetFile(file).iter_batches(batch_size=BATCH_ROWS):
            content.add(columns, batch)
        return path.stat().st_size, digest, content


@contextmanager
def _removed_after_failure(partial: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failed(
            f"{partial.parent} could not be written: {error.strerror or error}. Nothing was dropped; make room there,"
            " or set ARCHIVE_DIR to another folder, then run this again."
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    """Logs name people: the files are for their owner alone."""
    return os.open(path, flags, 0o600)


def _flush(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
