"""Field types with one meaning each, so that a column's unit and size are the same everywhere."""

import json
import re
from decimal import Decimal
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django import forms
from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Value
from django.forms.fields import InvalidJSONInput
from psycopg.types.json import Json, Jsonb

from config.database.functions import TransactionNumber, UUIDv7


class _FixedField(models.Field):
    """A field whose options are fixed by its type: they are neither repeated in models nor in migrations."""

    fixed: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, **self.fixed})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {key: value for key, value in kwargs.items() if key not in self.fixed}


class UUIDKeyField(_FixedField, models.UUIDField):
    """Primary key made by the database: version 7, so that new rows are neighbours in the index."""

    fixed = {"primary_key": True, "db_default": UUIDv7(), "editable": False}


class _NumericField(_FixedField, models.DecimalField):
    """A number that the server reads as `numeric`, also where it is written into a CHECK: 0 is 0.0 there.

    A bare 0 would be an integer, which the stored text of the CHECK converts: a function call more to read and to fold
    for each statement that writes the table.
    """

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        looks_integral = isinstance(value, Decimal) and str(value).lstrip("-").isdigit()
        return Decimal(f"{value}.0") if looks_integral else value


class AmountField(_NumericField):
    """Money, price or quantity: numeric(24,8), never a float."""

    fixed = {"max_digits": 24, "decimal_places": 8}


class RatioField(_NumericField):
    """A rate or ratio, 1 = 100 %: numeric(12,8)."""

    fixed = {"max_digits": 12, "decimal_places": 8}


class ScoreField(_NumericField):
    """A score or percentage from 0 to 100: numeric(5,2). The range is a CHECK of the table (`between`)."""

    fixed = {"max_digits": 5, "decimal_places": 2}


class CreatedAtField(_FixedField, models.DateTimeField):
    """When the row was written: the transaction's time, set by the database."""

    fixed = {"db_default": TransactionNow(), "editable": False}


class UpdatedAtField(_FixedField, models.DateTimeField):
    """When the row last changed: kept by the `touch` trigger, so that raw SQL keeps it too."""

    fixed = {"db_default": TransactionNow(), "editable": False}


class TransactionField(_FixedField, models.BigIntegerField):
    """The transaction that wrote the row, set by the database; 0 for rows older than the column.

    Transactions commit in another order than they begin, so neither keys nor times tell which rows are all there:
    this number, compared with the oldest transaction that still runs, does. A table that has one is sealed.
    """

    description = "Transaction"
    fixed = {"db_default": TransactionNumber(), "editable": False}

    def __init__(self, verbose_name: str = "transaction", **kwargs: Any) -> None:
        super().__init__(verbose_name, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("verbose_name", None)
        return name, path, args, kwargs


#: The character 0 as `json` writes it: behind one more backslash they are six other characters.
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def _refuse_what_jsonb_cannot_hold(document: Any) -> None:
    """`ValueError` for NaN and infinities, which Python reads, and for characters that PostgreSQL does not have."""
    text = json.dumps(document, allow_nan=False, ensure_ascii=False)
    text.encode()  # refuses halves of surrogate pairs
    if NUL.search(text):
        raise ValueError("a character 0")


class DocumentInput(forms.JSONField):
    """The box of a document, which refuses in words what Python cannot read or PostgreSQL not hold.

    Emptied, it is an empty document: the column is never null.
    """

    def to_python(self, value: Any) -> Any:
        try:
            document = super().to_python(value)
            _refuse_what_jsonb_cannot_hold(document)
        except RecursionError:
            raise forms.ValidationError("It is nested too deeply to be edited here.") from None
        except ValueError:
            raise forms.ValidationError("It holds a number or a character that cannot be stored.") from None
        return {} if document is None else document

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            document = super().bound_data(data, initial)
            _refuse_what_jsonb_cannot_hold(document)
        except (RecursionError, ValueError):
            return InvalidJSONInput(data)
        return document


class _DocumentField(models.JSONField):
    """A document that is nested too deeply for Python, by about 1,000 levels, is read as its text.

    Any login may write such a one, and no page may fail for it.
    """

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        try:
            return super().from_db_value(value, expression, connection)
        except RecursionError:
            return InvalidJSONInput(value)


class MetadataField(_FixedField, _DocumentField):
    """Free-form facts about a row; never null, `{}` by default."""

    fixed = {"default": dict, "db_default": Value({}, models.JSONField()), "blank": True}

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, InvalidJSONInput):  # as it was read
            return Jsonb(value, dumps=str)
        return super().get_db_prep_value(value, connection, prepared)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": DocumentInput, **kwargs})


class WrittenJSONField(_DocumentField):
    """JSON that is kept as it was written (`json`): cheaper to write than jsonb, and smaller; not made to search in."""

    def db_type(self, connection: Any) -> str:
        return "json"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return value if value is None else Json(value)

    def select_format(self, compiler: Any, sql: str, params: Any) -> Any:
        """As text: the driver would parse it."""
        return f"{sql}::text", params


class EncryptedTextField(models.TextField):
    """Text that is stored encrypted (Fernet: AES-128-CBC with HMAC-SHA256) with FIELD_ENCRYPTION_KEYS.

    The first key encrypts, all of them decrypt, so a key is replaced by putting the new one in front. The column
    cannot be searched. A value that no key opens raises `ImproperlyConfigured`, never returns the stored text.
    """

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value in (None, "") else _cipher().encrypt(value.encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if value in (None, ""):
            return value
        try:
            return _cipher().decrypt(str(value).encode()).decode()
        except InvalidToken:
            raise ImproperlyConfigured(
                f"No key of FIELD_ENCRYPTION_KEYS opens {self.model._meta.db_table}.{self.column}:"
                " add the key it was written with."
            ) from None


def _cipher() -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])
    except ValueError:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS holds no usable key: make one with"
            " `python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'`."
        ) from None
