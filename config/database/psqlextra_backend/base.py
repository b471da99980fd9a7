"""The connection: starts the embedded server when it is needed."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psqlextra.backend.base import DatabaseWrapper as PsqlExtraWrapper
from psqlextra.backend.operations import PostgresOperations

from config.database.embedded import EmbeddedServer, EmbeddedServerError
from config.database.psqlextra_backend.schema import SchemaEditor
from config.database.statements import JsonText

MINIMUM_VERSION = 15


class Operations(PostgresOperations):
    """What is logged of a prepared statement is its text; its values travel apart."""

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        return super().last_executed_query(cursor, sql, params) or str(sql)


class DatabaseWrapper(PsqlExtraWrapper):
    """psqlextra's backend, refusing servers that are too old."""

    SchemaEditorClass = SchemaEditor
    ops_class = Operations

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._start_embedded_server()
        connection = super().get_new_connection(conn_params)
        connection.adapters.register_loader("jsonb", JsonText)
        return connection

    def _start_embedded_server(self) -> None:
        embedded = self.settings_dict.get("EMBEDDED")
        if embedded:
            try:
                EmbeddedServer(embedded["ROOT"], bin_dir=embedded["BIN_DIR"]).ensure_running()
            except EmbeddedServerError as error:
                raise ImproperlyConfigured(str(error)) from error

    def check_database_version_supported(self) -> None:
        if self.pg_version < MINIMUM_VERSION * 10000:
            raise ImproperlyConfigured(
                f"PostgreSQL {self.pg_version // 10000} is too old: {MINIMUM_VERSION} or newer is needed."
            )
        super().check_database_version_supported()
