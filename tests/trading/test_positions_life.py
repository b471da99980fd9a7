"""Random trading of an account, step by step, against a model in plain Python that only knows which fills stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.trading.desk import Desk, Row, broken, desk
from trading.invariants import INVARIANTS

__all__ = ["desk"]

LOTS = st.integers(1, 40).map(lambda tenths: Decimal(tenths) / 10)
PRICES = st.integers(80, 120).map(lambda cents: Decimal(cents) / 100)
CONTRACT = 100_000
BUST = "SELECT * FROM bust_trade(%s, 'wrong', 'life')"
_numbers = count(1)


@dataclass
class Done:
    """A fill: what of it is held (buying is positive), on which side it opened or took, what it cost."""

    trade: UUID
    quantity: Decimal
    price: Decimal
    commission: Decimal
    side: str


class AccountLife(RuleBasedStateMachine):
    """One account in one instrument. A busted fill has never been: holdings and wealth are those of the rest."""

    desk: ClassVar[Desk]

    @initialize(oms_type=st.sampled_from(["netting", "hedging"]))
    def opened(self, oms_type: str) -> None:
        self.oms_type = oms_type
        self.desk.account = self.account = self.desk.new_account(oms_type=oms_type)
        self.done: list[Done] = []
        self.busted: list[Done] = []
        self.rounded = 0

    def attempt(self, rule: str, statement: str, *parameters: Any) -> Row | None:
        """What the statement returns; nothing if that rule refuses it."""
        try:
            return self.desk.run(statement, *parameters)
        except psycopg.errors.CheckViolation as error:
            if error.diag.constraint_name != rule:
                raise
            return None

    def held(self, side: str) -> Decimal:
        """Contracts on that side: of a netting account, what its fills sum to."""
        if self.oms_type == "netting":
            total = sum((fill.quantity for fill in self.done), Decimal(0))
        else:
            total = sum((fill.quantity for fill in self.done if fill.side == side), Decimal(0))
        return max(total if side == "long" else -total, Decimal(0))

    @rule(is_buy=st.booleans(), quantity=LOTS, price=PRICES, commission=st.integers(0, 900), is_reducing=st.booleans())
    def fill(self, is_buy: bool, quantity: Decimal, price: Decimal, commission: int, is_reducing: bool) -> None:
        own, other = ("long", "short") if is_buy else ("short", "long")
        cost = Decimal(commission) / 100
        allowed = not is_reducing or self.held(other) >= quantity
        order = self.desk.order("new", side="buy" if is_buy else "sell", quantity=quantity, is_reduce_only=is_reducing)
        result = self.attempt(
            "orders_reduce_only",
            "SELECT * FROM apply_fill(%s, %s, %s, 'XOFF', %s, commission => %s)",
            *[order, price, quantity, f"life-{next(_numbers)}", cost],
        )
        assert (result is not None) == allowed
        if result is None:
            return
        self.rounded += 1
        signed = quantity if is_buy else -quantity
        self.done.append(Done(result["trade_ids"][0], signed, price, cost, other if is_reducing else own))

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def bust(self, data: Any) -> None:
        wrong = data.draw(st.sampled_from(self.done))
        if not self.attempt("trades_bust_within_position", BUST, wrong.trade):
            # The last one is always undone, if nothing before it has been taken out.
            assert self.busted or wrong is not self.done[-1]
            return
        self.rounded += 2
        self.done.remove(wrong)
        self.busted.append(wrong)

    @precondition(lambda self: self.busted)
    @rule(data=st.data())
    def bust_again(self, data: Any) -> None:
        assert not self.desk.run(BUST, data.draw(st.sampled_from(self.busted)).trade)["is_new"]

    @invariant()
    def what_is_held_is_the_sum_of_the_fills(self) -> None:
        rows = self.positions()
        assert {row["side"]: row["quantity"] for row in rows} == {
            side: self.held(side) for side in ("long", "short") if self.held(side)
        }

    @invariant()
    def wealth_is_what_the_fills_make_of_it(self) -> None:
        """At any price: money in the account, and what closing everything would bring."""
        balance = self.desk.run("SELECT balance FROM accounts WHERE id = %s", self.account)["balance"]
        for price in (Decimal("0.5"), Decimal(2)):
            closing = sum(
                (price - row["average_price"]) * row["quantity"] * (1 if row["side"] == "long" else -1) * CONTRACT
                for row in self.positions()
            )
            made = sum((price - fill.price) * fill.quantity * CONTRACT - fill.commission for fill in self.done)
            # Each step rounds money to the cent, and an average price to its eighth decimal.
            assert abs(balance + closing - made) <= Decimal("0.02") * (self.rounded + 1)

    def positions(self) -> list[dict[str, Any]]:
        return self.desk.rows(
            "SELECT side, quantity, average_price FROM positions WHERE account_id = %s AND is_open", self.account
        )


@pytest.fixture
def lives(desk: Desk) -> Iterator[type[AccountLife]]:
    desk.new_account(kind="house")
    AccountLife.desk = desk
    yield AccountLife
    del AccountLife.desk


def test_accounts_live_as_the_model_says(lives: type[AccountLife]) -> None:
    run_state_machine_as_test(
        lives,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            # The same lives in every run: what a run finds, the next one finds too.
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    assert broken(lives.desk.database, INVARIANTS) == {}
