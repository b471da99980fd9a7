"""What a fill does to order, trades, position and ledger: examples with exact numbers."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from accounts.models import AccountTransaction, Journal
from tests.rows import accounts
from tests.rows import trading as rows
from tests.trading.floor import Floor, broken
from trading.errors import DuplicateExecution, OrderNotFound
from trading.models import OrderFill, Position, PositionAudit, Trade
from trading.services import apply_fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def floor() -> Iterator[Floor]:
    """The books hold after each test."""
    yield Floor()
    assert broken() == {}


@pytest.fixture
def hedging() -> Iterator[Floor]:
    yield Floor(oms_type="hedging")
    assert broken() == {}


# One position per instrument ----------------------------------------------------------------------


def test_a_fill_opens_a_position(floor: Floor) -> None:
    order = floor.order("buy", 2, stop_loss=Decimal("1.05"), take_profit=Decimal("1.2"))
    result = floor.fill(order, "1.1", metadata={"desk": "London"})
    assert floor.open_positions() == [("long", 2, Decimal("1.1"))]
    position = Position.objects.get(pk=result.position_id)
    assert (position.entry_price, position.stop_loss, position.take_profit) == (
        Decimal("1.1"),
        Decimal("1.05"),
        Decimal("1.2"),
    )
    trade = Trade.objects.get(pk=result.trade_ids[0])
    assert (trade.side, trade.quantity, trade.price, trade.value) == ("buy", 2, Decimal("1.1"), 220_000)
    assert (trade.position_effect, trade.pnl, trade.conversion_rate) == ("open", 0, 1)
    assert trade.metadata == {"desk": "London"}
    assert floor.events(position.id) == [("opened", 0, 2)]
    order.refresh_from_db()
    assert (order.status, order.filled_quantity, order.event_seq) == ("filled", 2, 2)
    # Nothing was earned and nothing charged, so nothing is booked.
    assert (result.realized_pnl, result.journal_id, result.is_new) == (0, None, True)


def test_what_is_added_moves_the_average(floor: Floor) -> None:
    floor.trade("buy", 2, "1.1")
    result = floor.trade("buy", 1, "1.2")
    assert floor.open_positions() == [("long", 3, Decimal("1.13333333"))]
    assert floor.events(result.position_id) == [("opened", 0, 2), ("increased", 2, 3)]


def test_closing_a_part_realizes_its_profit(floor: Floor) -> None:
    floor.trade("buy", 2, "1.10000", commission=7)
    result = floor.trade("sell", "0.5", "1.10250", commission="1.75")
    assert result.realized_pnl == Decimal("125.00")
    assert floor.open_positions() == [("long", Decimal("1.5"), Decimal("1.1"))]
    assert floor.balance == Decimal("116.25")
    position = Position.objects.get(pk=result.position_id)
    assert (position.realized_pnl, position.commission_paid) == (Decimal("125"), Decimal("8.75"))


def test_a_fill_is_one_journal_against_the_house(floor: Floor) -> None:
    floor.trade("buy", 1, "1.1")
    result = floor.trade("sell", 1, "1.09", commission=3)
    journal = Journal.objects.get(pk=result.journal_id)
    fill = OrderFill.objects.get(pk=result.fill_id)
    assert (journal.kind, journal.idempotency_key) == ("trade", f"fill:{fill.pk}")
    entries = AccountTransaction.objects.filter(journal=journal).values_list(
        "account_id", "transaction_type", "amount", "reference_id"
    )
    (trade,) = result.trade_ids
    assert set(entries) == {
        (floor.account.id, "realized_pnl", Decimal(-1000), trade),
        (floor.house.id, "realized_pnl", Decimal(1000), trade),
        (floor.account.id, "commission", Decimal(-3), trade),
        (floor.house.id, "commission", Decimal(3), trade),
    }


def test_closing_all_closes_the_position_and_the_next_fill_opens_another(floor: Floor) -> None:
    floor.trade("sell", 1, "1.1")
    closed = floor.trade("buy", 1, "1.09")
    assert closed.realized_pnl == 1000
    assert floor.open_positions() == []
    position = Position.objects.get(pk=closed.position_id)
    assert (position.quantity, position.is_open, position.close_time is None) == (0, False, False)
    assert floor.events(position.id) == [("opened", 0, 1), ("closed", 1, 0)]
    assert floor.trade("sell", 1, "1.1").position_id != position.id


def test_a_flip_closes_one_position_and_opens_another(floor: Floor) -> None:
    first = floor.trade("buy", 1, "1.1")
    result = floor.trade("sell", 3, "1.12", commission="0.1")
    assert floor.open_positions() == [("short", 2, Decimal("1.12"))]
    assert result.realized_pnl == 2000
    assert result.position_id != first.position_id
    told = Trade.objects.filter(pk__in=result.trade_ids).order_by("position_effect")
    assert [(trade.position_effect, trade.quantity, trade.pnl, trade.commission) for trade in told] == [
        ("close", 1, 2000, Decimal("0.03")),
        ("open", 2, 0, Decimal("0.07")),
    ]
    assert [trade.id for trade in told] == result.trade_ids
    assert floor.balance == Decimal("1999.90")


def test_an_order_is_filled_in_parts(floor: Floor) -> None:
    order = floor.order("buy", 3)
    floor.fill(order, "1.1", 1)
    floor.fill(order, "1.2", 1)
    order.refresh_from_db()
    assert (order.status, order.remaining_quantity) == ("partially_filled", 1)
    assert order.average_fill_price == Decimal("1.15")
    floor.fill(order, "1.3", 1)
    order.refresh_from_db()
    assert (order.status, order.average_fill_price) == ("filled", Decimal("1.2"))
    assert floor.open_positions() == [("long", 3, Decimal("1.2"))]


def test_a_rebate_is_paid_out(floor: Floor) -> None:
    floor.trade("buy", 1, "1.1", commission="-1.50")
    assert floor.balance == Decimal("1.50")


# Both sides ---------------------------------------------------------------------------------------


def test_a_hedging_account_holds_both_sides(hedging: Floor) -> None:
    hedging.trade("buy", 2, "1.1")
    hedging.trade("sell", 1, "1.12")
    hedging.trade("sell", 1, "1.14")
    assert hedging.open_positions() == [("long", 2, Decimal("1.1")), ("short", 2, Decimal("1.13"))]
    assert hedging.balance == 0


def test_a_reduce_only_order_of_a_hedging_account_takes_from_the_other_side(hedging: Floor) -> None:
    hedging.trade("buy", 2, "1.1")
    hedging.trade("sell", 1, "1.12")
    result = hedging.trade("sell", 1, "1.15", is_reduce_only=True)
    assert result.realized_pnl == 5000
    assert hedging.open_positions() == [("long", 1, Decimal("1.1")), ("short", 1, Decimal("1.12"))]
    hedging.trade("buy", 1, "1.15", is_reduce_only=True)
    assert hedging.open_positions() == [("long", 1, Decimal("1.1"))]
    assert hedging.balance == 2000


@pytest.mark.parametrize("oms_type", ["netting", "hedging"])
@pytest.mark.parametrize(("side", "quantity"), [("sell", 2), ("buy", 1)])
def test_a_reduce_only_order_never_enlarges_and_never_flips(
    oms_type: str, side: str, quantity: int, refused: Any
) -> None:
    floor = Floor(oms_type=oms_type)
    floor.trade("buy", 1, "1.1")
    order = floor.order(side, quantity, is_reduce_only=True)
    with refused("orders_reduce_only"):
        floor.fill(order, "1.1")
    assert floor.open_positions() == [("long", 1, Decimal("1.1"))]


def test_a_reduce_only_order_needs_a_position(floor: Floor, refused: Any) -> None:
    order = floor.order("sell", 1, is_reduce_only=True)
    with refused("orders_reduce_only"):
        floor.fill(order, "1.1")


# Currencies ---------------------------------------------------------------------------------------


def _usdjpy(**columns: Any) -> Any:
    return rows.instrument(
        symbol=columns.pop("symbol", "USDJPY.X"),
        base_currency="USD",
        quote_currency=accounts.currency("JPY", exponent=0),
        tick_size=Decimal("0.001"),
        **columns,
    )


def test_profit_is_converted_at_the_inverse_of_the_pair(floor: Floor) -> None:
    usdjpy = _usdjpy()
    floor.mark(usdjpy, Decimal("150.5"))
    floor.trade("buy", 1, "150.000", instrument=usdjpy)
    result = floor.trade("sell", 1, "151.000", instrument=usdjpy)
    # 100,000 JPY at 1 / 150.5
    assert result.realized_pnl == Decimal("664.45")
    assert Trade.objects.get(pk=result.trade_ids[0]).conversion_rate == Decimal("0.0066445182724252")
    assert floor.balance == Decimal("664.45")


def test_profit_is_converted_through_the_dollar() -> None:
    floor = Floor(currency="EUR")
    usdjpy = _usdjpy()
    floor.mark(usdjpy, Decimal(150))
    floor.mark(floor.eurusd, Decimal("1.25"))
    floor.trade("sell", 1, "151.000", instrument=usdjpy)
    result = floor.trade("buy", 1, "150.100", instrument=usdjpy)
    # 90,000 JPY are 600 USD are 480 EUR
    assert result.realized_pnl == Decimal("480.00")
    assert broken() == {}


def test_profit_in_yen_has_no_decimals() -> None:
    accounts.currency("JPY", exponent=0)
    floor = Floor(currency="JPY")
    floor.mark(_usdjpy(), Decimal("150.5"))
    floor.trade("buy", "0.01", "1.10000")
    result = floor.trade("sell", "0.01", "1.10001")
    # 0.01 USD are 1.505 JPY
    assert result.realized_pnl == 2
    assert broken() == {}


def test_the_latest_price_at_the_time_of_execution_counts(floor: Floor, sql: Any) -> None:
    usdjpy = _usdjpy()
    first, second, third = (
        floor.mark(usdjpy, mid, minutes=minutes) for minutes, mid in ((0, 100), (10, 200), (20, 400))
    )
    rate = "SELECT conversion_rate('JPY', 'USD', %s) AS rate"
    assert sql(rate, [first]) == [{"rate": Decimal("0.01")}]
    assert sql(rate, [third - timedelta(microseconds=1)]) == [{"rate": Decimal("0.005")}]
    assert sql("SELECT conversion_rate('USD', 'JPY', %s) AS rate", [third]) == [{"rate": Decimal(400)}]
    assert sql("SELECT conversion_rate('USD', 'JPY', %s) AS rate", [second]) == [{"rate": Decimal(200)}]
    assert sql("SELECT conversion_rate('XXX', 'XXX') AS rate") == [{"rate": Decimal(1)}]


def test_without_a_price_nothing_is_realized(floor: Floor, refused: Any) -> None:
    usdjpy = _usdjpy()
    floor.trade("buy", 1, "150", instrument=usdjpy)
    order = floor.order("sell", 1, instrument=usdjpy)
    with refused("instrument_marks_convert"):
        floor.fill(order, "151")
    order.refresh_from_db()
    assert order.status == "pending_new"


@pytest.mark.parametrize(
    ("amount", "decimals", "rounded"),
    [
        ("0.125", 2, "0.12"),
        ("0.135", 2, "0.14"),
        ("-0.125", 2, "-0.12"),
        ("-0.135", 2, "-0.14"),
        ("2.5", 0, "2"),
        ("3.5", 0, "4"),
        ("0.1250001", 2, "0.13"),
        ("0.1249", 2, "0.12"),
        ("7", 2, "7"),
        ("-2.5", 0, "-2"),
    ],
)
def test_money_is_rounded_half_to_even(amount: str, decimals: int, rounded: str, sql: Any) -> None:
    found = sql("SELECT round_half_even(%s::numeric, %s) AS rounded", [amount, decimals])
    assert found == [{"rounded": Decimal(rounded)}]


def test_a_commission_is_rounded_to_the_currency(floor: Floor) -> None:
    result = floor.trade("buy", 1, "1.1", commission="0.125")
    assert OrderFill.objects.get(pk=result.fill_id).fill_commission == Decimal("0.12")
    assert floor.balance == Decimal("-0.12")


REPORT: dict[str, Any] = {"price": Decimal("1.2"), "quantity": Decimal(1), "venue": "XOFF", "execution_id": "E1"}

# Once ---------------------------------------------------------------------------------------------


def test_the_same_execution_counts_once(floor: Floor) -> None:
    floor.trade("buy", 1, "1.1")
    order = floor.order("sell", 3)
    report = {**REPORT, "order_id": order.id, "quantity": Decimal(2)}
    first = apply_fill(**report, commission=Decimal("0.555"))
    again = apply_fill(**report, commission=Decimal("0.555"))
    assert first.is_new
    assert not again.is_new
    assert {**vars(again), "is_new": True} == vars(first)
    assert floor.open_positions() == [("short", 1, Decimal("1.2"))]
    assert floor.balance == Decimal("9999.44")


def test_the_same_execution_counts_once_also_where_the_client_has_gone_to_another_account_of_the_house(
    floor: Floor,
) -> None:
    order = floor.order("buy", 1)
    report = {**REPORT, "order_id": order.id, "commission": Decimal(5)}
    first = apply_fill(**report)
    other = floor.move_house()
    assert vars(apply_fill(**report)) == {**vars(first), "is_new": False}
    assert floor.balance == -5
    floor.trade("sell", 1, "1.2", commission=2)
    other.refresh_from_db()
    assert other.balance == 2


@pytest.mark.parametrize(
    ("terms", "rule"),
    [
        ({"price": Decimal("1.200000001")}, "order_fills_price_on_tick"),
        ({"quantity": Decimal("1.000000001")}, "order_fills_quantity_on_step"),
    ],
)
def test_what_a_venue_reports_is_not_rounded(floor: Floor, refused: Any, terms: dict[str, Any], rule: str) -> None:
    order = floor.order("buy", 2)
    with refused(rule):
        apply_fill(**{**REPORT, "order_id": order.id, **terms})


def test_a_report_that_comes_again_is_not_held_to_terms_that_have_changed_since(floor: Floor, sql: Any) -> None:
    order = floor.order("buy", 1)
    report = {**REPORT, "order_id": order.id, "price": Decimal("1.20001")}
    first = apply_fill(**report)
    floor.trade("sell", 1, "1.2")
    sql("UPDATE instruments SET tick_size = 0.001 WHERE id = %s", [floor.eurusd.id])
    assert vars(apply_fill(**report)) == {**vars(first), "is_new": False}


@pytest.mark.parametrize("other", [{"price": Decimal("1.3")}, {"quantity": Decimal(2)}, {"liquidity_type": "maker"}])
def test_an_execution_id_stands_for_one_execution(floor: Floor, other: dict[str, Any]) -> None:
    order = floor.order("buy", 3)
    report = {**REPORT, "order_id": order.id}
    apply_fill(**report)
    with pytest.raises(DuplicateExecution, match="execution E1 of XOFF is recorded as fill"), transaction.atomic():
        apply_fill(**{**report, **other})
    apply_fill(**{**report, "venue": "XLON"})
    assert floor.open_positions() == [("long", 2, Decimal("1.2"))]


def test_a_fill_has_an_order(floor: Floor) -> None:
    with pytest.raises(OrderNotFound, match="there is no order"), transaction.atomic():
        apply_fill(**{**REPORT, "order_id": floor.account.id})


@pytest.mark.parametrize(
    ("terms", "rule"),
    [
        ({"quantity": 3}, "orders_filled_within_quantity_check"),
        ({"quantity": 0}, "order_fills_fill_quantity_positive_check"),
        ({"quantity": -1}, "order_fills_fill_quantity_positive_check"),
        ({"price": 0}, "order_fills_fill_price_positive_check"),
        ({"price": "NaN"}, "order_fills_finite"),
        ({"quantity": "NaN"}, "order_fills_finite"),
        ({"commission": Decimal("NaN")}, "order_fills_finite"),
        ({"executed_at": "infinity"}, "order_fills_finite"),
        ({"dealer": "Ann"}, "order_fills_late_of_dead_order"),
        ({"venue": ""}, "order_fills_venue_check"),
        ({"liquidity_type": "giver"}, "order_fills_liquidity_type_check"),
    ],
)
def test_a_fill_that_cannot_be_moves_nothing(floor: Floor, refused: Any, terms: dict[str, Any], rule: str) -> None:
    order = floor.order("buy", 2)
    terms = {"price": 1, "quantity": 2, **terms}
    with refused(rule):
        floor.fill(order, terms.pop("price"), terms.pop("quantity"), **terms)
    assert (Position.objects.count(), Trade.objects.count(), PositionAudit.objects.count()) == (0, 0, 0)


def test_a_late_fill_moves_the_position_and_leaves_the_order(floor: Floor, sql: Any) -> None:
    order = floor.order("buy", 2)
    floor.fill(order, "1.1", 1)
    sql("UPDATE orders SET status = 'canceled' WHERE id = %s", [order.id])
    result = floor.fill(order, "1.2", 1, dealer="Ann", commission=Decimal(2))
    order.refresh_from_db()
    assert (order.status, order.filled_quantity, order.commission) == ("canceled", 1, 0)
    assert OrderFill.objects.get(pk=result.fill_id).is_late
    assert floor.open_positions() == [("long", 2, Decimal("1.15"))]
    assert floor.balance == -2


def test_who_reports_a_fill_is_in_the_events(floor: Floor) -> None:
    order = floor.order("buy", 1)
    result = floor.fill(order, "1.1", actor="gateway", reason="report 7")
    event = PositionAudit.objects.get(position_id=result.position_id)
    assert (event.triggered_by, event.reason) == ("gateway", "report 7")
    told = order.events.get(exec_type="trade")
    assert (told.triggered_by, told.reason, told.venue) == ("gateway", "report 7", "XOFF")


def test_the_house_does_not_trade_with_itself(floor: Floor, refused: Any) -> None:
    floor.account = floor.house
    order = floor.order("buy", 1)
    with refused("order_fills_client_account"):
        floor.fill(order, "1.1", commission=Decimal(5))


def test_demo_money_never_meets_real_money(floor: Floor) -> None:
    live = Floor(account_type="live")
    house = accounts.house(account_type="live", currency=live.house.currency)
    live.trade("buy", 1, "1.1", commission=5)
    house.refresh_from_db()
    live.house.refresh_from_db()
    assert (house.balance, live.house.balance) == (5, 0)
