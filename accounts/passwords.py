"""The column that holds password hashes, also those that other systems made."""

from typing import Any

from django.db import models

RAW_BCRYPT = ("$2a$", "$2b$", "$2y$")


class PasswordField(models.CharField):
    """A password hash in Django's spelling (`algorithm$…`).

    Other systems write bare bcrypt hashes (`$2b$12$…`). They are stored as they came and read as
    `bcrypt$$2b$12$…`, which names the hasher that verifies them.
    """

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if value is not None and value.startswith(RAW_BCRYPT):
            return f"bcrypt${value}"
        return value
