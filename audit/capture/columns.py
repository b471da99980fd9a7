"""The columns of an audited table: how each is compared, written as JSON and hashed, in SQL."""

import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from config.database.fields import EncryptedTextField, UpdatedAtField

#: What stands in the log for a value that is not to be known: that it changed is.
HIDDEN_VALUE = "***"
#: Equality of these types hides differences in how a value is written (1.0 and 1.00), which its hash would show.
COMPARED_BY_IMAGE = ("jsonb", "interval")
NUMBERS = ("smallint", "integer", "bigint", "numeric")
#: Types whose text is JSON as it is, so that nothing has to look for what must be escaped. A number is never NaN
#: (`config.database.finite`); were it, it would be no JSON, and the change be refused.
JSON_AS_TEXT = (*NUMBERS, "boolean", "jsonb")


@dataclass(frozen=True)
class Column:
    """A column of an audited table; the value of a hidden one is neither logged nor hashed."""

    name: str
    type: str
    hidden: bool = False

    def differs(self) -> str:
        """The condition that the column was changed from row `o` to row `n`."""
        if self.type in COMPARED_BY_IMAGE:
            return f'record_image_ne(ROW(o."{self.name}"), ROW(n."{self.name}"))'
        return f'o."{self.name}" IS DISTINCT FROM n."{self.name}"'

    @property
    def kind(self) -> str:
        """The type without its size."""
        return self.type.partition("(")[0]

    def as_json(self, row: str) -> str:
        """The value in `row` as JSON text; never null."""
        if self.hidden:
            return f"""'"{HIDDEN_VALUE}"'"""
        value = f'{row}."{self.name}"'
        if self.kind in JSON_AS_TEXT:
            text = f"{value}::text"
        elif self.kind == "uuid":
            text = f"""'"' || {value} || '"'"""
        else:
            text = f"to_json({value})::text"
        return f"coalesce({text}, 'null')"

    def change_as_json(self) -> str:
        """`"column":[old, new]` of rows `o` and `n`, as the text of a JSON object's member."""
        if self.kind in NUMBERS:
            # Dearer to start than an array, and cheaper for each row.
            return f"""concat('"{self.name}":[', {self.as_json("o")}, ',', {self.as_json("n")}, ']')"""
        old, new = (f"'{HIDDEN_VALUE}'" if self.hidden else f'{row}."{self.name}"' for row in "on")
        return f"""concat('"{self.name}":', json_build_array({old}, {new}))"""


def columns_of(model: type[models.Model], *, exclude: Collection[str], secret: Collection[str]) -> list[Column]:
    """The audited columns of a model, in the order of its fields.

    Left out are `exclude`, `updated_at` and what the database generates from others. Hidden are `secret` and what is
    encrypted. Both are names of fields; raises `ValueError` for one that the model does not have.
    """
    fields: list[models.Field[Any, Any]] = list(model._meta.concrete_fields)
    if unknown := {*exclude, *secret} - {field.name for field in fields}:
        raise ValueError(f"{model._meta.label} has no field {', '.join(sorted(unknown))}.")
    return [
        Column(
            name=str(field.column),
            type=field.db_type(connection) or "",
            hidden=field.name in secret or isinstance(field, EncryptedTextField),
        )
        for field in fields
        if field.name not in exclude and not isinstance(field, UpdatedAtField | models.GeneratedField)
    ]


def written(columns: Iterable[Column]) -> str:
    """The columns as a migration keeps them: `id uuid, password_hash varchar(128) hidden`."""
    return "; ".join(f"{column.name} {column.type}{' hidden' if column.hidden else ''}" for column in columns)


def read(text: str) -> list[Column]:
    """The reverse of `written`."""
    columns = []
    for part in text.split("; "):
        name, _, kind = part.partition(" ")
        columns.append(Column(name, kind.removesuffix(" hidden"), kind.endswith(" hidden")))
    return columns


def hashed(columns: Iterable[Column]) -> list[Column]:
    """Those that the hash of a row covers: all but the hidden ones."""
    return [column for column in columns if not column.hidden]


def layout_of(columns: Iterable[Column]) -> int:
    """A number for the names and types that a hash covers, the same wherever they are the same (CRC-32, 31 bits)."""
    return zlib.crc32(written(hashed(columns)).encode()) & 0x7FFF_FFFF


def row_hash(names: Iterable[str], row: str) -> str:
    """SQL of the hash of `row`, the alias of a row of the table: SHA-256 of the binary form of the named columns.

    The binary form depends on no setting of the session. It holds the types' numbers, so `row` must have the table's
    own types: a live row, or one that `jsonb_populate_record` has made of the log's values.
    """
    values = ", ".join(f'{row}."{name}"' for name in names)
    return f"sha256(record_send(ROW({values})))"
