"""A CHECK that two conditions agree: the same answer from the table and from a form."""

from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from accounts.models import AccountTransaction, Journal
from config.database.constraints import Agree


def validate(instance: Journal | AccountTransaction, name: str) -> None:
    (constraint,) = (each for each in instance._meta.constraints if each.name == name)
    constraint.validate(type(instance), instance)


@pytest.mark.django_db
@pytest.mark.parametrize(("reference_type", "reference_id"), [("", None), ("trades", uuid4())])
def test_a_form_accepts_what_agrees(reference_type: str, reference_id: object) -> None:
    entry = AccountTransaction(reference_type=reference_type, reference_id=reference_id)
    validate(entry, "account_transactions_reference_check")


@pytest.mark.django_db
@pytest.mark.parametrize(("reference_type", "reference_id"), [("trades", None), ("", uuid4())])
def test_a_form_is_told_what_does_not(reference_type: str, reference_id: object) -> None:
    entry = AccountTransaction(reference_type=reference_type, reference_id=reference_id)
    with pytest.raises(ValidationError, match="A reference has both a type and an id"):
        validate(entry, "account_transactions_reference_check")


@pytest.mark.django_db
def test_an_empty_key_counts_as_empty() -> None:
    validate(Journal(kind="trade"), "journals_reversal_check")
    with pytest.raises(ValidationError):
        validate(Journal(kind="reversal"), "journals_reversal_check")


def test_it_has_two_conditions() -> None:
    with pytest.raises(TypeError):
        Agree("one")
