"""What the operations of this package share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db import models, transaction
from django.db.migrations.operations.base import Operation

_CONSTRAINT = """
    SELECT convalidated FROM pg_constraint WHERE conrelid = to_regclass(%s) AND conname = %s
"""


class OnlineOperation(NotInTransactionMixin, Operation):
    """A change of a table in use, in steps that lock it for a moment only: for migrations with `atomic = False`.

    Each step looks whether it is done already, so an interrupted migration is begun again and finishes.
    """

    atomic = False
    reduces_to_sql = True
    reversible = True
    #: Read by the linter: a migration without a transaction consists of such operations only.
    rerunnable = True

    model_name: str

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        self.forwards(schema_editor, to_state.apps.get_model(app_label, self.model_name))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        self.backwards(schema_editor, from_state.apps.get_model(app_label, self.model_name))

    def forwards(self, editor: Any, model: type[models.Model]) -> None:
        """Change the table of `model`, which is as it will be."""
        raise NotImplementedError

    def backwards(self, editor: Any, model: type[models.Model]) -> None:
        """Undo it; `model` is as it was before this step back."""
        raise NotImplementedError


def constraint_state(editor: Any, table: str, name: str) -> bool | None:
    """Whether the constraint is validated, None if there is none; also None where SQL is only collected."""
    if editor.collect_sql:
        return None
    with editor.connection.cursor() as cursor:
        cursor.execute(_CONSTRAINT, [editor.quote_name(table), name])
        row = cursor.fetchone()
    return None if row is None else bool(row[0])


def run(editor: Any, statement: str) -> None:
    """Execute it, or collect it, as it stands: a percent sign in a name is no placeholder."""
    editor.execute(statement, params=None)


def validate(editor: Any, table: str, name: str) -> None:
    """Read the rows while others read and write; nothing to do when they were read before."""
    if not constraint_state(editor, table, name):
        run(editor, f"ALTER TABLE {editor.quote_name(table)} VALIDATE CONSTRAINT {editor.quote_name(name)}")


def drop_constraint(editor: Any, table: str, name: str) -> None:
    """Drop it unless it is gone."""
    if editor.collect_sql or constraint_state(editor, table, name) is not None:
        run(editor, f"ALTER TABLE {editor.quote_name(table)} DROP CONSTRAINT {editor.quote_name(name)}")


@contextmanager
def one_transaction(editor: Any) -> Iterator[None]:
    """Statements that belong together, where they are run and not only collected."""
    if editor.collect_sql:
        yield
    else:
        with transaction.atomic(using=editor.connection.alias):
            yield
