"""What a format hands to the loader: batches of rows, and a count of what it left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Batch:
    """Some rows: their moments in UTC, and their COPY text, a line each (a time without a zone is UTC)."""

    moments: list[datetime]
    text: str


Rows = Iterator[Batch]


@dataclass
class LeftOut:
    """Rows that a format met and, for a stated reason, did not pass on."""

    crossed: int = 0
    unpaired: int = 0
