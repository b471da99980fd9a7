"""Triggers declared on the model that they guard, running functions that all tables share.

django-pgtrigger gives them their place in `Meta.triggers` and in migrations. Its own SQL lets any session switch a
trigger off (`SET pgtrigger.ignore`), makes a function per trigger, and drops before it creates; ours does neither.
"""

from typing import Any

import pgtrigger
from django.db import models
from pgtrigger import compiler

from config.database.roles import OWNER


class SharedTriggerSql(compiler.UpsertTriggerSql):
    """A trigger on a function that a migration of `config.database` (or of the trigger's app) has made."""

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE TRIGGER {pgid} {when} {operation} ON {table} {referencing}
                FOR EACH {level} {condition} EXECUTE FUNCTION {execute};
            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class SharedTrigger(pgtrigger.Trigger):
    """A trigger `<table>_<name>` that runs the existing SQL function `function()`."""

    function: str

    def __init__(self, *, function: str, **options: Any) -> None:
        self.function = function
        super().__init__(func="-- shared", **options)

    def get_pgid(self, model: type[models.Model]) -> str:
        return f"{model._meta.db_table}_{self.name}"

    def render_execute(self, model: type[models.Model]) -> str:
        return f"{self.function}()"

    def compile(self, model: type[models.Model]) -> compiler.Trigger:
        return compiler.Trigger(
            name=self.name,
            sql=SharedTriggerSql(
                pgid=self.get_pgid(model),
                func="",
                table=model._meta.db_table,
                when=self.when,
                operation=self.operation,
                referencing=self.referencing or "",
                level=self.level,
                condition=self.render_condition(model),
                execute=self.render_execute(model),
            ),
        )


def touch() -> SharedTrigger:
    """Keeps `updated_at`: the transaction's time of the last UPDATE."""
    return SharedTrigger(
        name="touch", function="set_updated_at", level=pgtrigger.Row, when=pgtrigger.Before, operation=pgtrigger.Update
    )


def written_now(*wrong: str) -> SharedTrigger:
    """`created_at` is the transaction's time, unless the owner loads history; what is `wrong` besides is refused, too.

    After the row, so that its CHECKs speak first; one that says the right time, as most do, does not pay for the call.
    """
    conditions = " OR ".join(("NEW.created_at <> now()", *wrong))
    return SharedTrigger(
        name="written_now",
        function="refuse_other_time",
        level=pgtrigger.Row,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(f"CURRENT_USER <> '{OWNER.name}' AND ({conditions})"),
    )


def append_only() -> list[SharedTrigger]:
    """Refuses UPDATE, DELETE and TRUNCATE for everybody, the table's owner included."""
    return _refusing(pgtrigger.Update | pgtrigger.Delete)


def never_removed() -> list[SharedTrigger]:
    """Refuses DELETE and TRUNCATE for everybody; what an UPDATE may do is left to the table's other triggers."""
    return _refusing(pgtrigger.Delete)


def _refusing(operation: pgtrigger.Operation) -> list[SharedTrigger]:
    """`operation` is refused row by row, and TRUNCATE with it: it would remove rows without asking row triggers."""
    return [
        SharedTrigger(
            name="append_only",
            function="refuse_change",
            level=pgtrigger.Row,
            when=pgtrigger.Before,
            operation=operation,
        ),
        SharedTrigger(
            name="append_only_truncate",
            function="refuse_change",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
        ),
    ]


def soft_delete() -> SharedTrigger:
    """Turns DELETE into setting `deleted_at`."""
    return SharedTrigger(
        name="soft_delete",
        function="soft_delete",
        level=pgtrigger.Row,
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
    )
