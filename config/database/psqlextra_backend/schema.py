"""DDL with readable names, `orders_account_id_fk` instead of Django's hashed ones, and with short CHECKs."""

import re
from collections.abc import Iterable
from typing import Any

from psqlextra.backend.schema import PostgresSchemaEditor

MAXIMUM_NAME_LENGTH = 63
#: Django's suffix of a generated name → ours. `_fk_<table>_<column>` is handled by its beginning.
KINDS = {"": "idx", "_uniq": "uniq", "_like": "like_idx", "_check": "check", "_fk": "fk"}
#: `"status" IN ('new', 'filled')` of plain words.
_VOCABULARY = re.compile(r"""("\w+") IN \(('[\w ]*'(?:, '[\w ]*')*)\)""")


def terse(check: str) -> str:
    """The same condition with an array where Django lists words: half as long when it is stored.

    The server reads the conditions of all CHECKs of a table anew for each statement that writes it.
    """
    return _VOCABULARY.sub(lambda found: f"{found[1]} = ANY ({_array(found[2])})", check)


def _array(words: str) -> str:
    quoted = ",".join(f'"{word}"' for word in re.findall(r"'([\w ]*)'", words))
    return f"'{{{quoted}}}'::text[]"


class SchemaEditor(PostgresSchemaEditor):
    """Names what Django names by itself as `<table>_<columns>_<kind>`."""

    def _check_sql(self, name: str, check: str) -> Any:
        return super()._check_sql(name, terse(check))

    def _create_check_sql(self, model: Any, name: str, check: str) -> Any:
        return super()._create_check_sql(model, name, terse(check))

    def _create_like_index_sql(self, model: Any, field: Any) -> None:
        """Not made: Django adds a second index for `LIKE 'abc%'` to each unique text, and no query of ours needs it."""

    def _create_index_name(self, table_name: Any, column_names: Iterable[str], suffix: str = "") -> str:
        kind = "fk" if suffix.startswith("_fk_") else KINDS.get(suffix)
        name = "_".join([str(table_name).strip('"'), *column_names, str(kind)])
        if kind is None or len(name) > MAXIMUM_NAME_LENGTH:
            return super()._create_index_name(table_name, column_names, suffix)
        return name
