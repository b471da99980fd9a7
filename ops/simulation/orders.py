"""The life of one order: drawn by dice, decided by the price path."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ops.simulation.events import ACCEPTED, ANY, REFUSED, Event
from ops.simulation.market import Path

#: Shares of a hundred orders.
TYPES = {"market": 40, "limit": 25, "stop": 10, "stop_limit": 8, "trailing_stop": 7, "take_profit": 10}
TIMES_IN_FORCE = {
    "market": {"ioc": 50, "fok": 20, "gtc": 20, "day": 10},
    "others": {"gtc": 40, "day": 25, "gtd": 20, "ioc": 10, "fok": 5},
}
#: Seconds until an order with a date ends: one that will be filled in time, and one that will not.
LONG_DATE, SHORT_DATE = 86_400.0, 0.3
#: The largest order that is drawn, as a part of the instrument's largest.
SIZE = Decimal("0.002")
#: Moments between two executions of one order.
PACE = 0.3

Timed = tuple[float, Event]


class OrderLife:
    """Draws the events of one order, in their order, each with its moment."""

    def __init__(self, dice: random.Random, path: Path, *, account: int, subject: str) -> None:
        self.dice = dice
        self.path = path
        self.account = account
        self.subject = subject
        self.is_buy = dice.random() < 0.5
        self.type = _drawn(dice, TYPES)
        self.time_in_force = _drawn(dice, TIMES_IN_FORCE.get(self.type, TIMES_IN_FORCE["others"]))
        self.executions = 0
        #: Prices and the trailing distance, in ticks.
        self.prices: dict[str, int] = {}

    def events(self, at: float) -> Iterator[Timed]:
        """From the moment at which it is sent."""
        self._draw_prices(at)
        self.steps = self._draw_size()
        is_immediate = self.type == "market" or self.time_in_force in ("ioc", "fok")
        end = at if is_immediate else at + self.dice.uniform(5, 120)
        hit = self._reached(at, end)
        expires = self.time_in_force == "gtd" and hit is None
        reduces = self.type == "market" and self.dice.random() < 0.05
        submit = self._submit(good_for=SHORT_DATE if expires else LONG_DATE, reduces=reduces)
        fault = self.dice.random()
        if fault < 0.02:
            yield at, self._spoiled(submit, fault)
            return
        yield at, submit
        if fault > 0.99:
            yield at, self._event("resubmit_order", **submit.terms)
        if 0.96 < fault < 0.99:
            yield at, self._event("reject_order", reason="The price is not there any more.")
            return
        yield at, self._event("acknowledge_order", provider=self.dice.random() < 0.5)
        if expires:
            return
        if not is_immediate and self.dice.random() < 0.25:
            at = self.dice.uniform(at, min(end, hit[0] if hit else end))
            yield from self._replaced(at)
            hit = self._reached(at, end)
        if hit is not None:
            yield from self._filled(*hit)
            if reduces:
                yield hit[0] + PACE * 9, self._event("cancel_order", after=REFUSED, reason="Nothing to reduce.")
        elif self.time_in_force not in ("day", "gtd"):
            yield from self._canceled(end)

    def _draw_prices(self, at: float) -> None:
        """Around the market: most below or above it, some such that they are filled at once."""
        away = 1 if self.is_buy else -1
        market = self.path.ask(at) if self.is_buy else self.path.bid(at)
        distance = max(1, round(self.path.swing * self.dice.uniform(-0.6, 2)))
        if self.type in ("limit", "take_profit"):
            self.prices = {"price": market - away * distance}
        elif self.type == "stop":
            self.prices = {"stop_price": market + away * distance}
        elif self.type == "stop_limit":
            slack = self.dice.randint(0, self.path.swing)
            self.prices = {"stop_price": market + away * distance, "limit_price": market + away * (distance + slack)}
        elif self.type == "trailing_stop":
            self.prices = {"trailing_distance": distance}

    def _draw_size(self) -> int:
        """The quantity, in steps."""
        smallest = int(self.path.min_quantity / self.path.quantity_step)
        return self.dice.randint(smallest, max(smallest, int(self.path.max_quantity * SIZE / self.path.quantity_step)))

    def _reached(self, start: float, end: float) -> tuple[float, int] | None:
        """When the market reaches the order, and at what price (ticks) it is filled then."""
        prices, sign = self.prices, 1 if self.is_buy else -1
        best: int | None = None
        is_triggered = self.type in ("market", "limit", "take_profit")
        limit = prices.get("price", prices.get("limit_price"))

        def reached(bid: int, ask: int) -> int | None:
            nonlocal best, is_triggered
            market = ask if self.is_buy else bid
            if "stop_price" in prices:
                is_triggered = is_triggered or sign * (market - prices["stop_price"]) >= 0
            elif "trailing_distance" in prices:
                best = market if best is None else sign * min(sign * best, sign * market)
                is_triggered = is_triggered or sign * (market - best) >= prices["trailing_distance"]
            return market if is_triggered and (limit is None or sign * (market - limit) <= 0) else None

        return self.path.first(start, end, reached)

    def _submit(self, *, good_for: float, reduces: bool) -> Event:
        terms: dict[str, Any] = {
            "instrument": self.path.symbol,
            "order_type": self.type,
            "side": "buy" if self.is_buy else "sell",
            "quantity": self.steps * self.path.quantity_step,
            "time_in_force": self.time_in_force,
            **{name: self.path.price(ticks) for name, ticks in self.prices.items()},
        }
        if self.time_in_force == "gtd":
            terms["good_for"] = good_for
        if reduces:
            terms["is_reduce_only"] = True
        rests = self.time_in_force in ("gtc", "day", "gtd") and self.type in ("limit", "stop_limit", "take_profit")
        if rests and self.dice.random() < 0.1:
            terms["is_post_only"] = True
        return self._event("submit_order", **terms)

    def _spoiled(self, submit: Event, fault: float) -> Event:
        """As clients send them now and then: off the tick or the step, or too large."""
        terms = dict(submit.terms)
        price = next(iter(self.prices), None)
        if fault < 0.007 and price is not None:
            terms[price] += self.path.tick_size / 2
        elif fault < 0.014:
            terms["quantity"] += self.path.quantity_step / 2
        else:
            terms["quantity"] = self.path.max_quantity + self.path.quantity_step
        return self._event("submit_order", **terms)

    def _replaced(self, at: float) -> Iterator[Timed]:
        """Asks for another price or quantity; the house agrees, or does not."""
        move = self.dice.choice((-1, 1)) * self.dice.randint(1, self.path.swing)
        prices = {name: max(1, ticks + move) for name, ticks in self.prices.items()}
        steps = self.steps + (self.dice.random() < 0.3)
        asked: dict[str, Any] = {name: self.path.price(ticks) for name, ticks in prices.items()}
        yield at, self._event("request_replace", quantity=steps * self.path.quantity_step, **asked)
        if self.dice.random() < 0.8:
            # Only what was really asked for is agreed to: the plan goes on with these terms.
            self.prices, self.steps = prices, steps
            yield at, self._event("accept_replace", after=ACCEPTED)
        else:
            yield at, self._event("reject_replace", after=ACCEPTED, reason="Too late to change it.")

    def _filled(self, at: float, ticks: int) -> Iterator[Timed]:
        """All at once or in parts, now and then with what goes wrong between a broker and a venue."""
        parts = self._parts()
        surprise = self.dice.random()
        leaves_rest = len(parts) > 1 and self.time_in_force == "ioc" and self.dice.random() < 0.3
        if leaves_rest:
            parts.pop()
        races = len(parts) > 1 and surprise > 0.95
        for number, part in enumerate(parts):
            if races and number == len(parts) - 1:
                yield at, self._event("request_cancel", reason="Changed his mind.")
            yield at, self._fill(ticks, part)
            at += PACE
        if races:
            # Refused if the last part came first, and the order is filled.
            yield at, self._event("accept_cancel", reason="Asked for by the client.")
        elif leaves_rest:
            yield at, self._event("cancel_order", reason="Immediate or cancel.")
        elif surprise < 0.01:
            yield at, self._event("repeat_fill")
        elif surprise < 0.015:
            yield at, self._fill(ticks, 1, extra=True)
        elif surprise < 0.025:
            yield at, self._event("bust_trade", after=ACCEPTED, reason="Off-market price.")
            yield at, self._event("cancel_order", after=ACCEPTED, reason="Its fill was busted.")
        elif surprise < 0.03:
            yield at, self._event("correct_trade", after=ACCEPTED, price=self.path.price(ticks + 1))
        elif surprise < 0.08:
            yield at, self._event("set_exits", after=ACCEPTED, stop_loss=self.path.price(ticks * 9 // 10))

    def _parts(self) -> list[int]:
        """The steps of each execution, one to three."""
        if self.time_in_force == "fok" or self.steps < 3 or self.dice.random() < 0.6:
            return [self.steps]
        first = self.dice.randint(1, self.steps - 2)
        rest = self.steps - first
        if self.dice.random() < 0.5:
            return [first, rest]
        second = self.dice.randint(1, rest - 1)
        return [first, second, rest - second]

    def _fill(self, ticks: int, steps: int, *, extra: bool = False) -> Event:
        """`extra`: what the order has no quantity left for."""
        self.executions += 1
        return self._event(
            "apply_fill",
            price=self.path.price(ticks),
            quantity=steps * self.path.quantity_step,
            execution=f"{self.executions}{'-extra' if extra else ''}",
            commission=Decimal(self.dice.randint(0, 300)) / 100,
            liquidity_type="maker" if self.type in ("limit", "take_profit") else "taker",
        )

    def _canceled(self, at: float) -> Iterator[Timed]:
        how = self.dice.random()
        if how < 0.6:
            yield at, self._event("cancel_order", reason="Asked for by the client.")
            return
        yield at, self._event("request_cancel", reason="Asked for by the client.")
        if how < 0.9:
            yield at, self._event("accept_cancel", after=ACCEPTED)
        else:
            yield at, self._event("reject_cancel", after=ACCEPTED, reason="It is being executed.")
            yield at, self._event("cancel_order", reason="Asked for once more.")

    def _event(self, kind: str, *, after: str = ANY, **terms: Any) -> Event:
        return Event(kind=kind, account=self.account, subject=self.subject, after=after, terms=terms)


def _drawn(dice: random.Random, shares: dict[str, int]) -> str:
    return dice.choices(list(shares), list(shares.values()))[0]
