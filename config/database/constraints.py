"""The CHECK constraints that most tables need, under the project's naming rule `<table>_<what>_check`."""

from decimal import Decimal

from django.db import models
from django.db.models import Lookup, Q


def one_of(table: str, column: str, choices: type[models.TextChoices]) -> models.CheckConstraint:
    """A closed vocabulary: what `choices` says in Python, the database refuses otherwise."""
    return models.CheckConstraint(
        name=f"{table}_{column}_check",
        condition=Q(**{f"{column}__in": choices.values}),
        violation_error_message=f"{column} is one of: {', '.join(choices.values)}.",
    )


def between(table: str, column: str, low: int | Decimal | str, high: int | Decimal | str) -> models.CheckConstraint:
    """`low <= column <= high`, both ends allowed."""
    low, high = Decimal(low), Decimal(high)
    return models.CheckConstraint(
        name=f"{table}_{column}_range_check",
        condition=Q(**{f"{column}__gte": low, f"{column}__lte": high}),
        violation_error_message=f"{column} lies between {low} and {high}.",
    )


def positive(table: str, column: str) -> models.CheckConstraint:
    """`column > 0`."""
    return models.CheckConstraint(
        name=f"{table}_{column}_positive_check",
        condition=Q(**{f"{column}__gt": 0}),
        violation_error_message=f"{column} is greater than zero.",
    )


def not_negative(table: str, column: str) -> models.CheckConstraint:
    """`column >= 0`."""
    return models.CheckConstraint(
        name=f"{table}_{column}_not_negative_check",
        condition=Q(**{f"{column}__gte": 0}),
        violation_error_message=f"{column} is not negative.",
    )


def requires(table: str, what: str, condition: "Q | Lookup[bool]", message: str) -> models.CheckConstraint:
    """Any other rule about one row; `what` becomes the constraint's name, `message` what a form shows."""
    return models.CheckConstraint(name=f"{table}_{what}_check", condition=condition, violation_error_message=message)
