"""Numbers and hashes on the pages."""

from decimal import Decimal

import pytest

from config.backoffice.columns import grouped, hexadecimal
from config.numbers import plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("25000.00000000", "25000"),
        ("0E-8", "0"),
        ("1.10000000", "1.1"),
        ("-0.00001000", "-0.00001"),
        ("1E+3", "1000"),
        ("100", "100"),
    ],
)
def test_only_digits_that_say_something_are_shown(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


def test_lists_group_by_thousands() -> None:
    assert grouped(Decimal("-1234567.50000000")) == "-1,234,567.5"


def test_bytes_are_hexadecimal() -> None:
    assert hexadecimal(memoryview(b"\x00\xff")) == "00ff"


def test_of_many_bytes_the_first_are_shown() -> None:
    assert hexadecimal(b"\xab" * 1024) == "ab" * 1024
    assert hexadecimal(b"\xab" * 5024) == "ab" * 1024 + " … and 4,000 bytes more"
