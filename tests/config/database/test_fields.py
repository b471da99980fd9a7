"""Field types: what reaches the table, and what comes back."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import models
from django.test import override_settings

from config.database.fields import AmountField, DocumentInput, EncryptedTextField, UUIDKeyField


def test_fixed_options_are_not_repeated_in_migrations() -> None:
    assert AmountField(help_text="in lots").deconstruct()[3] == {"help_text": "in lots"}
    assert UUIDKeyField().deconstruct()[3] == {}


def test_amount_is_numeric_24_8() -> None:
    field = AmountField()
    assert (field.max_digits, field.decimal_places) == (24, 8)


class TestEncryptedText:
    field = EncryptedTextField()
    field.set_attributes_from_name("secret")
    field.model = type(
        "Vault",
        (models.Model,),
        {
            "__module__": "config.database.models",
            "Meta": type("Meta", (), {"app_label": "database", "db_table": "vault"}),
        },
    )

    def test_stored_text_is_not_the_value_and_differs_each_time(self) -> None:
        first, second = self.field.get_prep_value("s3cret"), self.field.get_prep_value("s3cret")
        assert "s3cret" not in first
        assert first != second
        assert self.field.from_db_value(first, None, None) == "s3cret"

    def test_empty_and_null_stay_what_they_are(self) -> None:
        assert self.field.get_prep_value("") == ""
        assert self.field.from_db_value(None, None, None) is None

    def test_old_key_still_opens_after_rotation(self) -> None:
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        with override_settings(FIELD_ENCRYPTION_KEYS=[old]):
            stored = self.field.get_prep_value("s3cret")
        with override_settings(FIELD_ENCRYPTION_KEYS=[new, old]):
            assert self.field.from_db_value(stored, None, None) == "s3cret"

    def test_lost_key_is_a_clear_error_and_never_the_stored_text(self) -> None:
        with override_settings(FIELD_ENCRYPTION_KEYS=[Fernet.generate_key().decode()]):
            stored = self.field.get_prep_value("s3cret")
        with (
            override_settings(FIELD_ENCRYPTION_KEYS=[Fernet.generate_key().decode()]),
            pytest.raises(ImproperlyConfigured, match=r"No key of FIELD_ENCRYPTION_KEYS opens vault\.secret"),
        ):
            self.field.from_db_value(stored, None, None)

    def test_unusable_key_is_a_clear_error(self) -> None:
        with (
            override_settings(FIELD_ENCRYPTION_KEYS=["short"]),
            pytest.raises(ImproperlyConfigured, match="no usable key"),
        ):
            self.field.get_prep_value("s3cret")


@pytest.mark.parametrize(
    "typed", [r'{"a": "\u0000"}', r'{"\ud800": 1}', "NaN", '{"a": -Infinity}', '{"a": 1e400}', "9" * 5000]
)
def test_a_form_refuses_a_document_that_cannot_be_stored_and_shows_it_again(typed: str) -> None:
    box = DocumentInput(required=False)
    with pytest.raises(ValidationError, match="cannot be stored"):
        box.clean(typed)
    assert box.prepare_value(box.bound_data(typed, None)) == typed


def test_a_form_takes_what_only_looks_like_it_and_an_emptied_box() -> None:
    box = DocumentInput(required=False)
    assert box.clean(r'{"a": "\\u0000"}') == {"a": r"\u0000"}
    assert [box.clean(""), box.clean("null"), box.clean(None)] == [{}, {}, {}]
