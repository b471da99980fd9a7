"""Numbers as options of commands: what argparse calls with an option's text."""

import math
from argparse import ArgumentTypeError


def finite(text: str) -> float:
    """A number that limits tell apart: `nan` passes by every one that it is held against."""
    number = _number(text)
    if not math.isfinite(number):
        raise ArgumentTypeError(f"{text} is no number")
    return number


def not_negative(text: str) -> float:
    """A number of 0 or more."""
    number = _number(text)
    if not 0 <= number < math.inf:
        raise ArgumentTypeError(f"{text} is no number of 0 or more")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
