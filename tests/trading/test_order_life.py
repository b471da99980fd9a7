"""Random lives of orders, step by step, against a model in plain Python that knows the rules by itself."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.trading.desk import Desk, broken, desk
from tests.trading.test_order_status_transitions import LEGAL

__all__ = ["desk"]

LOTS = st.integers(1, 40).map(lambda tenths: Decimal(tenths) / 10)
FILLABLE = {"pending_new", "new", "partially_filled", "pending_cancel", "pending_replace", "stopped"}
WAITING = {"pending_cancel": "cancel", "pending_replace": "replace"}


class OrderLife(RuleBasedStateMachine):
    """One order; after each step the database says what the model says, event by event."""

    desk: ClassVar[Desk]

    @initialize(quantity=LOTS)
    def born(self, quantity: Decimal) -> None:
        self.order = self.desk.new_order(quantity=quantity)["id"]
        self.status, self.quantity, self.filled, self.late = "pending_new", quantity, Decimal(0), Decimal(0)
        self.notional = Decimal(0)
        self.story = [("pending_new", "pending_new")]
        self.request: dict[str, Any] | None = None

    def attempt(self, allowed: bool, action: Callable[[], Any]) -> bool:
        """Do it: it must work exactly if the model allows it."""
        try:
            action()
        except psycopg.errors.IntegrityError:
            assert not allowed
        else:
            assert allowed
        return allowed

    def happened(self, exec_type: str, status: str) -> None:
        if self.status in WAITING and status != self.status:
            self.request = None
        self.status = status
        self.story.append((exec_type, status))

    @property
    def working(self) -> str:
        return "new" if not self.filled else "partially_filled" if self.filled < self.quantity else "filled"

    @rule(quantity=LOTS, cents=st.integers(1, 300))
    def fill(self, quantity: Decimal, cents: int) -> None:
        price = Decimal(cents) / 100
        allowed = self.status in FILLABLE and self.filled + quantity <= self.quantity
        if self.attempt(allowed, lambda: self.desk.fill(self.order, quantity=quantity, price=price)):
            self.filled += quantity
            self.notional += quantity * price
            waits = self.status in WAITING and self.filled < self.quantity
            self.happened("trade", self.status if waits else self.working)

    @rule()
    def fill_the_rest(self) -> None:
        if self.filled < self.quantity:
            self.fill(self.quantity - self.filled, 110)

    @rule(quantity=LOTS)
    def late_fill(self, quantity: Decimal) -> None:
        dead = self.status in {"canceled", "rejected", "expired", "calculated", "filled"}
        allowed = dead and self.filled + self.late + quantity <= self.quantity
        if self.attempt(allowed, lambda: self.desk.fill(self.order, quantity=quantity, is_late=True, dealer="J. Doe")):
            self.late += quantity

    @rule(status=st.sampled_from(["new", "rejected", "suspended", "stopped", "done_for_day", "calculated", "canceled"]))
    def change_status(self, status: str) -> None:
        if status == self.status:
            return
        allowed = status in LEGAL.get(self.status, "").split() and (status != "new" or not self.filled)
        if self.attempt(allowed, lambda: self.desk.move(self.order, status)):
            back = status == "new" and self.status != "pending_new"
            self.happened("restated" if back else status, status)

    @rule()
    def expire(self) -> None:
        if self.status == "expired":
            return
        allowed = "expired" in LEGAL.get(self.status, "").split()
        if self.attempt(allowed, lambda: self.desk.move(self.order, "expired")):
            self.happened("expired", "expired")

    @rule(kind=st.sampled_from(["cancel", "replace"]), quantity=LOTS)
    def ask(self, kind: str, quantity: Decimal) -> None:
        terms = {"quantity": quantity, "time_in_force": "gtc"} if kind == "replace" else {}
        waiting = f"pending_{kind}"
        allowed = waiting in LEGAL.get(self.status, "").split() and (kind == "cancel" or quantity != self.quantity)
        if self.attempt(allowed, lambda: self.desk.request(self.order, kind, **terms)):
            self.happened(waiting, waiting)
            self.request = {"kind": kind, **terms}

    @rule()
    def accept(self) -> None:
        if self.status == "pending_cancel":
            self.desk.move(self.order, "canceled")
            self.happened("canceled", "canceled")
        elif self.status == "pending_replace" and self.request:
            quantity = max(self.request["quantity"], self.filled)
            changes = quantity != self.quantity
            self.quantity = quantity
            self.desk.run(
                "UPDATE orders SET quantity = %s, status = %s WHERE id = %s", quantity, self.working, self.order
            )
            self.happened("replaced" if changes else "restated", self.working)

    @rule()
    def refuse(self) -> None:
        if self.status in WAITING:
            self.desk.move(self.order, self.working)
            self.happened("restated", self.working)

    @rule(slippage=st.integers(-5, 5).filter(bool))
    def restate(self, slippage: int) -> None:
        now = self.desk.state(self.order)["slippage"]
        dead = self.status in {"canceled", "rejected", "expired", "calculated"}
        update = "UPDATE orders SET slippage = slippage + %s WHERE id = %s"
        if self.attempt(not dead, lambda: self.desk.run(update, slippage, self.order)):
            self.happened("restated", self.status)
            assert self.desk.state(self.order)["slippage"] == now + slippage

    @invariant()
    def the_database_says_the_same(self) -> None:
        state = self.desk.state(self.order)
        assert (state["status"], state["quantity"], state["filled_quantity"], state["filled_notional"]) == (
            *(self.status, self.quantity, self.filled, self.notional),
        )
        assert state["event_seq"] == len(self.story)
        assert self.desk.story(self.order) == self.story
        waiting = self.desk.rows(
            "SELECT kind FROM order_change_requests WHERE order_id = %s AND status = 'pending'", self.order
        )
        assert waiting == ([{"kind": self.request["kind"]}] if self.request else [])


@pytest.fixture
def lives(desk: Desk) -> Iterator[type[OrderLife]]:
    OrderLife.desk = desk
    yield OrderLife
    del OrderLife.desk


def test_orders_live_as_the_model_says(lives: type[OrderLife]) -> None:
    run_state_machine_as_test(
        lives,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            # The same lives in every run: what a run finds, the next one finds too.
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
    assert broken(lives.desk.database) == {}
