"""A client's day: which business events he will cause, in which order.

The plan is drawn before anything happens, from the seed, the client's number and the quotes: what the database answers
changes what is done of it, never the plan itself.
"""

import hashlib
import heapq
import random
from collections.abc import Iterator
from decimal import Decimal

from ops.simulation.events import ANY, Event
from ops.simulation.market import DAY, Path
from ops.simulation.orders import OrderLife

#: The first client is also the market-data feed and the back office: after so many of his orders he marks and expires.
ORDERS_PER_MARK, ORDERS_PER_EXPIRY = 20, 50
OPENING_DEPOSIT = Decimal(100_000)
#: More than anybody has.
IMPOSSIBLE_WITHDRAWAL = Decimal(1_000_000_000)


class Plan:
    """Iterate over it once: events are drawn as they are needed. `digest` is of those that were drawn so far."""

    def __init__(self, market: list[Path], *, seed: int, client: int, orders: int, accounts: int) -> None:
        self.market = market
        self.client = client
        self.orders = orders
        self.accounts = accounts
        self.dice = random.Random(f"{seed}:{client}")  # noqa: S311 - reproducible, not secret
        self._later: list[tuple[float, int, Event]] = []
        self._number = 0
        self._cash = 0
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[Event]:
        for event in self._events():
            self._hash.update(f"{event}\n".encode())
            yield event

    def _events(self) -> Iterator[Event]:
        for account in range(self.accounts):
            self._move_cash(0, account, "deposit", OPENING_DEPOSIT)
        for order in range(self.orders):
            at = DAY * order / self.orders
            yield from self._due(at)
            if self.client == 1:
                self._housekeeping(order, at)
            if self.dice.random() < 0.04:
                self._draw_cash(at)
            account, path = self.dice.randrange(self.accounts), self.dice.choice(self.market)
            for moment, event in OrderLife(self.dice, path, account=account, subject=f"o{order + 1}").events(at):
                self._plan(moment, event)
        yield from self._due(float("inf"))

    def _plan(self, at: float, event: Event) -> None:
        # The number keeps those of one moment in the order in which they were drawn.
        self._number += 1
        heapq.heappush(self._later, (at, self._number, event))

    def _due(self, at: float) -> Iterator[Event]:
        while self._later and self._later[0][0] <= at:
            yield heapq.heappop(self._later)[2]

    def _housekeeping(self, order: int, at: float) -> None:
        if order % ORDERS_PER_MARK == ORDERS_PER_MARK - 1:
            path = self.market[order // ORDERS_PER_MARK % len(self.market)]
            self._plan(at, mark(path, at))
        if order % ORDERS_PER_EXPIRY == ORDERS_PER_EXPIRY - 1:
            self._plan(at, Event(kind="expire_orders"))

    def _draw_cash(self, at: float) -> None:
        account, kind = self.dice.randrange(self.accounts), self.dice.choice(("deposit", "withdrawal"))
        amount = Decimal(self.dice.randint(100, 500_000)) / 100
        if kind == "withdrawal" and self.dice.random() < 0.1:
            amount = IMPOSSIBLE_WITHDRAWAL
        self._move_cash(at, account, kind, amount)

    def _move_cash(self, at: float, account: int, kind: str, amount: Decimal) -> None:
        """The client asks, the back office decides; now and then he tries to decide himself."""
        self._cash += 1
        subject = f"c{self._cash}"

        def plan(moment: float, name: str, after: str = ANY, **terms: object) -> None:
            self._plan(moment, Event(kind=name, account=account, subject=subject, after=after, terms=terms))

        plan(at, "request_cash", request_type=kind, amount=amount)
        decided, choice = at + self.dice.uniform(0, 5), self.dice.random()
        if at == 0:  # without it there is nothing to trade with
            plan(at, "approve_cash", by="approver")
        elif choice < 0.07:
            plan(decided, "reject_cash", reason="The account's name differs.")
        elif choice < 0.12:
            plan(decided, "cancel_cash")
        else:
            if choice < 0.17:
                plan(decided, "approve_cash", by="owner")
            plan(decided, "approve_cash", by="approver")


def mark(path: Path, at: float) -> Event:
    """The feed's price of an instrument at a moment, at which its positions are valued then."""
    bid, ask = path.price(path.bid(at)), path.price(path.ask(at))
    return Event(kind="mark_to_market", terms={"instrument": path.symbol, "bid": bid, "ask": ask})


def close_of_day(market: list[Path], accounts: int) -> Iterator[Event]:
    """After the last client: what has ended is expired, what is open is valued and charged, debts are forgiven."""
    yield Event(kind="expire_orders", terms={"wait": True})
    for path in market:
        yield mark(path, DAY)
    yield Event(kind="accrue_swaps")
    for account in range(accounts):
        yield Event(kind="apply_negative_balance_protection", account=account)


def shares(orders: int, clients: int) -> list[int]:
    """How many of the orders each client sends."""
    return [orders // clients + (number < orders % clients) for number in range(clients)]
