"""Numbers as people read them: 25,000 instead of 25000.00000000."""

from decimal import Decimal
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.db import models


def plain(value: Decimal, grouping: str = "") -> str:
    """All digits that say something, without exponent: `0E-8` is 0, `1.10000000` is 1.1."""
    text = format(value, f"{grouping}f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class DecimalColumn:
    """A column of a list that shows a decimal field in groups of three digits; it sorts as the field does."""

    def __init__(self, field: models.Field) -> None:
        self.name = self.__name__ = field.name
        self.short_description = label_for_field(field.name, field.model)
        self.admin_order_field = field.name

    def __call__(self, row: Any) -> str:
        value = getattr(row, self.name)
        return "-" if value is None else plain(value, ",")
