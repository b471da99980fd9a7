"""Hot statements: parsed and planned once per session, and no round trip more than the statement itself.

What a service calls all day is prepared by the server, where Django would send the text with its values anew each time.
Such a statement names its columns: `RETURNING *` of a prepared one fails once a migration adds a column.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Row = TypeVar("Row", bound=Model)


class PreparedCursor(psycopg.Cursor[Any]):
    """Prepares what it executes, unless the connection's `prepare_threshold` is None (an old pooler).

    Results are binary, read in half the time of text. Values are those of Django's own cursors, but for network
    addresses, which come as objects.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return super().execute(query, params, **{"prepare": True, "binary": True, **options})


class JsonText(Loader):
    """JSON as its text, which Django's fields read."""

    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        return bytes(data)[1:].decode()  # without the number of the format


def prepared_cursor(using: str = DEFAULT_DB_ALIAS) -> CursorWrapper:
    """A cursor as Django's own, with its errors, wrappers and log, for prepared statements with server-side values."""
    connection: Any = connections[using]
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return connection._prepare_cursor(PreparedCursor(connection.connection))


def one_statement(service: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """For a service that writes with one statement, which is atomic by itself: BEGIN and COMMIT would add nothing.

    Within somebody's transaction it gets a savepoint, as `transaction.atomic` gives: a refusal leaves that usable.
    """

    @wraps(service)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        connection = connections[DEFAULT_DB_ALIAS]
        if connection.in_atomic_block or not connection.get_autocommit():
            with transaction.atomic():
                return service(*args, **kwargs)
        return service(*args, **kwargs)

    return call


@cache
def columns(model: type[Model]) -> str:
    """All columns of a model, qualified by its table: what `write` wants after RETURNING or SELECT."""
    table = model._meta.db_table
    return ", ".join(f"{table}.{field.column}" for field in model._meta.concrete_fields)


def write(model: type[Row], statement: str, parameters: Mapping[str, Any]) -> Row | None:
    """Run a statement that returns at most one row of `columns(model)`; give the row, or None."""
    using = router.db_for_write(model)
    with prepared_cursor(using) as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return None if row is None else _instance(model, using, row)


def _instance(model: type[Row], using: str, row: Sequence[Any]) -> Row:
    names, converters = _reading(model)
    values = list(row)
    for position, convert in converters:
        values[position] = convert(values[position], None, connections[using])
    return model.from_db(using, names, values)


@cache
def _reading(model: type[Model]) -> tuple[list[str], list[tuple[int, Callable[..., Any]]]]:
    """The names of a model's columns, and where values are not what the driver gives."""
    fields = model._meta.concrete_fields
    return [field.attname for field in fields], [
        (position, field.from_db_value) for position, field in enumerate(fields) if hasattr(field, "from_db_value")
    ]
