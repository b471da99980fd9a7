"""Near misses: business events as the services write them, of which one value may have slipped.

Random rows hardly ever balance, so they test the outermost rules only. These get to the inner ones.
"""

import json
import random
import uuid
from collections.abc import Callable
from decimal import Decimal

from ops.fuzz.catalog import Catalog
from ops.fuzz.statements import Statement
from ops.fuzz.values import EDGES, Row, Values


class Plays:
    """Draws plays: statements that belong to one transaction."""

    def __init__(self, catalog: Catalog, values: Values, dice: random.Random) -> None:
        self.catalog = catalog
        self.values = values
        self.live = values.live
        self.dice = dice
        self._functions = {function.name: function for function in catalog.functions}

    def draw(self) -> list[Statement]:
        plays: list[Callable[[], list[Statement]]] = [
            self.entries_by_hand, self.journal, self.cash, self.new_order, self.new_order, self.order_on_its_way,
            self.change_request, self.fill, self.fill, self.fill, self.undo, self.mark, self.back_to_work,
        ]  # fmt: skip
        return self.dice.choice(plays)()

    def entries_by_hand(self) -> list[Statement]:
        """A journal and its entries, the chain continued by hand."""
        money = self._accounts_of_one_currency(self.dice.choice([2, 2, 3]))
        if not money:
            return []
        journal = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        amounts = self._amounts(len(money))
        kind = self.dice.choice(["deposit", "withdrawal", "transfer", "adjustment"])
        entries: list[Row] = []
        for account, amount in zip(money, amounts, strict=True):
            balance = Decimal(account["balance"] or 0)
            entry: Row = {
                "journal_id": journal,
                "account_id": account["id"],
                "currency": account["currency"],
                "seq": str(int(account["last_seq"] or 0) + 1),
                "transaction_type": kind,
                "amount": str(amount),
                "balance_before": str(balance),
                "balance_after": str(balance + amount),
            }
            entries.append(entry)
        slipped = self.dice.choice(entries)
        self._slip("account_transactions", slipped)
        if self.dice.random() < 0.1:
            old = self.live.pick("journals")
            for entry in entries:
                entry["journal_id"] = old["id"] if old else None
        head = self._insert("journals", [{"id": journal, "kind": kind, "idempotency_key": self._key("hand")}])
        if self.dice.random() < 0.2:
            return [head, *(self._insert("account_transactions", [entry]) for entry in entries)]
        return [head, self._insert("account_transactions", entries)]

    def journal(self) -> list[Statement]:
        """A journal through its door; some keys come again."""
        money = self._accounts_of_one_currency(self.dice.choice([2, 2, 3]))
        if not money:
            return []
        legs = [
            {"account": account["id"], "type": "transfer", "amount": str(amount)}
            for account, amount in zip(money, self._amounts(len(money)), strict=True)
        ]
        if self.dice.random() < 0.4:
            leg = self.dice.choice(legs)
            leg[self.dice.choice(list(leg))] = self.dice.choice([*EDGES["numeric"], *EDGES["uuid"], "deposit"])
        kind = self.dice.choice(["transfer", "deposit", "adjustment", "withdrawal"])
        arguments = [kind, self._key("door"), json.dumps(legs)]
        call = Statement(table="post_journal()", sql="SELECT post_journal(%s, %s, %s::jsonb)", parameters=[*arguments])
        return [call, call] if self.dice.random() < 0.2 else [call]

    def cash(self) -> list[Statement]:
        """A request, and somebody who decides on it, in one transaction or later."""
        account, other = self.live.pick("accounts"), self.live.pick("users")
        if not account or not other:
            return []
        request: Row = {
            "id": str(uuid.UUID(int=self.dice.getrandbits(128), version=4)),
            "account_id": account["id"],
            "request_type": self.dice.choice(["deposit", "withdrawal"]),
            "amount": str(self.dice.randrange(1, 100_000)),
            "currency": account["currency"],
            "requested_by_id": account["user_id"],
        }
        self._slip("cash_requests", request)
        asked = self._insert("cash_requests", [request])
        decided = Statement(
            table="approve_cash()",
            sql="SELECT approve_cash(%s::uuid, %s::uuid)",
            parameters=[request["id"], other["id"]],
        )
        return [asked, decided] if self.dice.random() < 0.7 else [asked]

    def new_order(self) -> list[Statement]:
        account, instrument = self.live.pick("accounts"), self.live.pick("instruments")
        if not account or not instrument:
            return []
        order: Row = {
            "account_id": account["id"],
            "user_id": account["user_id"],
            "client_order_id": self._key("order"),
            "instrument_id": instrument["id"],
            "order_type": "market",
            "side": self.dice.choice(["buy", "sell"]),
            "quantity": str(Decimal(instrument["min_quantity"] or 1) * self.dice.choice([1, 2, 10])),
            "status": self.dice.choice(["pending_new", "new", "new"]),
        }
        if self.dice.random() < 0.5:
            order |= {"order_type": "limit", "price": str(Decimal(instrument["tick_size"] or 1) * 10_000)}
        self._slip("orders", order)
        return [self._insert("orders", [order])]

    def order_on_its_way(self) -> list[Statement]:
        order = self.live.pick("orders")
        if not order:
            return []
        statuses = self.catalog.tables["orders"].columns["status"].words
        return [
            Statement(
                table="orders",
                sql="UPDATE orders SET status = %s WHERE id = %s",
                parameters=[self.dice.choice(statuses), order["id"]],
            )
        ]

    def change_request(self) -> list[Statement]:
        """A request to cancel or replace, and its acceptance."""
        order = self.live.pick("orders")
        if not order or "order_change_requests" not in self.catalog.tables:
            return []
        request: Row = {"order_id": order["id"], "kind": "cancel"}
        accept: tuple[str, list[str | None]] = ("status = 'canceled'", [])
        if self.dice.random() < 0.6:
            terms = ("price", "stop_price", "limit_price", "trailing_distance", "time_in_force", "good_till_date")
            quantity = str(Decimal(order["quantity"] or 1) * self.dice.choice([1, 2, 3]))
            request |= {"kind": "replace", "quantity": quantity, **{name: order[name] for name in terms}}
            accept = ("status = %s, quantity = %s", [self.dice.choice(["new", "partially_filled"]), quantity])
        self._slip("order_change_requests", request)
        accepted = Statement(
            table="orders",
            sql=f"UPDATE orders SET {accept[0]} WHERE id = %s",
            parameters=[*accept[1], order["id"]],
        )
        return [self._insert("order_change_requests", [request]), accepted]

    def fill(self) -> list[Statement]:
        """An execution of an order: through the door if there is one, by hand as well."""
        order = self.live.pick("orders")
        if not order:
            return []
        quantity = self.dice.choice([order["quantity"], order["remaining_quantity"], "0.01", "1"])
        row: Row = {
            "order_id": order["id"],
            "fill_price": self.dice.choice([order["price"] or "1.1", "1.1", "1.23456"]),
            "fill_quantity": quantity,
            "venue": "XOFF",
            "execution_id": self._key("execution"),
        }
        self._slip("order_fills", row)
        if "apply_fill" not in self._functions or self.dice.random() < 0.1:
            return [self._insert("order_fills", [row])]
        call = self._call("apply_fill", {name.removeprefix("fill_"): value for name, value in row.items()})
        return [call, call] if self.dice.random() < 0.1 else [call]

    def undo(self) -> list[Statement]:
        """A trade that is busted, or corrected to other terms."""
        trade = self.live.pick("trades")
        if not trade or "bust_trade" not in self._functions:
            return []
        known = {"of_trade": trade["id"], "reason": "fuzz", "actor": "fuzz"}
        if self.dice.random() < 0.5:
            return [self._call("bust_trade", known)]
        terms = {name: trade[name] for name in ("price", "quantity")}
        name = self.dice.choice(list(terms))
        columns = self.catalog.tables["trades"].columns
        terms[name] = self.values.neighbour(self.catalog.tables["trades"], columns[name], trade)
        return [self._call("correct_trade", known | terms)]

    def mark(self) -> list[Statement]:
        """A new price of an instrument, and what it makes of the positions."""
        instrument = self.live.pick("instruments")
        if not instrument:
            return []
        mark: Row = {
            "instrument_id": instrument["id"],
            "marked_at": "now",
            "mid": self.dice.choice(["1.1", "1.2", "95"]),
        }
        self._slip("instrument_marks", mark)
        marked = self._insert("instrument_marks", [mark])
        if "mark_to_market" not in self._functions:
            return [marked]
        return [marked, self._call("mark_to_market", {})]

    def _call(self, function: str, known: Row) -> Statement:
        """A call with the arguments that are known, and now and then with others that it has."""
        arguments, parameters = [], []
        for argument in self._functions[function].arguments:
            if argument.name in known or not argument.has_default or self.dice.random() < 0.1:
                arguments.append(f'"{argument.name}" => %s::{argument.type}')
                drawn = argument.name not in known
                parameters.append(self.values.for_argument(argument) if drawn else known[argument.name])
        return Statement(
            table=f"{function}()", sql=f"SELECT * FROM {function}({', '.join(arguments)})", parameters=parameters
        )

    def back_to_work(self) -> list[Statement]:
        """An account or instrument that random updates have closed takes orders again."""
        if self.dice.random() < 0.5:
            table, open_ = "accounts", "is_active = true, is_locked = false, locked_reason = '', deleted_at = NULL"
        else:
            table, open_ = "instruments", "is_active = true, is_tradable = true, deleted_at = NULL"
        row = self.live.pick(table)
        if not row:
            return []
        return [Statement(table=table, sql=f"UPDATE {table} SET {open_} WHERE id = %s", parameters=[row["id"]])]

    def _accounts_of_one_currency(self, count: int) -> list[Row]:
        first = self.live.pick("accounts")
        if first is None:
            return []
        alike = [row for row in self.live.of("accounts") if row["currency"] == first["currency"]]
        return self.dice.sample(alike, count) if len(alike) >= count else []

    def _amounts(self, count: int) -> list[Decimal]:
        """Amounts that sum to zero, now and then almost."""
        amounts = [Decimal(self.dice.choice(["1", "0.01", "100", "-5", "1000000"])) for _ in range(count - 1)]
        amounts.append(-sum(amounts, Decimal(0)))
        if self.dice.random() < 0.1:
            amounts[0] += Decimal("0.00000001")
        return amounts

    def _slip(self, table: str, row: Row) -> None:
        """Give one column another value, every second time."""
        if self.dice.random() < 0.5:
            columns = self.catalog.tables[table].columns
            name = self.dice.choice([*row, *columns])
            if name in columns and not columns[name].is_generated:
                row[name] = self.values.for_column(self.catalog.tables[table], columns[name], row)

    @staticmethod
    def _insert(table: str, rows: list[Row]) -> Statement:
        names = list(dict.fromkeys(name for row in rows for name in row))
        line = f"({', '.join(['%s'] * len(names))})"
        return Statement(
            table=table,
            sql=f"INSERT INTO {table} ({', '.join(names)}) VALUES {', '.join([line] * len(rows))}",
            parameters=[row.get(name) for row in rows for name in names],
        )

    def _key(self, prefix: str) -> str:
        return f"{prefix}-{self.dice.getrandbits(12 if self.dice.random() < 0.1 else 48):x}"
