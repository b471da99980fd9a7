"""Numbers are numbers and times are times: NaN and infinities are above everything, so they pass every other CHECK.

A time is of the years 1 to 9999, which is what driver and Django can read, and what a period is named by: one row of
another year would stop whoever reads its table, the sealer of the logs included.

Nobody declares this: each table with a field of `config.database.fields` gets one CHECK over all its columns that could
hold such a value, `<table>_finite_check`.
"""

from typing import Any

from django.db import models
from django.db.models import Func, Q

from config.database import fields

#: Written by the owner and by his functions only, with times of their own.
UNCHECKED_TABLES = (
    "audit_contexts",
    "audit_layouts",
    "audit_log",
    "audit_row_hashes",
    "audit_seal_chunks",
    "audit_seals",
    "partition_departures",
)


class AreFinite(Func):
    """Whether no column is NaN, an infinity, or a time of another year than 1 to 9999; an empty one passes.

    A numeric of limited size holds no infinity, so there NaN is the only one to look for.
    """

    output_field = models.BooleanField()
    conditional = True

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> tuple[str, tuple[Any, ...]]:
        # The server reads the text of every CHECK anew for each statement: these are the shortest that there are.
        found: dict[str, list[str]] = {}
        parameters: dict[str, list[Any]] = {}
        for expression in self.get_source_expressions():
            sql, values = compiler.compile(expression)
            field = expression.output_field
            kind = "numeric" if isinstance(field, models.DecimalField) else str(field.db_type(connection))
            found.setdefault(kind, []).append(sql)
            parameters.setdefault(kind, []).extend(values)
        parts = [_are_finite(kind, columns) for kind, columns in found.items()]
        return f"({' AND '.join(parts)})", tuple(value for kind in found for value in parameters[kind])


def _are_finite(kind: str, columns: list[str]) -> str:
    # The first number, or the cast, gives a type to the empty values of a form.
    if kind == "numeric":
        return f"GREATEST(0.0, {', '.join(columns)}) < 'NaN'"  # which is above all numbers
    listed = ", ".join([f"{columns[0]}::{kind}", *columns[1:]])
    # Of a date only the day is read.
    return f"GREATEST({listed}) < '10000-01-01Z' AND LEAST({listed}) >= '0001-01-01Z'"


def add_finite_check(sender: type[models.Model], **kwargs: Any) -> None:
    """On `class_prepared` of a model of the project: its columns are finite. A migration has it in writing."""
    meta: Any = sender._meta
    is_ours = any(type(field).__module__ == fields.__name__ for field in meta.local_concrete_fields)
    if not is_ours or meta.db_table in UNCHECKED_TABLES or sender.__module__ == "__fake__":
        return
    columns = [
        field.name
        for field in meta.local_concrete_fields
        if isinstance(field, models.DecimalField | models.DateField) and not field.generated
    ]
    if columns:
        meta.constraints = [
            *meta.constraints,
            models.CheckConstraint(
                name=f"{meta.db_table}_finite_check",
                condition=Q(AreFinite(*columns)),
                violation_error_message="Numbers and times are finite.",
            ),
        ]
        # What migrations are made from.
        meta.original_attrs["constraints"] = meta.constraints
