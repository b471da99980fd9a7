"""A bust undoes a fill: order, trades, position and ledger, each by a new row."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from accounts.models import Journal
from tests.trading.floor import Floor, broken
from trading.errors import TradeNotFound
from trading.models import Instrument, OrderFill, Position, PositionAudit, Trade
from trading.services import BustResult, FillResult, bust_trade, correct_trade

pytestmark = pytest.mark.django_db


@pytest.fixture
def floor() -> Iterator[Floor]:
    """The books hold after each test."""
    yield Floor()
    assert broken() == {}


def bust(result: FillResult | UUID) -> BustResult:
    trade_id = result if isinstance(result, UUID) else result.trade_ids[0]
    return bust_trade(trade_id=trade_id, reason="wrong price", actor="Ann")


def test_bust_of_all_that_was_opened(floor: Floor) -> None:
    order = floor.order("buy", 2)
    filled = floor.fill(order, "1.1", commission=Decimal(7))
    result = bust(filled)
    assert floor.open_positions() == []
    assert floor.events(filled.position_id) == [("opened", 0, 2), ("closed", 2, 0)]
    order.refresh_from_db()
    assert (order.status, order.filled_quantity, order.filled_notional, order.commission) == ("new", 0, 0, 0)
    assert (order.filled_at, order.events.last().exec_type) == (None, "trade_cancel")
    assert floor.balance == 0
    assert Journal.objects.get(pk=result.journal_id).reversal_of_id == filled.journal_id
    (undone,) = Trade.objects.filter(pk__in=result.trade_ids)
    assert (undone.busts_id, undone.fill_id, undone.side, undone.quantity) == (filled.trade_ids[0], None, "sell", 2)
    assert (undone.commission, undone.pnl, undone.position_effect) == (-7, 0, "close")
    event = PositionAudit.objects.get(trade=undone)
    assert (event.triggered_by, event.reason) == ("Ann", "wrong price")


def test_bust_of_what_was_added_gives_the_average_back(floor: Floor) -> None:
    floor.trade("buy", 2, "1.1")
    added = floor.trade("buy", 1, "1.3")
    floor.trade("buy", 1, "1.2")
    bust(added)
    assert floor.open_positions() == [("long", 3, Decimal("1.13333333"))]


def test_bust_of_a_part_of_an_order(floor: Floor) -> None:
    order = floor.order("buy", 3)
    first = floor.fill(order, "1.1", 1, commission=Decimal(1))
    floor.fill(order, "1.2", 1, commission=Decimal(2))
    bust(first)
    order.refresh_from_db()
    assert (order.status, order.filled_quantity, order.commission) == ("partially_filled", 1, 2)
    assert order.average_fill_price == Decimal("1.2")
    assert floor.open_positions() == [("long", 1, Decimal("1.2"))]
    # The order may be filled again.
    floor.fill(order, "1.3", 2)
    order.refresh_from_db()
    assert order.status == "filled"


def test_bust_of_a_partial_close_holds_it_again_at_its_average(floor: Floor) -> None:
    floor.trade("buy", 2, "1.1")
    closing = floor.trade("sell", 1, "1.2", commission=3)
    floor.trade("buy", 1, "1.3")
    assert floor.open_positions() == [("long", 2, Decimal("1.2"))]
    result = bust(closing)
    # Two at 1.1 and one at 1.3, as if nothing had been sold.
    assert floor.open_positions() == [("long", 3, Decimal("1.16666667"))]
    assert result.realized_pnl == -10_000
    assert floor.balance == 0


def test_bust_of_the_close_of_a_position_opens_another_for_what_was_held(floor: Floor) -> None:
    floor.trade("buy", 2, "1.1")
    closing = floor.trade("sell", 2, "1.2")
    result = bust(closing)
    assert floor.open_positions() == [("long", 2, Decimal("1.1"))]
    assert result.position_id != closing.position_id
    assert Position.objects.get(pk=closing.position_id).is_open is False
    assert floor.balance == 0
    assert floor.trade("sell", 2, "1.15").realized_pnl == 10_000


def test_bust_of_a_flip_undoes_both_of_its_trades(floor: Floor) -> None:
    floor.trade("buy", 1, "1.1")
    flip = floor.trade("sell", 3, "1.12", commission="0.1")
    result = bust(flip.trade_ids[1])
    assert len(result.trade_ids) == 2
    assert floor.open_positions() == [("long", 1, Decimal("1.1"))]
    assert floor.balance == 0
    assert OrderFill.objects.get(pk=flip.fill_id).order.status == "new"


def test_bust_of_an_opening_that_was_closed_leaves_the_difference(floor: Floor) -> None:
    opening = floor.trade("buy", 1, "1.1")
    floor.trade("sell", 1, "1.2")
    bust(opening)
    # He has sold what he had not bought. The profit of 10,000 is booked, so the short position counts from 1.1.
    assert floor.open_positions() == [("short", 1, Decimal("1.1"))]
    assert floor.trade("buy", 1, "1.2").realized_pnl == -10_000
    assert floor.balance == 0


def test_bust_that_leaves_nothing_realizes_the_difference(floor: Floor) -> None:
    floor.trade("buy", 1, "1.0")
    second = floor.trade("buy", 1, "1.2")
    assert floor.trade("sell", 1, "1.1").realized_pnl == 0
    result = bust(second)
    assert floor.open_positions() == []
    # Bought at 1.0, sold at 1.1.
    assert result.realized_pnl == 10_000
    assert floor.balance == 10_000


def test_a_bust_gives_back_where_the_fill_was_booked_and_the_difference_where_the_client_is_now(floor: Floor) -> None:
    floor.trade("buy", 1, "1.0")
    second = floor.trade("buy", 1, "1.2", commission=5)
    floor.trade("sell", 1, "1.1")
    other = floor.move_house()
    first, again = bust(second), bust(second)
    assert (first.is_new, again.is_new, again.journal_id) == (True, False, first.journal_id)
    for account, balance in ((floor.account, 10_000), (floor.house, 0), (other, -10_000)):
        account.refresh_from_db()
        assert account.balance == balance


def test_bust_never_takes_more_than_is_held(floor: Floor, refused: Any) -> None:
    first = floor.trade("buy", 2, "1.1")
    later = floor.trade("sell", 1, "1.2")
    with refused("trades_bust_within_position"):
        bust(first)
    bust(later)
    bust(first)
    assert floor.open_positions() == []
    assert floor.balance == 0


def test_bust_in_a_hedging_account_stays_on_its_side() -> None:
    floor = Floor(oms_type="hedging")
    long = floor.trade("buy", 1, "1.1")
    short = floor.trade("sell", 2, "1.2")
    closing = floor.trade("sell", 1, "1.3", is_reduce_only=True)
    bust(closing)
    assert floor.open_positions() == [("long", 1, Decimal("1.1")), ("short", 2, Decimal("1.2"))]
    bust(short)
    bust(long)
    assert floor.open_positions() == []
    assert floor.balance == 0
    assert broken() == {}


def test_bust_in_a_hedging_account_needs_what_it_takes(refused: Any) -> None:
    floor = Floor(oms_type="hedging")
    opening = floor.trade("buy", 1, "1.1")
    floor.trade("sell", 1, "1.3", is_reduce_only=True)
    with refused("trades_bust_within_position"):
        bust(opening)
    assert broken() == {}


def test_busting_again_changes_nothing(floor: Floor) -> None:
    floor.trade("buy", 1, "1.1")
    flip = floor.trade("sell", 3, "1.12", commission="0.1")
    first, again = bust(flip), bust(flip.trade_ids[1])
    assert first.is_new
    assert {**vars(again), "is_new": True} == vars(first)


def test_a_bust_is_final(floor: Floor, sql: Any, refused: Any) -> None:
    result = bust(floor.trade("buy", 1, "1.1", commission=5))
    with refused("journals_of_trading"):
        sql("SELECT reverse_journal(%s)", [result.journal_id])
    with pytest.raises(TradeNotFound, match="there is no trade"), transaction.atomic():
        bust(result.trade_ids[0])
    with pytest.raises(TradeNotFound), transaction.atomic():
        bust(floor.account.id)


@pytest.mark.parametrize(("reason", "actor"), [("", "Ann"), ("wrong", "")])
def test_a_bust_says_who_and_why(floor: Floor, refused: Any, reason: str, actor: str) -> None:
    filled = floor.trade("buy", 1, "1.1")
    with refused("trades_bust_reason"):
        bust_trade(trade_id=filled.trade_ids[0], reason=reason, actor=actor)


def test_bust_leaves_a_dead_order_dead(floor: Floor, sql: Any) -> None:
    order = floor.order("buy", 3)
    filled = floor.fill(order, "1.1", 1)
    sql("UPDATE orders SET status = 'canceled' WHERE id = %s", [order.id])
    late = floor.fill(order, "1.2", 1, dealer="Ann")
    bust(late)
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == ("canceled", 1)
    bust(filled)
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == ("canceled", 0)
    assert floor.open_positions() == []


def test_a_correction_is_a_bust_and_a_fill(floor: Floor) -> None:
    order = floor.order("buy", 2)
    filled = floor.fill(order, "1.1", 2, commission=Decimal(4))
    terms = {"trade_id": filled.trade_ids[0], "price": Decimal("1.2"), "quantity": Decimal(1)}
    result = correct_trade(**terms, reason="wrong price", actor="Ann", commission=Decimal(2))
    assert floor.open_positions() == [("long", 1, Decimal("1.2"))]
    assert floor.balance == -2
    order.refresh_from_db()
    assert (order.status, order.filled_quantity, order.average_fill_price) == ("partially_filled", 1, Decimal("1.2"))
    fill = OrderFill.objects.get(pk=result.fill_id)
    assert fill.executed_at == OrderFill.objects.get(pk=filled.fill_id).executed_at
    assert Trade.objects.get(pk=result.trade_ids[0]).metadata == {"corrects": str(filled.fill_id)}
    again = correct_trade(**terms, reason="wrong price", actor="Ann", commission=Decimal(2))
    assert {**vars(again), "is_new": True} == vars(result)


def test_a_correction_of_a_close_tells_what_it_changes(floor: Floor) -> None:
    floor.trade("buy", 1, "1.1")
    closing = floor.trade("sell", 1, "1.2", commission=3)
    result = correct_trade(
        trade_id=closing.trade_ids[0], price=Decimal("1.15"), quantity=Decimal(1), reason="price", actor="Ann"
    )
    assert result.realized_pnl == -5000
    assert floor.balance == 4997
    assert floor.open_positions() == []


def test_a_correction_of_a_dead_order_is_let_in_by_its_actor(floor: Floor, sql: Any) -> None:
    order = floor.order("buy", 2)
    filled = floor.fill(order, "1.1", 1)
    sql("UPDATE orders SET status = 'canceled' WHERE id = %s", [order.id])
    result = correct_trade(
        trade_id=filled.trade_ids[0], price=Decimal("1.2"), quantity=Decimal(1), reason="price", actor="Ann"
    )
    fill = OrderFill.objects.get(pk=result.fill_id)
    assert (fill.is_late, fill.dealer) == (True, "Ann")
    assert floor.open_positions() == [("long", 1, Decimal("1.2"))]


def test_a_late_fill_is_corrected(floor: Floor, sql: Any, refused: Any) -> None:
    order = floor.order("buy", 2)
    sql("UPDATE orders SET status = 'canceled' WHERE id = %s", [order.id])
    late = floor.fill(order, "1.1", 2, dealer="Ann")
    correct_trade(trade_id=late.trade_ids[0], price=Decimal("1.2"), quantity=Decimal(2), reason="price", actor="Ann")
    assert floor.open_positions() == [("long", 2, Decimal("1.2"))]
    with refused("order_fills_late_within_quantity"):
        floor.fill(order, "1.1", 1, dealer="Ann")


def test_a_bust_leaves_the_journals_of_other_fills(floor: Floor) -> None:
    """The names of venues and executions may have any character."""
    floor.fill(floor.order("buy", 1), "1.1", venue="A:B", execution_id="C", commission=Decimal(5))
    free = floor.fill(floor.order("buy", 1), "1.1", venue="A", execution_id="B:C")
    assert bust(free).journal_id is None
    assert floor.balance == -5
    floor.fill(floor.order("buy", 1), "1.1", venue="A:B:C", execution_id="D", commission=Decimal(3))
    floor.fill(floor.order("buy", 1), "1.1", venue="A:B", execution_id="C:D", commission=Decimal(2))
    assert floor.balance == -10


def test_a_correction_is_no_fill_that_is_there_already(floor: Floor, sql: Any, refused: Any) -> None:
    filled = floor.fill(floor.order("buy", 1), "1.1", execution_id="one")
    with refused("order_fills_execution_content"):
        sql("SELECT correct_trade(%s, 1.1, 1, 'price', 'Ann', execution_id => 'one')", [filled.trade_ids[0]])
    assert floor.open_positions() == [("long", 1, Decimal("1.1"))]


def test_a_bust_is_of_trades_in_the_terms_of_now(floor: Floor, sql: Any, refused: Any) -> None:
    """What it would hold again would be worth a fraction of what it was bought for."""
    floor.trade("buy", 1, "1.1")
    closing = floor.trade("sell", 1, "1.2")
    Instrument.objects.filter(pk=floor.eurusd.pk).update(contract_size=1)
    with refused("trades_bust_same_terms"):
        sql("SELECT bust_trade(%s, 'price', 'Ann')", [closing.trade_ids[0]])
    assert floor.balance == 10_000
