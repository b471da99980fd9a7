"""`audited()` on `Meta.triggers`, and the SQL that it becomes in migrations.

A migration keeps the columns (`columns="id uuid; …"`), and the SQL is generated from them: when a model gets another
column, the next `makemigrations` renews its functions. pgtrigger's own switch, a setting that any session could change,
is not in them.
"""

import hashlib
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import pgtrigger
from django.db import models
from pgtrigger import compiler

from audit.capture.columns import Column, columns_of, hashed, layout_of, read, written
from audit.capture.functions import BODIES, SETTINGS, TRANSITION_TABLES

_FUNCTION = """
    CREATE OR REPLACE FUNCTION {pgid}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER{settings}
        AS $body${body}$body$;
    SELECT secure_audit_function('{pgid}');
    CREATE OR REPLACE TRIGGER {pgid} AFTER {operation} ON "{table}" {referencing}
        FOR EACH STATEMENT EXECUTE FUNCTION {pgid}();
    ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {pgid};
"""
_LAYOUT = """
    INSERT INTO audit_layouts (table_name, layout, columns) VALUES ('{table}', {layout}, ARRAY[{names}])
        ON CONFLICT DO NOTHING;
"""
_TRUNCATE = """
    CREATE OR REPLACE TRIGGER {pgid} BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
    ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {pgid};
"""


class AuditTriggerSql(compiler.UpsertTriggerSql):
    """One operation's trigger of an audited table, with the function of its own that it runs.

    `columns` is `audit.capture.columns.written`; a `critical` table ("true") refuses changes by nobody.
    """

    def __init__(
        self, *, pgid: str, table: str, operation: str, columns: str, critical: str = "false", hash: str | None = None
    ) -> None:
        self.kwargs = {
            "pgid": pgid, "table": table, "operation": operation, "columns": columns, "critical": critical
        }  # fmt: skip
        self.defaults = {"critical": "false"}
        self.pgid, self.table = pgid, table
        sql = self._statements()
        self.hash = hash or hashlib.sha1(sql.encode()).hexdigest()  # noqa: S324 - as pgtrigger's own; guards nothing
        # Read by makemigrations, which compares the texts.
        self.data = f"{sql}    COMMENT ON TRIGGER {pgid} ON \"{table}\" IS '{self.hash}';\n"

    def _statements(self) -> str:
        place = self.kwargs
        if place["operation"] == "TRUNCATE":
            return _TRUNCATE.format(**place)
        columns = read(place["columns"])
        operation = place["operation"]
        body = BODIES[operation](place["table"], place["critical"] == "true", columns)
        sql = _FUNCTION.format(
            **place, body=body, settings=SETTINGS[operation], referencing=TRANSITION_TABLES[operation]
        )
        if operation == "INSERT":
            names = ", ".join(f"'{column.name}'" for column in hashed(columns))
            sql += _LAYOUT.format(table=place["table"], layout=layout_of(columns), names=names)
        return sql

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        kwargs = {key: value for key, value in self.kwargs.items() if self.defaults.get(key) != value}
        return f"{type(self).__module__}.{type(self).__name__}", [], {**kwargs, "hash": self.hash}


class CompiledAuditTrigger(compiler.Trigger):
    """A trigger that takes its function along when it goes."""

    @property
    def uninstall_sql(self) -> str:
        drop = f'DROP TRIGGER IF EXISTS {self.sql.pgid} ON "{self.sql.table}";'
        is_shared = self.sql.kwargs["operation"] == "TRUNCATE"
        return drop if is_shared else f"{drop} DROP FUNCTION IF EXISTS {self.sql.pgid}();"


class AuditTrigger(pgtrigger.Trigger):
    """The trigger `<table>_audit_<operation>`."""

    when = pgtrigger.After
    level = pgtrigger.Statement

    def __init__(
        self, *, operation: pgtrigger.Operation, exclude: Collection[str], secret: Collection[str], critical: bool
    ) -> None:
        self.exclude, self.secret, self.critical = exclude, secret, critical
        super().__init__(name=f"audit_{str(operation).lower()}", operation=operation)

    def get_pgid(self, model: Any) -> str:
        return f"{model._meta.db_table}_{self.name}"

    def compile(self, model: Any) -> compiler.Trigger:
        operation = str(self.operation)
        columns = columns_of(model, exclude=self.exclude, secret=self.secret)
        return CompiledAuditTrigger(
            name=self.name,
            sql=AuditTriggerSql(
                pgid=self.get_pgid(model),
                table=model._meta.db_table,
                operation=operation,
                columns="" if operation == "TRUNCATE" else written(columns),
                critical=str(self.critical).lower(),
            ),
        )


def audited(
    *, exclude: Collection[str] = (), secret: Collection[str] = (), critical: bool = False
) -> list[AuditTrigger]:
    """Every change of the table is a row of `audit_log`, however it is written; key changes and TRUNCATE are refused.

    `exclude` names fields whose changes do not matter (`updated_at` and generated ones never do), `secret` fields of
    which only the fact that they changed is logged (encrypted ones always are). A `critical` table refuses changes by
    nobody: without a user or a service in the transaction's context (`audit.context`).
    """
    operations = (pgtrigger.Insert, pgtrigger.Update, pgtrigger.Delete, pgtrigger.Truncate)
    return [
        AuditTrigger(operation=operation, exclude=exclude, secret=secret, critical=critical) for operation in operations
    ]


@cache
def audited_models() -> dict[str, type[models.Model]]:
    """The models of the audited tables, by table."""
    from django.apps import apps

    return {
        model._meta.db_table: model
        for model in apps.get_models()
        if any(isinstance(trigger, AuditTrigger) for trigger in getattr(model._meta, "triggers", []))
    }


@cache
def audited_columns() -> dict[str, list[Column]]:
    """The audited columns of each audited table."""
    found = {}
    for table, model in audited_models().items():
        trigger = next(each for each in model._meta.triggers if isinstance(each, AuditTrigger))  # type: ignore[attr-defined]
        found[table] = columns_of(model, exclude=trigger.exclude, secret=trigger.secret)
    return found
