"""Clients who trade: positions are opened, changed and closed, other orders come to nothing.

What a client does next is planned at once, into the future: the market's path is known to the plan. Rows then leave in
the order of time. What would happen after the end of the history has not happened: an order whose fill lies
there is still open, and so is a position whose closing does.
"""

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import accumulate, count
from random import Random
from typing import NamedTuple

from ops.seeding.scale.books import Books, Leg
from ops.seeding.scale.clients import Client
from ops.seeding.scale.lifecycle import (
    ENTRY_TYPES,
    EVENTS,
    EXIT_TYPES,
    OUTCOMES,
    REJECT_REASONS,
    RESTING_TYPES,
)
from ops.seeding.scale.market import Market, Markets
from ops.seeding.scale.tables import (
    LP_ORDER_ROUTING,
    ORDER_AUDIT,
    ORDER_FILLS,
    ORDERS,
    POSITION_AUDIT,
    POSITIONS,
    TRADES,
    Table,
)
from ops.seeding.scale.wire import DAY, MILLISECOND, NULL, SECOND, UNIT, Keys, moment, optional_moment

#: Share of decisions that open a position, if the client has none in that market.
TRADES_SHARE = 0.60
#: A decision makes so many orders on average (measured), positions that stay open at the end included.
ORDERS_PER_DECISION = 1.68
_HOUSE = "HOUSE"
_CASH_BELOW, _CASH_ABOVE = 0.2, 3.0


class Fill(NamedTuple):
    """A part of an order that is executed: time, contracts and price in units of 1e-8."""

    micros: int
    quantity: int
    price: int
    commission: int
    key: str


class Route(NamedTuple):
    """Where an order goes: A-book to a provider, B-book to the house."""

    decision: str
    provider: str
    venue: str
    lp_order_id: str
    rule: str


class Order(NamedTuple):
    """What was asked for, and what became of it until the end of the history."""

    key: str
    received: int
    side: str
    type: str
    #: (time, status)
    life: list[tuple[int, str]]
    fills: list[Fill]
    route: Route
    #: The order whose position this one closes.
    parent: str = NULL


class Simulation:
    """Runs the whole market; `batches` yields the rows, in the order of time."""

    def __init__(
        self,
        *,
        clients: list[Client],
        markets: Markets,
        books: Books,
        keys: Keys,
        random: Random,
        start: int,
        end: int,
        rules: dict[str, str],
    ) -> None:
        self._clients = clients
        self._markets = markets
        self._books = books
        self._key = keys.at
        self._rng = random
        self._random = random.random
        self._start, self._end = start, end
        self._rules = rules
        self._numbers = count(1)
        self._lines: defaultdict[Table, list[str]] = defaultdict(list)
        #: What has been planned: (time, number, lines, client, legs, trade).
        self._future: list[tuple[int, int, list[tuple[Table, str]], Client | None, list[Leg], str]] = []
        self._outcomes = list(OUTCOMES)
        self._outcome_weights = list(accumulate(outcome.weight for outcome in OUTCOMES.values()))

    def batches(self, orders: int, *, size: int) -> Iterator[dict[Table, list[str]]]:
        """The rows of about `orders` orders, in batches of about `size` orders."""
        decisions = max(1, round(orders / ORDERS_PER_DECISION))
        span = self._end - self._start
        for number in range(decisions):
            now = self._start + int(span * (number + self._random()) / decisions)
            self._happen_until(now)
            self._decide(now)
            if len(self._lines[ORDERS]) >= size:
                yield self._take()
        self._happen_until(self._end)
        yield self._take()

    def _take(self) -> dict[Table, list[str]]:
        lines, self._lines = self._lines, defaultdict(list)
        return lines

    # Time -------------------------------------------------------------------------------------------------------

    def _plan(
        self,
        micros: int,
        lines: list[tuple[Table, str]],
        client: Client | None = None,
        legs: list[Leg] | None = None,
        trade: str = "",
    ) -> None:
        if micros <= self._end:
            heappush(self._future, (micros, next(self._numbers), lines, client, legs or [], trade))

    def _happen_until(self, now: int) -> None:
        future = self._future
        while future and future[0][0] <= now:
            micros, _, lines, client, legs, trade = heappop(future)
            for table, line in lines:
                self._lines[table].append(line)
            if client and legs:
                self._book(micros, client, legs, trade)

    def _book(self, micros: int, client: Client, legs: list[Leg], trade: str) -> None:
        chain, house = client.chain, client.house
        self._books.post(
            self._lines, micros=micros, kind="trade", client=chain, house=house, legs=legs, reference=f"trades\t{trade}"
        )
        # Whoever has lost nearly all puts in more, whoever has won much takes some out.
        if chain.balance < client.deposit * _CASH_BELOW:
            self._books.post(
                self._lines,
                micros=micros,
                kind="deposit",
                client=chain,
                house=house,
                legs=[Leg("deposit", client.deposit)],
            )
        elif chain.balance > client.deposit * _CASH_ABOVE:
            self._books.post(
                self._lines,
                micros=micros,
                kind="withdrawal",
                client=chain,
                house=house,
                legs=[Leg("withdrawal", -client.deposit)],
            )

    # Decisions --------------------------------------------------------------------------------------------------

    def _decide(self, now: int) -> None:
        clients = self._clients
        # Some trade much more than others.
        client = clients[int(len(clients) * self._random() ** 1.6)]
        slot = int(self._random() * 3)
        if client.markets[slot].open_from(now) != now:
            slot = 0  # the one that never closes
        if client.busy[slot] < now and self._random() < TRADES_SHARE:
            self._trade(now, client, slot)
        else:
            self._order_without_fill(now, client, client.markets[slot])

    def _trade(self, now: int, client: Client, slot: int) -> None:
        """A position from its opening to its closing."""
        market, rng = client.markets[slot], self._rng
        is_long = self._random() < 0.52
        entry, exit_ = ("buy", "sell") if is_long else ("sell", "buy")
        quantity = self._quantity(client, market, now)
        hold = int(client.patience * rng.expovariate(1) * SECOND) + 5 * SECOND
        first = self._filled_order(now, client, market, entry, quantity, ENTRY_TYPES, may_be_cut=True)
        orders, held = [first], sum(fill.quantity for fill in first.fills)
        opened = first.fills[-1].micros
        # What is held must fit into one order that closes it.
        if self._random() < 0.12 and held + quantity <= market.maximum:
            at = market.open_from(opened + int(hold * 0.3) + SECOND)
            orders.append(self._filled_order(at, client, market, entry, quantity, ENTRY_TYPES))
            held += quantity
        if self._random() < 0.12 and held >= 2 * market.step:
            at = market.open_from(max(opened + int(hold * 0.6), orders[-1].fills[-1].micros) + SECOND)
            part = held // 2 // market.step * market.step
            orders.append(self._filled_order(at, client, market, exit_, part, EXIT_TYPES, parent=first.key))
            held -= part
        at = market.open_from(max(opened + hold, orders[-1].fills[-1].micros) + SECOND)
        orders.append(self._filled_order(at, client, market, exit_, held, EXIT_TYPES, parent=first.key))
        client.busy[slot] = orders[-1].fills[-1].micros
        self._settle(client, market, orders, is_long=is_long)

    def _quantity(self, client: Client, market: Market, now: int) -> int:
        """Contracts for a notional that suits the client, on the step and within the limits."""
        notional = client.deposit / 100 * client.appetite * (0.5 + self._random())
        dollars = notional / self._markets.per_dollar(client.chain.currency, now)
        price = market.ticks_at(now) * market.tick / UNIT / self._markets.per_dollar(market.quote_currency, now)
        steps = int(dollars / (price * market.contract_size) * UNIT) // market.step
        return min(max(steps * market.step, market.minimum), market.maximum)

    # Orders -----------------------------------------------------------------------------------------------------

    def _filled_order(
        self,
        received: int,
        client: Client,
        market: Market,
        side: str,
        quantity: int,
        types: tuple[list[str], list[int]],
        *,
        may_be_cut: bool = False,
        parent: str = NULL,
    ) -> Order:
        """An order that is filled, in one to three parts; one that may be cut is sometimes canceled half-way."""
        order_type = self._rng.choices(*types)[0]
        submitted = received + int(self._random() * 4 * MILLISECOND) + 200
        # A market order is filled within half a second, the others wait for their price.
        wait = 0.02 + self._random() * 0.4 if order_type == "market" else 10 ** (self._random() * 3.5)
        at = market.open_from(submitted + int(wait * SECOND))
        pieces, was_cut = self._pieces(quantity, market.step), False
        if may_be_cut and len(pieces) > 1 and self._random() < 0.25:
            pieces, was_cut = pieces[:-1], True
        route = self._route(client, market, quantity, received)
        fills = []
        for piece in pieces:
            fills.append(self._fill(at, client, market, side, piece))
            at = market.open_from(at + int(self._random() * 30 * SECOND) + 1000)
        life = [(received, "pending_new"), (submitted, "new")]
        life += [(fill.micros, "partially_filled") for fill in fills[: None if was_cut else -1]]
        if was_cut:
            canceled = fills[-1].micros + int(self._random() * 60 * SECOND) + 2000
            life += [(canceled - 1000, "pending_cancel"), (canceled, "canceled")]
        else:
            life.append((fills[-1].micros, "filled"))
        order = Order(self._key(received), received, side, order_type, life, fills, route, parent)
        return self._until_end(order, client, market, quantity)

    def _until_end(self, order: Order, client: Client, market: Market, quantity: int) -> Order:
        """Plan the order's rows, as they are at the end of the history."""
        if order.received <= self._end:
            past = [fill for fill in order.fills if fill.micros <= self._end]
            self._plan(order.received, self._order_lines(order, client, market, quantity, past))
        return order

    def _pieces(self, quantity: int, step: int) -> list[int]:
        parts = 1 + (self._random() < 0.15) + (self._random() < 0.05)
        steps = quantity // step
        if parts == 1 or steps < parts:
            return [quantity]
        first = int(steps * (0.2 + 0.5 * self._random())) or 1
        if parts == 2 or steps - first < 2:
            return [first * step, quantity - first * step]
        second = (steps - first) // 2
        return [first * step, second * step, quantity - (first + second) * step]

    def _fill(self, micros: int, client: Client, market: Market, side: str, quantity: int) -> Fill:
        offset = int(market.spread * (0.4 + 0.6 * self._random())) + 1
        # A path ends with the history; what lies beyond is never written.
        ticks = market.ticks_at(min(micros, self._end)) + (offset if side == "buy" else -offset)
        price = ticks * market.tick
        rate, per_lot = market.fees["vip" if client.is_vip else ""]
        lots = quantity / UNIT
        notional = price / UNIT * lots * market.contract_size
        dollars = (
            rate * notional / self._markets.per_dollar(market.quote_currency, min(micros, self._end)) + per_lot * lots
        )
        commission = round(dollars * 100 * self._markets.per_dollar(client.chain.currency, min(micros, self._end)))
        return Fill(micros, quantity, price, commission, self._key(micros))

    def _route(self, client: Client, market: Market, quantity: int, now: int) -> Route:
        """As the seeded rules decide; what none of them says is shared between provider and house."""
        rules, chance = self._rules, self._random()
        ticks = market.ticks_at(min(now, self._end))
        notional = ticks * market.tick / UNIT * quantity / UNIT * market.contract_size
        if client.is_demo:
            decision, rule = "bbook", rules.get("Demo to B-book", NULL)
        elif client.is_vip:
            decision, rule = "abook", rules.get("VIP to A-book", NULL)
        elif market.is_crypto and notional >= 50_000:
            decision, rule = "abook", rules.get("High-value crypto to A-book", NULL)
        elif market.is_forex and notional < 100_000:
            decision, rule = "bbook", rules.get("Small forex to B-book", NULL)
        else:
            decision, rule = "abook" if chance < 0.55 else "hybrid" if chance < 0.6 else "bbook", NULL
        if decision == "bbook":
            return Route(decision, NULL, _HOUSE, "", rule)
        provider, name = market.providers[int(self._random() * len(market.providers))]
        return Route(decision, provider, name, f"LP{next(self._numbers)}", rule)

    def _order_without_fill(self, now: int, client: Client, market: Market) -> None:
        name = self._rng.choices(self._outcomes, cum_weights=self._outcome_weights)[0]
        outcome = OUTCOMES[name]
        types = ENTRY_TYPES if name == "rejected" else (["limit"], [1]) if name == "killed" else RESTING_TYPES
        order_type = self._rng.choices(*types)[0]
        side = "buy" if self._random() < 0.5 else "sell"
        quantity = self._quantity(client, market, now)
        submitted = now + int(self._random() * 4 * MILLISECOND) + 200
        if name == "rejected":
            life = [(now, "rejected")]
            route = Route("rejected", NULL, _HOUSE, "", NULL)
        else:
            shortest, longest = outcome.life
            lifetime = int(shortest * (longest / shortest) ** self._random() * SECOND)
            life = [(now, "pending_new"), (submitted, "new")]
            for number, status in enumerate(outcome.statuses, start=1):
                life.append((submitted + lifetime * number // len(outcome.statuses) + number, status))
            route = self._route(client, market, quantity, now)
        order = Order(self._key(now), now, side, order_type, life, [], route)
        self._until_end(order, client, market, quantity)

    def _order_lines(
        self, order: Order, client: Client, market: Market, quantity: int, fills: list[Fill]
    ) -> list[tuple[Table, str]]:
        """The order, its events and its routing, as they are at the end of the history."""
        key, received, side, order_type, route = order.key, order.received, order.side, order.type, order.route
        life = [event for event in order.life if event[0] <= self._end]
        changed, status = life[-1]
        # Its first time in each status.
        at = {state: micros for micros, state in reversed(life)}
        filled = sum(fill.quantity for fill in fills)
        notional = sum(fill.quantity * fill.price for fill in fills) // UNIT
        commission = sum(fill.commission for fill in fills)
        first_price = order.fills[0].price if order.fills else market.ticks_at(received) * market.tick
        price, stop, limit, trail = self._prices(order, first_price, market)
        time_in_force, good_till = self._time_in_force(order, at)
        take_profit, stop_loss = self._exits(side, first_price, market, order_type)
        slippage = market.tick * int(self._random() * 4 - 1) if fills and order_type == "market" else 0
        reason = self._rng.choice(REJECT_REASONS) if status == "rejected" else ""
        number = next(self._numbers)
        execution = "market" if route.decision == "rejected" else route.decision
        currency = client.chain.currency
        line = (
            f"{key}\t{moment(received)}\t{moment(changed)}\t{client.chain.id}\t{client.user_id}\tS{number}\t{market.id}"
            f"\t{order_type}\t{side}\t{quantity}e-8\t{filled}e-8\t{price}\t{stop}\t{limit}\t{trail}\t{notional}e-8"
            f"\t{status}\t{time_in_force}\t{good_till}\t{execution}\t{route.decision}\t{take_profit}\t{stop_loss}\tf"
            f"\t{commission}e-2\t{currency}\t{slippage}e-8\t{reason}\t{route.provider}\t{route.lp_order_id}\t{order.parent}"
            f"\t{moment(received)}\t{optional_moment(at.get('new'))}"
            f"\t{optional_moment(at.get('filled'))}\t{optional_moment(at.get('canceled'))}"
            f"\t{optional_moment(at.get('expired'))}\t{client.user_id}\torder-router\t{len(life)}\n"
        )
        lines = [(ORDERS, line)]
        before, executed, filled_before = "none", iter(fills), 0
        for seq, (micros, after) in enumerate(life, start=1):
            event, exec_type = EVENTS[before, after]
            data = "{}"
            if exec_type == "trade":
                filled_after = filled_before + next(executed).quantity
                data = f'{{"filled_quantity": [{filled_before}e-8, {filled_after}e-8]}}'
                filled_before = filled_after
            lines.append(
                (
                    ORDER_AUDIT,
                    f"{key}\t{seq}\t{event}\t{exec_type}\t{before}\t{after}\t{data}\torder-router"
                    f"\t{reason if after == 'rejected' else ''}\t{route.provider if seq > 1 else NULL}"
                    f"\t{route.venue if seq > 1 else ''}\t{moment(micros)}\n",
                )
            )
            before = after
        if "new" in at:
            lines.append(
                (LP_ORDER_ROUTING, self._routing_line(order, quantity, at["new"], status, fills, first_price, slippage))
            )
        return lines

    def _prices(self, order: Order, now: int, market: Market) -> tuple[str, str, str, str]:
        """Price, stop, limit and trailing distance, of which the type has its own; what rests is off the market."""
        if order.type == "market":
            return NULL, NULL, NULL, NULL
        is_buy = order.side == "buy"
        distance = market.tick * int(market.spread * (1 + 20 * self._random()))
        if order.type == "trailing_stop":
            return NULL, NULL, NULL, f"{distance}e-8"
        if order.fills:
            # Nothing was filled at a price worse than the order's own.
            price = (max if is_buy else min)(fill.price for fill in order.fills)
        elif is_buy == (order.type in ("stop", "stop_limit")):
            # A stop to buy waits above the market, a limit below it; for sales it is the other way round.
            price = now + distance
        else:
            price = now - min(distance, now // 2 // market.tick * market.tick)
        if order.type == "stop":
            return NULL, f"{price}e-8", NULL, NULL
        if order.type == "stop_limit":
            beyond = 5 * market.tick
            return NULL, f"{price}e-8", f"{price + (beyond if is_buy else -beyond)}e-8", NULL
        return f"{price}e-8", NULL, NULL, NULL

    def _time_in_force(self, order: Order, at: dict[str, int]) -> tuple[str, str]:
        last, final = order.life[-1]
        if final == "expired":
            return "gtd", moment(last)
        if final in ("done_for_day", "calculated"):
            return "day", NULL
        if order.type == "market":
            return "ioc" if self._random() < 0.8 else "gtc", NULL
        if final == "canceled" and not order.fills and last - order.received < SECOND:
            return "ioc" if self._random() < 0.6 else "fok", NULL
        if self._random() < 0.1:
            return "gtd", moment(last + DAY)
        return "gtc", NULL

    def _exits(self, side: str, price: int, market: Market, order_type: str) -> tuple[str, str]:
        """Take profit and stop loss of some orders that open."""
        if order_type not in ("market", "limit") or self._random() > 0.3:
            return NULL, NULL
        distance = min(market.tick * market.spread * 20, price // 2 // market.tick * market.tick)
        sign = 1 if side == "buy" else -1
        return f"{price + sign * distance}e-8", f"{price - sign * distance}e-8"

    def _routing_line(
        self, order: Order, quantity: int, routed: int, status: str, fills: list[Fill], expected: int, slippage: int
    ) -> str:
        route = order.route
        acknowledged = min(routed + int(self._random() * 20 * MILLISECOND) + 100, self._end)
        success, actual, executed, error = NULL, NULL, NULL, ""
        if fills:
            executed_at = max(fills[-1].micros, acknowledged)
            average = sum(fill.quantity * fill.price for fill in fills) // sum(fill.quantity for fill in fills)
            success, actual, executed = "t", f"{average}e-8", moment(executed_at)
            latency = f"{(executed_at - routed) / MILLISECOND:.3f}"
        else:
            latency = NULL
            if status == "rejected":
                success, error = "f", "refused by the venue"
        capacity = "DEAL" if route.decision == "bbook" else "MTCH"
        reason = "no rule matched" if route.rule == NULL else "by rule"
        now = moment(routed)
        return (
            f"{self._key(routed)}\t{now}\t{now}\t{order.key}\t{route.provider}\t{route.decision}\t{route.rule}\t{capacity}"
            f"\t{quantity}e-8\t{int(self._random() * 100)}\t{reason}\t{expected}e-8\t{actual}\t{slippage}e-8"
            f"\t{(routed - order.received) / MILLISECOND:.3f}\t{latency}\t{success}\t{error}\t{now}"
            f"\t{moment(acknowledged)}\t{executed}\n"
        )

    # Positions --------------------------------------------------------------------------------------------------

    def _settle(self, client: Client, market: Market, orders: list[Order], *, is_long: bool) -> None:
        """Plan the position and what each fill does to it: its trade, its event, its entries in the books."""
        opened = orders[0].fills[0].micros
        if opened > self._end:
            return
        position, chain = self._key(opened), client.chain
        entry_side, sign = ("buy", 1) if is_long else ("sell", -1)
        quantity = cost = average = seq = realized = paid = swaps = 0
        last = orders[0].fills[0]
        for order in orders:
            for fill in order.fills:
                if fill.micros > self._end:
                    break
                before, last, seq, swap, pnl = quantity, fill, seq + 1, 0, 0
                if order.side == entry_side:
                    quantity += fill.quantity
                    cost += fill.quantity * fill.price
                    average = cost // quantity
                    event, effect = "opened" if seq == 1 else "increased", "open"
                else:
                    quantity -= fill.quantity
                    cost = average * quantity
                    event, effect = "decreased" if quantity else "closed", "close"
                    pnl = self._money(client, market, sign * (fill.price - average), fill.quantity, fill.micros)
                    nights = (fill.micros - opened) // DAY
                    if nights and not client.is_islamic:
                        rate = market.swap_long if is_long else market.swap_short
                        swap = round(
                            self._money(client, market, fill.price, fill.quantity, fill.micros) * rate * nights
                        )
                realized, paid, swaps = realized + pnl, paid + fill.commission, swaps + swap
                trade = self._key(fill.micros)
                legs = [Leg("commission", -fill.commission)] if fill.commission else []
                legs += [Leg("realized_pnl", pnl)] if pnl else []
                legs += [Leg("swap", swap)] if swap else []
                lines = self._fill_lines(client, market, position, order, fill, trade, effect, pnl, swap)
                lines.append(
                    (
                        POSITION_AUDIT,
                        f"{position}\t{seq}\t{event}\t{trade}\t{before}e-8\t{quantity}e-8\t{fill.price}e-8\torder-router"
                        f"\t{moment(fill.micros)}\n",
                    )
                )
                self._plan(fill.micros, lines, client, legs, trade)
        unrealized = margin = 0
        if quantity:
            mark = market.ticks_at(self._end) * market.tick
            unrealized = self._money(client, market, sign * (mark - average), quantity, self._end)
            margin = round(self._money(client, market, mark, quantity, self._end) * market.margin_rate)
            client.unrealized += unrealized
            client.margin_used += margin
        else:
            mark = last.price
        client.realized += realized
        entry = orders[0].fills[0].price
        closed = NULL if quantity else moment(last.micros)
        self._plan(
            orders[0].received,
            [
                (
                    POSITIONS,
                    f"{position}\t{moment(opened)}\t{moment(last.micros)}\t{chain.id}\t{client.user_id}\t{client.oms_type}"
                    f"\t{market.id}\t{'long' if is_long else 'short'}\t{quantity}e-8\t{entry}e-8\t{mark}e-8\t{mark}e-8"
                    f"\t{average}e-8\t{margin}e-2\t{unrealized}e-2\t{realized}e-2\t{paid}e-2\t{swaps}e-2\t{NULL}\t{NULL}"
                    f"\t{'t' if quantity else 'f'}\t{moment(opened)}\t{closed}\t{seq}\n",
                )
            ],
        )

    def _money(self, client: Client, market: Market, price: int, quantity: int, micros: int) -> int:
        """Price by quantity by contract size, in hundredths of the account's currency."""
        amount = price / UNIT * quantity / UNIT * market.contract_size
        markets = self._markets
        rate = markets.per_dollar(client.chain.currency, micros) / markets.per_dollar(market.quote_currency, micros)
        return round(amount * rate * 100)

    def _fill_lines(
        self,
        client: Client,
        market: Market,
        position: str,
        order: Order,
        fill: Fill,
        trade: str,
        effect: str,
        pnl: int,
        swap: int,
    ) -> list[tuple[Table, str]]:
        now, number, route = moment(fill.micros), next(self._numbers), order.route
        liquidity = "maker" if order.type in ("limit", "take_profit") else "taker"
        currency = client.chain.currency
        return [
            (
                ORDER_FILLS,
                f"{fill.key}\t{now}\t{order.key}\t{fill.price}e-8\t{fill.quantity}e-8\t{fill.commission}e-2\t{currency}"
                f"\t{liquidity}\t{route.venue}\tS{number}\t{now}\n",
            ),
            (
                TRADES,
                f"{trade}\t{now}\t{client.chain.id}\t{client.user_id}\t{position}\t{order.key}\t{fill.key}\t{market.id}"
                f"\t{order.side}\t{fill.quantity}e-8\t{fill.price}e-8\t{market.contract_size}\t{fill.commission}e-2"
                f"\t{swap}e-2\t{pnl}e-2\t{route.decision}\t{liquidity}\t{route.provider}\t{route.venue}\tS{number}"
                f"\t{effect}\t{now}\n",
            ),
        ]
