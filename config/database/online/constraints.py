"""Constraints of tables in use: added in a moment for new rows, then proved for those that are there."""

from typing import Any

from django.db import models

from config.database.online.base import OnlineOperation, constraint_state, drop_constraint, run, validate
from config.database.online.indexes import index_state


class _AddedConstraint(OnlineOperation):
    """A constraint that the model has afterwards."""

    def __init__(self, model_name: str, constraint: models.BaseConstraint) -> None:
        self.model_name, self.constraint = model_name, constraint

    def deconstruct(self) -> Any:
        return type(self).__name__, [self.model_name, self.constraint], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.add_constraint(app_label, self.model_name.lower(), self.constraint)


class AddCheckOnline(_AddedConstraint):
    """Adds a CHECK: NOT VALID, which reads no row, then VALIDATE, which stops nobody."""

    def forwards(self, editor: Any, model: type[models.Model]) -> None:
        table, name = model._meta.db_table, self.constraint.name
        if constraint_state(editor, table, name) is None:
            run(editor, f"{self.constraint.create_sql(model, editor)} NOT VALID")
        validate(editor, table, name)

    def backwards(self, editor: Any, model: type[models.Model]) -> None:
        drop_constraint(editor, model._meta.db_table, self.constraint.name)

    def describe(self) -> str:
        return f"Add and validate {self.constraint.name} of {self.model_name}"


class AddUniqueOnline(_AddedConstraint):
    """Adds a UNIQUE constraint: its index is made CONCURRENTLY, then becomes the constraint in a moment.

    One with a condition or expressions is a unique index in Django too, and stays one.
    """

    def forwards(self, editor: Any, model: type[models.Model]) -> None:
        table, name = model._meta.db_table, self.constraint.name
        if constraint_state(editor, table, name) is not None:
            return
        statement: Any = self.constraint.create_sql(model, editor)
        becomes_constraint = statement.template.startswith("ALTER TABLE")
        if not self._index_is_there(editor, table, name):
            if becomes_constraint:
                # The same parts as those of the constraint.
                statement.template = (
                    "CREATE UNIQUE INDEX CONCURRENTLY %(name)s ON %(table)s (%(columns)s)%(include)s%(nulls_distinct)s"
                )
                run(editor, str(statement))
            else:
                create = str(statement).replace("CREATE UNIQUE INDEX", "CREATE UNIQUE INDEX CONCURRENTLY", 1)
                run(editor, create)
        if becomes_constraint:
            statement.template = (
                "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s UNIQUE USING INDEX %(name)s%(deferrable)s"
            )
            run(editor, str(statement))

    @staticmethod
    def _index_is_there(editor: Any, table: str, name: str) -> bool:
        if editor.collect_sql:
            return False
        valid = index_state(editor, table, name)
        if valid is False:
            run(editor, f"DROP INDEX CONCURRENTLY {editor.quote_name(name)}")
        return bool(valid)

    def backwards(self, editor: Any, model: type[models.Model]) -> None:
        table, name = model._meta.db_table, self.constraint.name
        if editor.collect_sql:
            editor.execute(self.constraint.remove_sql(model, editor))
        elif constraint_state(editor, table, name) is not None:
            drop_constraint(editor, table, name)
        elif index_state(editor, table, name) is not None:
            run(editor, f"DROP INDEX CONCURRENTLY {editor.quote_name(name)}")

    def describe(self) -> str:
        return f"Make {self.constraint.name} of {self.model_name} unique, concurrently"


class _AlteredField(OnlineOperation):
    """A field that is another one afterwards."""

    def __init__(self, model_name: str, name: str, field: models.Field) -> None:
        self.model_name, self.name, self.field = model_name, name, field

    def deconstruct(self) -> Any:
        return type(self).__name__, [self.model_name, self.name, self.field], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.alter_field(app_label, self.model_name.lower(), self.name, self.field, preserve_default=True)


class AddForeignKeyOnline(_AlteredField):
    """Gives a column its foreign key (`field` is the key, with its constraint): NOT VALID, then VALIDATE."""

    def forwards(self, editor: Any, model: type[models.Model]) -> None:
        table, name = model._meta.db_table, self._constraint(editor, model)
        if constraint_state(editor, table, name) is None:
            create = editor._create_fk_sql(model, model._meta.get_field(self.name), _SUFFIX)
            run(editor, f"{create} NOT VALID")
        validate(editor, table, name)

    def backwards(self, editor: Any, model: type[models.Model]) -> None:
        drop_constraint(editor, model._meta.db_table, self._constraint(editor, model))

    def _constraint(self, editor: Any, model: type[models.Model]) -> str:
        name = str(editor._fk_constraint_name(model, model._meta.get_field(self.name), _SUFFIX))
        return name.strip('"')

    def describe(self) -> str:
        return f"Add and validate the foreign key {self.name} of {self.model_name}"


def _column(model: type[models.Model], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.column)


_SUFFIX = "_fk_%(to_table)s_%(to_column)s"

_NOT_NULL = "SELECT attnotnull FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = %s"


class SetNotNullOnline(_AlteredField):
    """Makes a column NOT NULL (`field` is the field without `null`): PostgreSQL takes a validated CHECK for a proof.

    Rows that hold NULL must be filled before (`Backfill`), and the code must write none.
    """

    def forwards(self, editor: Any, model: type[models.Model]) -> None:
        table, column = model._meta.db_table, _column(model, self.name)
        quoted_table, quoted_column = editor.quote_name(table), editor.quote_name(column)
        proof = f"{table}_{column}_not_null_check"[-63:]
        if not self._is_set(editor, table, column):
            if constraint_state(editor, table, proof) is None:
                run(
                    editor,
                    f"ALTER TABLE {quoted_table} ADD CONSTRAINT {editor.quote_name(proof)}"
                    f" CHECK ({quoted_column} IS NOT NULL) NOT VALID",
                )
            validate(editor, table, proof)
            run(editor, f"ALTER TABLE {quoted_table} ALTER COLUMN {quoted_column} SET NOT NULL")
        drop_constraint(editor, table, proof)

    def backwards(self, editor: Any, model: type[models.Model]) -> None:
        table, column = model._meta.db_table, _column(model, self.name)
        quoted = editor.quote_name(table), editor.quote_name(column)
        run(editor, "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL".format(*quoted))

    @staticmethod
    def _is_set(editor: Any, table: str, column: str) -> bool:
        if editor.collect_sql:
            return False
        with editor.connection.cursor() as cursor:
            cursor.execute(_NOT_NULL, [editor.quote_name(table), column])
            return bool(cursor.fetchone()[0])

    def describe(self) -> str:
        return f"Make {self.name} of {self.model_name} NOT NULL without reading it under a lock"
