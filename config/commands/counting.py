"""Numbers of things in sentences."""

from django.template.defaultfilters import pluralize


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{pluralize(number)}"
