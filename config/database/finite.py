"""Numbers are numbers and times are times: NaN and infinities are above everything, so they pass every other CHECK.

Nobody declares this: each table with a field of `config.database.fields` gets one CHECK over all its columns that could
hold such a value, `<table>_finite_check`.
"""

from typing import Any

from django.db import models
from django.db.models import Func, Q

from config.database import fields

#: Its tables hold what other tables' triggers have told.
UNCHECKED_APPS = ("audit",)

#: Up to so many times a call for each is shorter than an array of all.
FEW = 3


class AreFinite(Func):
    """Whether no column is NaN, infinity or minus infinity; an empty one passes.

    A numeric of limited size holds no infinity, so there NaN is the only one to look for. Driver and Django cannot even
    read a time that is infinite.
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
    if len(columns) <= FEW:
        return " AND ".join(f"isfinite({column}::{kind})" for column in columns)
    return f"NOT (ARRAY[{', '.join(columns)}]::{kind}[] && '{{infinity,-infinity}}')"


def add_finite_check(sender: type[models.Model], **kwargs: Any) -> None:
    """On `class_prepared` of a model of the project: its columns are finite. A migration has it in writing."""
    meta: Any = sender._meta
    is_ours = any(type(field).__module__ == fields.__name__ for field in meta.local_concrete_fields)
    if not is_ours or meta.app_label in UNCHECKED_APPS or sender.__module__ == "__fake__":
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
