"""The CHECK constraints that most tables need, under the project's naming rule `<table>_<what>_check`."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import models
from django.db.models import Func, Lookup, Q, Value
from django.db.models.functions import Least
from django.db.models.lookups import GreaterThan


class Agree(Func):
    """Whether two conditions are both met, or neither is: half as long as a disjunction that says so.

    The server reads the text of every CHECK of a table anew for each statement that writes it.
    """

    output_field = models.BooleanField()
    conditional = True
    arity = 2

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        (one, ones), (other, others) = (_compiled(compiler, each) for each in self.get_source_expressions())
        return f"(({one}) = ({other}))", (*ones, *others)


def _compiled(compiler: Any, condition: Any) -> tuple[str, tuple[Any, ...]]:
    """The SQL of a condition; Django raises where it knows the answer, as of a form's empty value."""
    try:
        sql, parameters = compiler.compile(condition)
    except EmptyResultSet:
        sql, parameters = compiler.compile(Value(False))
    except FullResultSet:
        sql, parameters = compiler.compile(Value(True))
    return sql, tuple(parameters)


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


def all_positive(table: str, what: str, *columns: str) -> models.CheckConstraint:
    """Each of the columns is above zero or empty, in one CHECK; `what` they are becomes its name."""
    # The number gives a type to the empty values of a form.
    least = Least(Value(Decimal("1.0")), *columns, output_field=models.DecimalField())
    return models.CheckConstraint(
        name=f"{table}_{what}_positive_check",
        condition=GreaterThan(least, Value(Decimal("0.0"))),
        violation_error_message=f"{', '.join(columns)} are greater than zero.",
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
