"""Values as people read them: 25,000 instead of 25000.00000000, a hash as its hexadecimal digits."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.db import models

from config.numbers import plain


def grouped(value: Decimal) -> str:
    """A number in groups of three digits."""
    return plain(value, ",")


#: Bytes that a page shows of a value. A hash is shorter; what holds thousands of hashes is no reading matter.
BYTES_SHOWN = 1024


def hexadecimal(value: bytes | memoryview) -> str:
    """Bytes as psql, sha256sum and the exports write them, the first ones of many."""
    digits, rest = bytes(value[:BYTES_SHOWN]).hex(), len(value) - BYTES_SHOWN
    return f"{digits} … and {rest:,} bytes more" if rest > 0 else digits


READABLE: dict[type[models.Field], Callable[[Any], str]] = {
    models.DecimalField: grouped,
    models.BinaryField: hexadecimal,
}


class Column:
    """A field of a list or of a page that is only read, its value through `readable`; it sorts as the field does."""

    def __init__(self, field: models.Field, readable: Callable[[Any], str]) -> None:
        self.name = self.__name__ = field.name
        self.short_description = label_for_field(field.name, field.model)
        self.admin_order_field = field.name
        self.readable = readable

    def __str__(self) -> str:
        return self.name

    def __call__(self, row: Any) -> str:
        value = getattr(row, self.name)
        return "-" if value is None else self.readable(value)


def column_of(field: models.Field) -> Column | None:
    """How to show `field` where Django's own way is not for people, else None."""
    output = getattr(field, "output_field", field)
    for kind, readable in READABLE.items():
        if isinstance(output, kind):
            return Column(field, readable)
    return None
