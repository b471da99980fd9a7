"""DDL with readable names: `orders_account_id_fk` instead of Django's hashed ones."""

from collections.abc import Iterable
from typing import Any

from psqlextra.backend.schema import PostgresSchemaEditor

MAXIMUM_NAME_LENGTH = 63
#: Django's suffix of a generated name → ours. `_fk_<table>_<column>` is handled by its beginning.
KINDS = {"": "idx", "_uniq": "uniq", "_like": "like_idx", "_check": "check", "_fk": "fk"}


class SchemaEditor(PostgresSchemaEditor):
    """Names what Django names by itself as `<table>_<columns>_<kind>`."""

    def _create_like_index_sql(self, model: Any, field: Any) -> None:
        """Not made: Django adds a second index for `LIKE 'abc%'` to each unique text, and no query of ours needs it."""

    def _create_index_name(self, table_name: Any, column_names: Iterable[str], suffix: str = "") -> str:
        kind = "fk" if suffix.startswith("_fk_") else KINDS.get(suffix)
        name = "_".join([str(table_name).strip('"'), *column_names, str(kind)])
        if kind is None or len(name) > MAXIMUM_NAME_LENGTH:
            return super()._create_index_name(table_name, column_names, suffix)
        return name
