"""A hash of what rows say, whatever their order: the same for a table and for the file that was made of it.

A row is spelled as its columns in order, each `<bytes>:<spelling>` or `-` for null (see columns.py). The SHA-256 of
that, read as four big-endian numbers of 64 bits, is added number by number modulo 2^64 over all rows. A sum, unlike an
exclusive or, also counts rows that occur twice.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from django.db import connection

from ops.partitioning.archive.columns import Column

_LANES = 4
_MODULUS = 1 << 64


@dataclass
class Content:
    """How many rows there are, and the sum of their hashes."""

    rows: int = 0
    lanes: list[int] = field(default_factory=lambda: [0] * _LANES)

    def add(self, columns: Sequence[Column], batch: pa.RecordBatch) -> None:
        """Count in a batch of rows of a file."""
        spelled = [column.spellings(batch.column(position)) for position, column in enumerate(columns)]
        for row in zip(*spelled, strict=True):
            text = "".join("-" if value is None else f"{len(value.encode())}:{value}" for value in row)
            digest = struct.unpack(">4Q", hashlib.sha256(text.encode()).digest())
            self.lanes = [(lane + part) % _MODULUS for lane, part in zip(self.lanes, digest, strict=True)]
        self.rows += batch.num_rows

    @property
    def hash(self) -> bytes:
        """32 bytes."""
        return struct.pack(">4Q", *self.lanes)


def content_of(table: str, columns: Sequence[Column]) -> Content:
    """What a table holds, read and added up by the server."""
    spelled = ", ".join(f"{column.spelled} AS c{position}" for position, column in enumerate(columns))
    row = " || ".join(
        f"coalesce(octet_length(c{position})::text || ':' || c{position}, '-')" for position in range(len(columns))
    )
    lanes = ", ".join(
        f"coalesce(sum(('x' || encode(substring(h FROM {8 * lane + 1} FOR 8), 'hex'))::bit(64)::bigint), 0)"
        for lane in range(_LANES)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            # OFFSET 0: each value is spelled once.
            f"SELECT count(*), {lanes} FROM (SELECT sha256(convert_to({row}, 'UTF8')) AS h"
            f" FROM (SELECT {spelled} FROM {table} OFFSET 0) AS spelled OFFSET 0) AS hashed"
        )
        rows, *sums = cursor.fetchone()
    return Content(rows, [int(total) % _MODULUS for total in sums])
