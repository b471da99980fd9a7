"""Numbers as people read them."""

from decimal import Decimal


def plain(value: Decimal | int | str, grouping: str = "") -> str:
    """All digits that say something, without exponent: `0E-8` is 0, `1.10000000` is 1.1."""
    text = format(Decimal(value), f"{grouping}f")
    return text.rstrip("0").rstrip(".") if "." in text else text
