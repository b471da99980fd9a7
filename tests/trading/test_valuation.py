"""Marks and swaps: examples with exact numbers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AccountTransaction, Journal
from tests.rows import accounts
from tests.rows import trading as rows
from tests.trading.floor import Floor, broken
from trading.models import Position
from trading.services import ValuationResult, accrue_swaps, charge_night, mark_to_market

#: Nights that are not over yet are the owner's to charge.
as_owner = pytest.mark.usefixtures("as_owner", "db")
#: Positions of a test are opened now, so nights are counted from today's on.
TODAY = datetime.now(UTC).date()


def weekday(number: int) -> date:
    """The next day of that ISO weekday, today included."""
    return TODAY + timedelta(days=(number - TODAY.isoweekday()) % 7)


@pytest.fixture
def floor(db: None) -> Iterator[Floor]:
    """The books hold after each test."""
    yield Floor(leverage=30)
    assert broken() == {}


# Marks --------------------------------------------------------------------------------------------


def test_a_long_position_is_worth_what_the_bid_gives(floor: Floor) -> None:
    result = floor.trade("buy", 2, "1.1", commission=10)
    floor.mark(floor.eurusd, Decimal("1.105"), bid=Decimal("1.1049"), ask=Decimal("1.1051"))
    assert mark_to_market() == ValuationResult(positions=1, accounts=1)
    position = Position.objects.get(pk=result.position_id)
    assert (position.current_price, position.mark_price) == (Decimal("1.1049"), Decimal("1.105"))
    assert position.unrealized_pnl == 980
    # 221,000 USD at 3.34 %, which is more than 1 : 30.
    assert position.margin_required == Decimal("7381.4")
    account = floor.account
    account.refresh_from_db()
    assert (account.balance, account.unrealized_pnl, account.equity) == (-10, 980, 970)
    assert (account.margin_used, account.margin_available) == (Decimal("7381.4"), Decimal("-6411.4"))
    assert account.margin_level == Decimal("13.14113854")


def test_a_short_position_is_worth_what_the_ask_leaves(floor: Floor) -> None:
    result = floor.trade("sell", 1, "1.1")
    floor.mark(floor.eurusd, Decimal("1.105"), bid=Decimal("1.1049"), ask=Decimal("1.1051"))
    mark_to_market(instrument_id=floor.eurusd.id)
    assert Position.objects.get(pk=result.position_id).unrealized_pnl == -510


@pytest.mark.django_db
def test_a_valuation_is_in_the_currency_of_the_account() -> None:
    floor = Floor(currency="EUR", leverage=1)
    result = floor.trade("buy", 1, "1.2")
    floor.mark(floor.eurusd, Decimal("1.25"))
    mark_to_market()
    position = Position.objects.get(pk=result.position_id)
    # 5,000 USD at 1.25; without leverage the margin is all of 100,000 EUR.
    assert (position.unrealized_pnl, position.margin_required) == (4000, 100_000)
    assert broken() == {}


def test_what_has_no_price_stays_as_it_is(floor: Floor) -> None:
    unpriced = floor.trade("buy", 1, "1.1")
    yen = rows.instrument(symbol="XYZJPY", instrument_type="index", base_currency=None, quote_currency="JPY")
    unconverted = floor.trade("buy", 1, "100", instrument=yen)
    floor.mark(yen, Decimal(101))
    assert mark_to_market() == ValuationResult(positions=0, accounts=0)
    for result in (unpriced, unconverted):
        assert Position.objects.get(pk=result.position_id).mark_price is None


def test_a_mark_beyond_all_numbers_leaves_the_rest_to_be_valued(floor: Floor) -> None:
    other, third = rows.instrument(), rows.instrument()
    for instrument in (floor.eurusd, other, third):
        floor.trade("buy", 1, "1.1", instrument=instrument)
    floor.mark(floor.eurusd, Decimal("1.2"))
    floor.mark(other, Decimal(900_000_000_000_000))
    assert mark_to_market() == ValuationResult(positions=1, accounts=1)
    floor.account.refresh_from_db()
    assert floor.account.unrealized_pnl == 10_000
    # Each of two fits, their sum does not.
    for instrument in (other, third):
        floor.mark(instrument, Decimal(90_000_000_000), minutes=1)
    assert mark_to_market(at=datetime.now(UTC) + timedelta(minutes=2)) == ValuationResult(positions=3, accounts=0)
    floor.account.refresh_from_db()
    assert floor.account.unrealized_pnl == 10_000


@pytest.mark.parametrize(("balance", "level"), [(2_000_000, 10**16 - 1), (-2_000_000, 1 - 10**16)])
def test_a_margin_of_almost_nothing_has_a_level(floor: Floor, balance: int, level: int) -> None:
    dust = rows.instrument(contract_size=Decimal("0.0003"))
    floor.trade("buy", 1, "0.001", instrument=dust, commission=0)
    floor.trade("buy", 20, "1.1" if balance > 0 else "2.1")
    floor.trade("sell", 20, "2.1" if balance > 0 else "1.1")
    floor.mark(dust, Decimal("0.001"))
    assert mark_to_market() == ValuationResult(positions=1, accounts=1)
    floor.account.refresh_from_db()
    assert (floor.account.balance, floor.account.margin_level) == (balance, level)


def test_only_the_instrument_that_was_asked_for_is_valued(floor: Floor) -> None:
    other = rows.instrument()
    floor.trade("buy", 1, "1.1")
    floor.trade("buy", 1, "1.1", instrument=other)
    for instrument in (floor.eurusd, other):
        floor.mark(instrument, Decimal("1.2"))
    assert mark_to_market(instrument_id=other.id) == ValuationResult(positions=1, accounts=1)
    floor.account.refresh_from_db()
    assert floor.account.unrealized_pnl == 10_000
    assert mark_to_market().positions == 2
    floor.account.refresh_from_db()
    assert floor.account.unrealized_pnl == 20_000


def test_the_mark_of_a_moment_counts(floor: Floor) -> None:
    floor.trade("buy", 1, "1.1")
    floor.mark(floor.eurusd, Decimal("1.2"))
    later = floor.mark(floor.eurusd, Decimal("1.3"), minutes=10)
    for moment, profit in ((None, 10_000), (later, 20_000)):
        mark_to_market(at=moment)
        floor.account.refresh_from_db()
        assert floor.account.unrealized_pnl == profit


def test_an_account_that_holds_nothing_any_more_is_worth_its_balance(floor: Floor) -> None:
    floor.trade("buy", 1, "1.1")
    floor.mark(floor.eurusd, Decimal("1.2"))
    mark_to_market()
    floor.trade("sell", 1, "1.15")
    assert mark_to_market() == ValuationResult(positions=0, accounts=1)
    account = floor.account
    account.refresh_from_db()
    assert (account.balance, account.equity, account.unrealized_pnl) == (5000, 5000, 0)
    assert (account.margin_used, account.margin_available, account.margin_level) == (0, 5000, None)
    assert mark_to_market() == ValuationResult(positions=0, accounts=0)


def test_a_valuation_shrinks_with_the_position(floor: Floor) -> None:
    floor.trade("buy", 4, "1.1")
    floor.mark(floor.eurusd, Decimal("1.2"))
    mark_to_market()
    result = floor.trade("sell", 1, "1.2")
    position = Position.objects.get(pk=result.position_id)
    assert (position.unrealized_pnl, position.margin_required) == (30_000, Decimal("12024"))


# Swaps --------------------------------------------------------------------------------------------


def _swapped(**columns: Any) -> Floor:
    floor = Floor(**columns)
    floor.eurusd.swap_long, floor.eurusd.swap_short = Decimal("-0.0001"), Decimal("0.00002")
    floor.eurusd.save(update_fields=["swap_long", "swap_short"])
    return floor


@as_owner
@pytest.mark.parametrize(("day", "nights"), [(1, 1), (2, 1), (3, 3), (4, 1), (5, 1), (6, 0), (7, 0)])
def test_a_night_costs_a_share_of_the_notional(day: int, nights: int) -> None:
    floor = _swapped()
    result = floor.trade("buy", 1, "1.1")
    floor.mark(floor.eurusd, Decimal("1.2"))
    charged = charge_night(night=weekday(day))
    assert charged == ValuationResult(positions=min(nights, 1), accounts=min(nights, 1))
    # 120,000 USD at 0.01 %
    assert floor.balance == -12 * nights
    assert Position.objects.get(pk=result.position_id).swap_charges == -12 * nights
    assert broken() == {}


@as_owner
def test_a_night_is_charged_once() -> None:
    floor = _swapped()
    floor.trade("buy", 1, "1.1")
    other = rows.instrument(swap_short=Decimal("0.0002"))
    floor.trade("sell", 1, "1.1", instrument=other)
    night = weekday(1)
    assert charge_night(night=night) == ValuationResult(positions=2, accounts=1)
    assert charge_night(night=night) == ValuationResult(positions=0, accounts=0)
    assert floor.balance == 11
    journal = Journal.objects.get(idempotency_key=f"swap:{floor.account.id}:{night}")
    amounts = AccountTransaction.objects.filter(journal=journal).values_list("amount", flat=True)
    assert sorted(amounts) == [-11, -11, 22]
    charge_night(night=night + timedelta(days=1))
    assert floor.balance == 22
    assert broken() == {}


@as_owner
def test_the_schedule_of_the_group_comes_first() -> None:
    floor = _swapped(group_name="vip")
    since = datetime.now(UTC) - timedelta(days=1)
    rows.fee_schedule(instrument=floor.eurusd, valid_from=since, swap_long=Decimal("-0.0005"))
    rows.fee_schedule(
        instrument=floor.eurusd,
        account_group="vip",
        valid_from=since,
        swap_long=Decimal("-0.0002"),
        triple_swap_weekday=5,
    )
    floor.trade("buy", 1, "1.0")
    charge_night(night=weekday(5))
    assert floor.balance == -60
    charge_night(night=weekday(3) if weekday(3) > TODAY else weekday(3) + timedelta(days=7))
    assert floor.balance == -80
    assert broken() == {}


@as_owner
def test_an_islamic_account_has_no_swaps() -> None:
    floor = _swapped(account_type="islamic")
    floor.trade("buy", 1, "1.1")
    assert charge_night(night=weekday(1)) == ValuationResult(positions=0, accounts=0)


@as_owner
def test_what_was_closed_or_opened_later_is_not_charged() -> None:
    floor = _swapped()
    floor.trade("buy", 1, "1.1")
    assert charge_night(night=TODAY - timedelta(days=7)) == ValuationResult(positions=0, accounts=0)
    floor.trade("sell", 1, "1.1")
    assert charge_night(night=weekday(1)) == ValuationResult(positions=0, accounts=0)


@as_owner
def test_swaps_that_cancel_each_other_are_booked_without_the_house() -> None:
    floor = _swapped()
    mirror = rows.instrument(swap_short=Decimal("0.0001"))
    floor.trade("buy", 1, "1.1")
    floor.trade("sell", 1, "1.1", instrument=mirror)
    assert charge_night(night=weekday(1)) == ValuationResult(positions=2, accounts=1)
    assert charge_night(night=weekday(1)) == ValuationResult(positions=0, accounts=0)
    assert floor.balance == 0
    assert broken() == {}


@as_owner
def test_a_swap_is_converted() -> None:
    accounts.currency("JPY", exponent=0)
    floor = Floor()
    usdjpy = rows.instrument(
        symbol="USDJPY.S",
        base_currency="USD",
        quote_currency="JPY",
        swap_long=Decimal("0.0001"),
        tick_size=Decimal("0.001"),
    )
    floor.trade("buy", 1, "150", instrument=usdjpy)
    floor.mark(usdjpy, Decimal(160))
    charge_night(night=weekday(1))
    # 1,600 JPY at 160
    assert floor.balance == 10
    assert broken() == {}


@as_owner
def test_a_swap_that_cannot_be_converted_is_refused(refused: Any) -> None:
    floor = Floor()
    yen = rows.instrument(
        symbol="ABCJPY", instrument_type="index", base_currency=None, quote_currency="JPY", swap_long=Decimal("0.0001")
    )
    floor.trade("buy", 1, "100", instrument=yen)
    with refused("instrument_marks_convert"):
        charge_night(night=weekday(1))


@as_owner
def test_a_swap_beyond_all_numbers_is_refused_by_its_name(refused: Any) -> None:
    floor = _swapped()
    position = floor.trade("buy", 10, "1.1").position_id
    floor.mark(floor.eurusd, Decimal(900_000_000_000_000))
    with refused(f"the swap of position {position}"):
        charge_night(night=weekday(1))
    floor.mark(floor.eurusd, Decimal("1.2"), minutes=1)
    assert charge_night(night=weekday(1)).positions == 1


@pytest.mark.django_db
def test_a_night_is_charged_when_it_is_over(refused: Any) -> None:
    floor = _swapped()
    floor.trade("buy", 1, "1.1")
    with refused("positions_swap_night_over"):
        accrue_swaps(night=TODAY)
    # The position has not been open then.
    assert accrue_swaps(night=TODAY - timedelta(days=1)) == ValuationResult(positions=0, accounts=0)
    with refused("permission denied for function charge_night"):
        charge_night(night=TODAY)
