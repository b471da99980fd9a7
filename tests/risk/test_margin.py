"""Leverage caps, margin rates and what is made from them."""

from decimal import Decimal
from typing import Any

from tests.rows import risk


def test_a_lowered_cap_is_refused_while_a_rate_allows_more(sql: Any, refused: Any) -> None:
    rate = risk.margin_rate()
    with refused("margin_rates_within_cap_check"):
        sql("UPDATE leverage_caps SET max_leverage = 20 WHERE esma_class = %s", [rate.esma_class])
    rate.refresh_from_db()
    assert rate.max_leverage == 30


def test_a_changed_cap_takes_its_rates_along(sql: Any) -> None:
    rate = risk.margin_rate()
    sql("UPDATE leverage_caps SET max_leverage = 50 WHERE esma_class = %s", [rate.esma_class])
    rate.refresh_from_db()
    assert rate.max_leverage == 50


def test_a_cap_can_be_lowered_once_its_rates_ask_for_more(sql: Any) -> None:
    rate = risk.margin_rate()
    sql("UPDATE margin_rates SET initial_rate = 0.05 WHERE id = %s", [rate.id])
    sql("UPDATE leverage_caps SET max_leverage = 20 WHERE esma_class = %s", [rate.esma_class])
    rate.refresh_from_db()
    assert (rate.max_leverage, rate.initial_rate) == (20, Decimal("0.05"))


def test_a_cap_with_rates_cannot_be_deleted(sql: Any, refused: Any) -> None:
    rate = risk.margin_rate()
    with refused("margin_rates_cap_fk"):
        sql("DELETE FROM leverage_caps WHERE esma_class = %s", [rate.esma_class])


def test_the_class_of_an_instrument_with_rates_cannot_change(sql: Any, refused: Any) -> None:
    rate = risk.margin_rate()
    with refused("margin_rates_instrument_class_fk"):
        sql("UPDATE instruments SET esma_class = 'crypto' WHERE id = %s", [rate.instrument_id])


def test_the_shortfall_of_a_margin_call_is_what_is_missing(db: None) -> None:
    call = risk.margin_call(margin_required=1000, margin_available=Decimal("-250.5"))
    call.refresh_from_db()
    assert call.shortfall == Decimal("1250.5")


def test_a_margin_call_without_shortfall_has_none(db: None) -> None:
    call = risk.margin_call(margin_required=1000, margin_available=1200)
    call.refresh_from_db()
    assert call.shortfall == 0


def test_an_account_may_have_another_call_once_the_first_has_ended(db: None, sql: Any) -> None:
    first = risk.margin_call()
    sql("UPDATE margin_calls SET status = 'resolved', resolved_at = now() WHERE id = %s", [first.id])
    second = risk.margin_call(account=first.account)
    assert second.id > first.id
