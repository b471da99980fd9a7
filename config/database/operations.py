"""Migration operations for what Django has no word for: SQL files, partitions, statistics, storage."""

import sys
from pathlib import Path
from typing import Any

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db import models
from django.db.migrations.operations import RunSQL
from django.db.migrations.operations.base import Operation
from psqlextra.models import PostgresPartitionedModel

from config.database.fields import TransactionField
from config.database.online.indexes import add_index_online, index_state, remove_index_online
from config.database.partitions import Interval, initial_partitions_sql


def _folder_beside_caller() -> Path:
    """`sql` beside the migration that makes an operation: the file that calls the caller of this."""
    return Path(sys._getframe(2).f_code.co_filename).parent / "sql"


class RunSQLFile(RunSQL):
    """Runs `sql/<name>.up.sql` beside the migration, and `<name>.down.sql` to reverse it: both must exist."""

    def __init__(
        self, name: str, *, state_operations: list[Operation] | None = None, folder: str | None = None
    ) -> None:
        self.name = name
        self.folder = Path(folder) if folder else _folder_beside_caller()
        super().__init__(
            sql=(self.folder / f"{name}.up.sql").read_text(encoding="utf-8"),
            reverse_sql=(self.folder / f"{name}.down.sql").read_text(encoding="utf-8"),
            state_operations=state_operations,
        )

    def deconstruct(self) -> Any:
        return type(self).__name__, [self.name], {"state_operations": self.state_operations or None}

    def describe(self) -> str:
        return f"Run {self.name}.up.sql"


class RunIndexFile(RunSQLFile):
    """A SQL file that makes one index CONCURRENTLY: skipped if the index is there, begun anew if it is half-made."""

    atomic = False
    rerunnable = True

    def __init__(self, name: str, *, table: str, index: str, state_operations: list[Operation] | None = None) -> None:
        self.table, self.index = table, index
        super().__init__(name, state_operations=state_operations, folder=str(_folder_beside_caller()))

    def deconstruct(self) -> Any:
        options = {"table": self.table, "index": self.index, "state_operations": self.state_operations or None}
        return type(self).__name__, [self.name], options

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if not schema_editor.collect_sql:
            valid = index_state(schema_editor, self.table, self.index)
            if valid:
                return
            if valid is False:
                schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(self.index)}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.collect_sql or index_state(schema_editor, self.table, self.index) is not None:
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class CreatePartitions(Operation):
    """Makes the partitions of the current period and of `premake` periods ahead, and the catch-all behind them.

    Partitions are data: which ones exist depends on the day of the migration. Reversing leaves them to the table,
    which the reversal of its own migration drops with all of them.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, interval: str, premake: int) -> None:
        self.table, self.interval, self.premake = table, interval, premake

    def deconstruct(self) -> Any:
        return type(self).__name__, [self.table, self.interval, self.premake], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing: partitions are no part of the model."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schema_editor.execute(initial_partitions_sql(self.table, Interval(self.interval), self.premake))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Nothing: see the class."""

    def describe(self) -> str:
        return f"Create the {self.interval} partitions of {self.table}"


class SetStatistics(RunSQL):
    """Statistics target of a skewed column: PostgreSQL's default of 100 misjudges rare values."""

    DEFAULT = -1

    def __init__(self, table: str, column: str, target: int = 1000) -> None:
        self.table, self.column, self.target = table, column, target
        alter = f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS "
        super().__init__(sql=f"{alter}{target}", reverse_sql=f"{alter}{self.DEFAULT}")

    def deconstruct(self) -> Any:
        return type(self).__name__, [self.table, self.column, self.target], {}


class SetFillFactor(RunSQL):
    """Room left in each page (in percent filled), so that updates stay in their page (HOT) and touch no index."""

    def __init__(self, table: str, percent: int) -> None:
        self.table, self.percent = table, percent
        super().__init__(
            sql=f"ALTER TABLE {table} SET (fillfactor = {percent})",
            reverse_sql=f"ALTER TABLE {table} RESET (fillfactor)",
        )

    def deconstruct(self) -> Any:
        return type(self).__name__, [self.table, self.percent], {}


class AddIndexesConcurrently(NotInTransactionMixin, Operation):
    """Creates the indexes of one model with CREATE INDEX CONCURRENTLY, in a migration with `atomic = False`.

    As Django's AddIndexConcurrently for each of them, but an attempt that was interrupted is no obstacle to the next
    one, and there is one change of the migration state instead of one per index: that costs more than an index on an
    empty table.
    """

    atomic = False
    rerunnable = True
    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, indexes: list[models.Index]) -> None:
        self.model_name, self.indexes = model_name, indexes

    def deconstruct(self) -> Any:
        return type(self).__name__, [], {"model_name": self.model_name, "indexes": self.indexes}

    def state_forwards(self, app_label: str, state: Any) -> None:
        model = state.models[app_label, self.model_name.lower()]
        model.options["indexes"] = [*model.options.get("indexes", []), *(index.clone() for index in self.indexes)]
        state.reload_model(app_label, self.model_name.lower(), delay=True)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        for index in self.indexes:
            add_index_online(schema_editor, model, index)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = from_state.apps.get_model(app_label, self.model_name)
        for index in reversed(self.indexes):
            remove_index_online(schema_editor, model, index)

    def describe(self) -> str:
        return f"Concurrently create {len(self.indexes)} index(es) of {self.model_name}"


class AddTransactionNumber(Operation):
    """Gives a log its `txid`: rows that are there get 0, which rewrites nothing, new ones their transaction."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def deconstruct(self) -> Any:
        return type(self).__name__, [self.model_name], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        state.add_field(app_label, self.model_name.lower(), "txid", TransactionField(), preserve_default=True)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(f"ALTER TABLE {table} ADD COLUMN txid bigint DEFAULT 0 NOT NULL")
        schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN txid SET DEFAULT transaction_number()")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        schema_editor.execute(f"ALTER TABLE {table} DROP COLUMN txid")

    def describe(self) -> str:
        return f"Add the transaction's number to {self.model_name}"


class ReplaceIndex(NotInTransactionMixin, Operation):
    """Drops the index of that name and makes `index` instead, which has the same name.

    Concurrently, in a migration with `atomic = False`; a partitioned table's in one statement, since PostgreSQL makes
    those in no other way: use it for indexes that are made quickly, as a BRIN is.
    """

    atomic = False
    rerunnable = True
    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, index: models.Index) -> None:
        self.model_name, self.index = model_name, index

    def deconstruct(self) -> Any:
        return type(self).__name__, [self.model_name, self.index], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        model = state.models[app_label, self.model_name.lower()]
        others = [index for index in model.options.get("indexes", []) if index.name != self.index.name]
        model.options["indexes"] = [*others, self.index.clone()]
        state.reload_model(app_label, self.model_name.lower(), delay=True)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._replace(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._replace(app_label, schema_editor, from_state, to_state)

    def _replace(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        before = from_state.apps.get_model(app_label, self.model_name)
        model = to_state.apps.get_model(app_label, self.model_name)
        (old,) = [index for index in before._meta.indexes if index.name == self.index.name]
        (new,) = [index for index in model._meta.indexes if index.name == self.index.name]
        if not issubclass(model, PostgresPartitionedModel):
            # Interrupted in between or afterwards, it is dropped and made once more.
            remove_index_online(schema_editor, before, old)
            schema_editor.add_index(model, new, concurrently=True)
            return
        schema_editor.execute(
            f"-- squawk-ignore require-concurrent-index-deletion\n{old.remove_sql(before, schema_editor)}"
        )
        schema_editor.execute(
            f"-- squawk-ignore require-concurrent-index-creation\n{new.create_sql(model, schema_editor)}"
        )

    def describe(self) -> str:
        return f"Replace the index {self.index.name}"
