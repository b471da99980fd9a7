"""An account's history: the database writes it from the change itself."""

import json
from typing import Any

import pytest

from accounts.models import AccountAudit
from accounts.services import approve_cash, request_cash
from tests.rows import accounts as rows


def history(account: Any) -> list[tuple[int, str]]:
    return [*AccountAudit.objects.filter(account=account).order_by("seq").values_list("seq", "event_type")]


CHANGES = [
    ("is_locked = true, locked_reason = 'fraud'", ["locked"]),
    ("is_active = false", ["deactivated"]),
    ("leverage = 10", ["leverage_changed"]),
    ("max_leverage = 500, leverage = 2", ["leverage_changed"]),
    ("deleted_at = now()", ["closed"]),
    ("credit = 5", ["balance_adjusted"]),
    ("group_name = 'vip'", ["settings_changed"]),
    ("group_name = 'vip', leverage = 2, is_active = false", ["settings_changed", "leverage_changed", "deactivated"]),
    ("equity = 5, margin_used = 1, metadata = '{\"a\": 1}', group_name = group_name", []),
]


@pytest.mark.usefixtures("as_owner")  # whom credit and valuations are left to
@pytest.mark.parametrize(("change", "events"), CHANGES, ids=[change for change, _ in CHANGES])
def test_a_change_writes_its_events(sql: Any, change: str, events: list[str]) -> None:
    account = rows.account()
    sql(f"UPDATE accounts SET {change} WHERE id = %s", [account.pk])
    assert history(account) == [*enumerate(["created", *events], 1)]


def test_an_event_says_what_was_before_and_after_who_and_why(sql: Any) -> None:
    account = rows.account()
    sql("SELECT set_config('trading.actor', 'desk-1', true), set_config('trading.reason', 'asked by phone', true)")
    sql("UPDATE accounts SET leverage = 10, broker_id = 'b' WHERE id = %s", [account.pk])
    settings, leverage = sql("SELECT * FROM account_audit WHERE account_id = %s AND seq > 1 ORDER BY seq", [account.pk])
    assert (leverage["triggered_by"], leverage["reason"]) == ("desk-1", "asked by phone")
    assert json.loads(leverage["data"]) == {"leverage": [1, 10], "max_leverage": [30, 30]}
    assert json.loads(settings["data"]) == {"broker_id": ["", "b"]}


def test_locking_twice_and_back(sql: Any) -> None:
    account = rows.account()
    for change in (
        "is_locked = true, locked_reason = 'fraud'",
        "locked_reason = 'chargeback'",
        "is_locked = false, locked_reason = ''",
        "is_active = false",
        "is_active = true",
    ):
        sql(f"UPDATE accounts SET {change} WHERE id = %s", [account.pk])
    kinds = [kind for _, kind in history(account)]
    assert kinds == ["created", "locked", "settings_changed", "unlocked", "deactivated", "activated"]
    assert AccountAudit.objects.get(account=account, event_type="locked").reason == "fraud"


def test_an_adjustment_of_the_ledger_is_an_event_of_the_client(sql: Any) -> None:
    account, house = rows.account(account_type="live"), rows.house()
    request = request_cash(account=account, request_type="adjustment", amount=7, requested_by=rows.user())  # type: ignore[arg-type]
    approve_cash(request=request, approved_by=rows.user())
    rows.journal((account, 5), (house, -5))
    assert history(account) == [(1, "created"), (2, "balance_adjusted")]
    assert history(house) == [(1, "created")]
    data = AccountAudit.objects.get(account=account, seq=2).data
    assert data == {"amount": "7.00000000", "balance": "7.00000000"}


def test_nobody_writes_or_changes_it_by_hand(sql: Any, refused: Any) -> None:
    account = rows.account()
    for statement in (
        "INSERT INTO account_audit (account_id, seq, event_type) VALUES (%s, 2, 'unlocked')",
        "UPDATE account_audit SET reason = '' WHERE account_id = %s",
        "DELETE FROM account_audit WHERE account_id = %s",
    ):
        with refused("permission denied"):
            sql(statement, [account.pk])
