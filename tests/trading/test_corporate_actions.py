"""An action is applied once: what has been applied or canceled stays as it was."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.services import Leg, post_journal
from tests.rows import accounts, trading
from trading.models import CorporateAction

pytestmark = pytest.mark.django_db


@pytest.fixture
def dividend() -> CorporateAction:
    return trading.corporate_action(
        action="dividend", ratio=None, cash_amount=Decimal("0.5"), cash_currency=accounts.currency("USD")
    )


def apply(dividend: CorporateAction) -> None:
    legs = [
        Leg(account=account.pk, type="adjustment", amount=amount)
        for account, amount in ((accounts.account(), Decimal(5)), (accounts.house(account_type="demo"), Decimal(-5)))
    ]
    dividend.journal_id = post_journal(kind="adjustment", idempotency_key=f"dividend:{dividend.pk}", legs=legs)
    dividend.status, dividend.applied_at = "applied", timezone.now()
    dividend.save()


def test_what_was_applied_is_not_applied_again(dividend: CorporateAction, sql: Any, refused: Any) -> None:
    dividend.status = "confirmed"
    dividend.save()
    apply(dividend)
    for change in (
        "status = 'announced', journal_id = NULL, applied_at = NULL",
        "status = 'canceled', journal_id = NULL, applied_at = NULL",
        "cash_amount = 1",
        "ex_date = ex_date - 1",
    ):
        with refused("corporate_actions_settled"):
            sql(f"UPDATE corporate_actions SET {change} WHERE id = %s", [dividend.pk])
    with refused("corporate_actions_settled"):
        sql("DELETE FROM corporate_actions WHERE id = %s", [dividend.pk])
    CorporateAction.objects.filter(pk=dividend.pk).update(description="paid by the issuer")


def test_what_was_canceled_is_announced_anew(dividend: CorporateAction, sql: Any, refused: Any) -> None:
    dividend.status = "canceled"
    dividend.save()
    with refused("corporate_actions_settled"):
        sql("UPDATE corporate_actions SET status = 'announced' WHERE id = %s", [dividend.pk])
    again = trading.corporate_action(
        instrument=dividend.instrument, action="dividend", ex_date=date(2026, 6, 1), ratio=None, cash_amount=Decimal(1),
        cash_currency=dividend.cash_currency,
    )  # fmt: skip
    assert again.status == "announced"
