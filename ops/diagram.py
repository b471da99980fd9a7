"""An entity diagram of the models, as Mermaid text that code hosts render."""

from collections.abc import Iterator
from itertools import groupby

from django.apps import apps
from django.db import connection, models

APPS = ("accounts", "trading", "liquidity", "risk", "audit", "ops")
HEADING = """# Entities

Made from the models by `manage.py entity_diagram`; `manage.py entity_diagram --check` fails where it is out of date.
A line leads from the table that holds a foreign key (crow's foot) to the one it names.
"""


def entity_diagram() -> str:
    """The whole document: one diagram for each app, tables of other apps without their columns."""
    return HEADING + "".join(_app_section(label) for label in APPS)


def _app_section(label: str) -> str:
    config = apps.get_app_config(label)
    tables = sorted(config.get_models(), key=lambda model: model._meta.db_table)
    lines = [f"\n## {config.verbose_name}\n", "```mermaid", "erDiagram"]
    for model in tables:
        lines.append(f"    {model._meta.db_table} {{")
        lines += [f"        {line}" for line in _columns(model)]
        lines.append("    }")
    relations = sorted({line for model in tables for line in _relations(model)})
    lines += [f"    {line}" for line in relations]
    return "\n".join([*lines, "```", ""])


def _columns(model: type[models.Model]) -> Iterator[str]:
    for field in model._meta.concrete_fields:
        column_type = (field.db_type(connection) or "").split("(")[0].replace(" ", "_").replace("[]", "_array")
        key = " PK" if field.primary_key else " FK" if field.remote_field else ""
        yield f"{column_type} {field.column}{key}"


def _relations(model: type[models.Model]) -> Iterator[str]:
    foreign_keys = [field for field in model._meta.concrete_fields if field.remote_field]
    by_target = sorted(foreign_keys, key=lambda field: str(field.related_model._meta.db_table))  # type: ignore[union-attr]
    for target, fields in groupby(by_target, key=lambda field: str(field.related_model._meta.db_table)):  # type: ignore[union-attr]
        columns = [str(field.column) for field in fields]
        yield f'{target} ||--o{{ {model._meta.db_table} : "{", ".join(columns)}"'
