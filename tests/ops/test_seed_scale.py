"""`seed_test_data --scale`: a large database must look as if every row had been written by the broker's services."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connections

from accounts.invariants import INVARIANTS as LEDGER_INVARIANTS
from config.commands import Failed, Locked
from config.database.invariants import Invariant
from ops.seeding.additions import Additions
from ops.seeding.lock import SEED_LOCK
from ops.seeding.scale.load import load, refuse_second_load
from ops.seeding.scale.wire import Keys, moment
from ops.seeding.seed import seed_small_broker
from tests import databases
from tests.databases import Database
from trading.invariants import INVARIANTS as ORDER_INVARIANTS

INVARIANTS = [*LEDGER_INVARIANTS, *ORDER_INVARIANTS]
SCALE = 0.01
END = datetime.now(UTC).replace(microsecond=0)
#: Facts of a history that do not depend on keys, which the database makes.
FACTS = """
    SELECT (SELECT md5(string_agg(concat_ws(',', client_order_id, received_at, order_type, side, quantity, status,
                                            filled_notional, event_seq), '|'
                                  ORDER BY client_order_id)) FROM orders) AS orders,
           (SELECT md5(string_agg(concat_ws(',', execution_id, executed_at, price, pnl, commission, swap), '|'
                                  ORDER BY execution_id)) FROM trades) AS trades,
           (SELECT md5(string_agg(concat_ws(',', account_number, balance, last_seq, margin_used), '|'
                                  ORDER BY account_number)) FROM accounts) AS accounts
"""


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[Database, Additions]]:
    """A database with a simulated history, made once for all tests that only read it."""
    default = connections["default"]
    before = default.settings_dict["NAME"]
    with django_db_blocker.unblock(), databases.clone(f"scale_{os.getpid()}_0") as database:
        default.close()
        default.settings_dict["NAME"] = database.name
        seed_small_broker()
        added = load(scale=SCALE, seed=1, until=END)
        default.close()
        default.settings_dict["NAME"] = before
        yield database, added


@pytest.fixture
def history(loaded: tuple[Database, Additions]) -> Database:
    return loaded[0]


def test_makes_about_a_thousand_orders_and_all_that_belongs_to_them(loaded: tuple[Database, Additions]) -> None:
    database, added = loaded
    assert 850 <= added["orders"] <= 1150
    assert added["lp_quotes"] == 2000
    assert added["trades"] == added["order_fills"] == added["position_audit"] > 500
    for table in ("orders", "positions", "order_audit", "lp_order_routing", "lp_quotes", "instrument_marks"):
        assert database.rows(f"SELECT count(*) FROM {table}") == [{"count": added[table]}]


#: Each query finds what would be wrong.
FAULTS = {
    "a journal does not sum to zero": """
        SELECT journal_id FROM account_transactions GROUP BY 1, currency HAVING sum(amount) <> 0""",
    "a journal has no entries": """
        SELECT id FROM journals WHERE NOT EXISTS (SELECT FROM account_transactions WHERE journal_id = journals.id)""",
    "a balance is not the sum of its ledger": """
        SELECT account_number FROM accounts LEFT JOIN account_transactions t ON t.account_id = accounts.id
         GROUP BY accounts.id HAVING balance <> coalesce(sum(amount), 0) OR last_seq <> count(t.id)""",
    "a ledger is not a chain in the order of time": """
        SELECT * FROM (SELECT balance_before, seq, processed_at, row_number() OVER ledger AS number,
                              lag(balance_after, 1, 0) OVER ledger AS balance,
                              lag(processed_at, 1, '-infinity') OVER ledger AS earlier
                         FROM account_transactions
                       WINDOW ledger AS (PARTITION BY account_id ORDER BY seq)) AS chain
         WHERE balance_before <> balance OR seq <> number OR processed_at < earlier""",
    "an entry is in another currency than its account": """
        SELECT t.id FROM account_transactions t JOIN accounts ON accounts.id = account_id
         WHERE t.currency <> accounts.currency""",
    "demo money meets real money": """
        SELECT journal_id FROM account_transactions JOIN accounts ON accounts.id = account_id
         GROUP BY 1 HAVING count(DISTINCT account_type = 'demo') <> 1""",
    "an order's filled quantity or notional is not that of its fills": """
        SELECT orders.id FROM orders LEFT JOIN order_fills ON order_id = orders.id GROUP BY orders.id
        HAVING filled_quantity <> coalesce(sum(fill_quantity), 0)
            OR filled_notional <> coalesce(sum(fill_quantity * fill_price), 0)
            OR commission <> coalesce(sum(fill_commission), 0)""",
    "an order's events are no chain": """
        SELECT * FROM (SELECT previous_status, seq, row_number() OVER life AS number,
                              lag(new_status, 1, 'none') OVER life AS status, created_at,
                              lag(created_at, 1, '-infinity') OVER life AS earlier
                         FROM order_audit WINDOW life AS (PARTITION BY order_id ORDER BY seq)) AS chain
         WHERE previous_status <> status OR seq <> number OR created_at < earlier""",
    "a change of status is illegal": """
        SELECT seq FROM order_audit a
         WHERE NOT EXISTS (SELECT FROM order_status_transitions t
                            WHERE t.from_status = a.previous_status AND t.to_status = a.new_status
                              AND t.exec_type = a.exec_type)""",
    "an order's head is not its last event": """
        SELECT id FROM orders
         WHERE NOT EXISTS (SELECT FROM order_audit
                            WHERE order_id = orders.id AND seq = event_seq AND new_status = status)
            OR event_seq <> (SELECT count(*) FROM order_audit WHERE order_id = orders.id)""",
    "an order has more fills than filling events": """
        SELECT orders.id FROM orders
         WHERE (SELECT count(*) FROM order_fills WHERE order_id = orders.id)
            <> (SELECT count(*) FROM order_audit WHERE order_id = orders.id AND exec_type = 'trade')""",
    "a limit is filled at a worse price": """
        SELECT orders.id FROM orders JOIN order_fills ON order_id = orders.id
         WHERE order_type IN ('limit', 'take_profit')
           AND CASE side WHEN 'buy' THEN fill_price > price ELSE fill_price < price END""",
    "a quantity is off the step or outside the limits": """
        SELECT orders.id FROM orders JOIN instruments ON instruments.id = instrument_id
         WHERE mod(quantity, quantity_step) <> 0 OR NOT quantity BETWEEN min_quantity AND max_quantity""",
    "a price is off the tick": """
        SELECT order_fills.id FROM order_fills JOIN orders ON orders.id = order_id
          JOIN instruments ON instruments.id = instrument_id
         WHERE mod(fill_price, tick_size) <> 0 OR mod(price, tick_size) <> 0 OR mod(stop_price, tick_size) <> 0
            OR mod(limit_price, tick_size) <> 0 OR mod(trailing_distance, tick_size) <> 0
            OR mod(take_profit, tick_size) <> 0 OR mod(stop_loss, tick_size) <> 0""",
    "a trade is not its fill": """
        SELECT trades.id FROM trades JOIN order_fills ON order_fills.id = fill_id
          JOIN orders ON orders.id = trades.order_id
         WHERE trades.quantity <> fill_quantity OR trades.price <> fill_price OR trades.side <> orders.side
            OR trades.commission <> fill_commission OR trades.account_id <> orders.account_id""",
    "a position is not the sum of its trades": """
        SELECT positions.id FROM positions LEFT JOIN trades ON position_id = positions.id GROUP BY positions.id
        HAVING positions.quantity <> sum(trades.quantity * CASE position_effect WHEN 'open' THEN 1 ELSE -1 END)
            OR realized_pnl <> sum(pnl) OR commission_paid <> sum(trades.commission) OR swap_charges <> sum(swap)
            OR positions.last_seq <> count(*)
            OR open_time <> min(executed_at) OR close_time <> max(executed_at)""",
    "a position's events are no chain": """
        SELECT * FROM (SELECT quantity_before, seq, row_number() OVER life AS number,
                              lag(quantity_after, 1, 0) OVER life AS quantity
                         FROM position_audit WINDOW life AS (PARTITION BY position_id ORDER BY seq)) AS chain
         WHERE quantity_before <> quantity OR seq <> number""",
    "a position's head is not its last event": """
        SELECT positions.id FROM positions
         WHERE NOT EXISTS (SELECT FROM position_audit
                            WHERE position_id = positions.id AND seq = last_seq AND quantity_after = quantity)""",
    "two positions of an account and instrument overlap": """
        SELECT a.id FROM positions a JOIN positions b USING (account_id, instrument_id)
         WHERE a.id < b.id AND tstzrange(a.open_time, a.close_time) && tstzrange(b.open_time, b.close_time)""",
    "a trade's money is not in the books": """
        SELECT trades.id FROM trades LEFT JOIN account_transactions t
            ON reference_type = 'trades' AND reference_id = trades.id AND t.account_id = trades.account_id
         GROUP BY trades.id HAVING pnl + swap - commission <> coalesce(sum(amount), 0)""",
    "a profit is not what the prices say": """
        SELECT trades.id FROM trades JOIN positions ON positions.id = position_id
          JOIN accounts ON accounts.id = trades.account_id
          JOIN instruments ON instruments.id = trades.instrument_id
         WHERE position_effect = 'close' AND accounts.currency = 'USD' AND quote_currency = 'USD'
           AND positions.last_seq = 2
           AND abs(pnl - (trades.price - entry_price) * trades.quantity * trades.contract_size
                         * CASE positions.side WHEN 'long' THEN 1 ELSE -1 END) > 0.01""",
    "an order of a demo account leaves the house": """
        SELECT orders.id FROM orders JOIN accounts ON accounts.id = account_id
         WHERE account_type = 'demo' AND routing_decision NOT IN ('bbook', 'rejected')""",
    "a routing is not its order's": """
        SELECT r.id FROM lp_order_routing r JOIN orders ON orders.id = order_id
         WHERE r.routing_decision <> orders.routing_decision
            OR r.provider_id IS DISTINCT FROM orders.liquidity_provider_id
            OR (r.success IS TRUE) <> (filled_quantity > 0)""",
    "something is traded with a provider that does not offer it": """
        SELECT trades.id FROM trades WHERE liquidity_provider_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM lp_instruments l
                            WHERE provider_id = liquidity_provider_id AND l.instrument_id = trades.instrument_id)""",
    "something is traded while its market is closed": """
        SELECT trades.id FROM trades JOIN instruments ON instruments.id = instrument_id
         WHERE instrument_type <> 'crypto'
           AND (extract(isodow FROM executed_at AT TIME ZONE 'UTC') = 6
                OR extract(isodow FROM executed_at AT TIME ZONE 'UTC') = 7
                   AND extract(hour FROM executed_at AT TIME ZONE 'UTC') < 22)""",
    "something lies after the end of the history": """
        SELECT executed_at FROM trades WHERE executed_at > %(end)s UNION ALL
        SELECT received_at FROM orders WHERE greatest(received_at, filled_at, canceled_at, expired_at) > %(end)s
         UNION ALL
        SELECT quoted_at FROM lp_quotes WHERE quoted_at > %(end)s""",
    "an account's valuation is not that of its positions": """
        SELECT account_number FROM accounts LEFT JOIN positions ON account_id = accounts.id AND kind = 'client'
         WHERE account_number LIKE 'SIM-%%' GROUP BY accounts.id
        HAVING accounts.unrealized_pnl <> coalesce(sum(positions.unrealized_pnl), 0)
            OR margin_used <> coalesce(sum(margin_required), 0)
            OR accounts.realized_pnl <> coalesce(sum(positions.realized_pnl), 0)
            OR equity <> balance + accounts.unrealized_pnl""",
    "a row lies in a catch-all partition": """
        SELECT 1 FROM lp_quotes_catch_all UNION ALL SELECT 1 FROM instrument_marks_catch_all""",
    "a table has no statistics": """
        SELECT relname FROM pg_class WHERE relname IN ('orders', 'trades', 'account_transactions', 'lp_quotes')
           AND reltuples <= 0""",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_row_where(history: Database, fault: str) -> None:
    with history.connect(owner=True) as connection:
        assert connection.execute(FAULTS[fault], {"end": END}).fetchall() == []  # type: ignore[call-overload]


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
def test_every_invariant_of_the_books_holds(history: Database, invariant: Invariant) -> None:
    with history.connect(owner=True) as connection:
        assert connection.execute(invariant.sql).fetchall() == []


def test_a_closing_that_was_loaded_is_not_busted(history: Database) -> None:
    """Loaded events do not say what the position had cost that would be held again."""
    with history.connect() as dealer, pytest.raises(psycopg.Error) as caught, dealer.transaction():
        dealer.execute("SELECT bust_trade(id, 'wrong', 'Ann') FROM trades WHERE position_effect = 'close' LIMIT 1")
    assert caught.value.diag.constraint_name == "trades_bust_known_cost"


def test_every_trigger_is_as_it_was(history: Database, fresh_database: Database) -> None:
    triggers = """
        SELECT tgrelid::regclass::text AS table, tgname, tgenabled
          FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
         WHERE NOT tgisinternal AND NOT relispartition ORDER BY 1, 2"""
    assert history.rows(triggers) == fresh_database.rows(triggers)


def test_orders_are_of_every_type_and_come_to_every_kind_of_end(history: Database) -> None:
    rows = history.rows(
        "SELECT array_agg(DISTINCT order_type) AS types, array_agg(DISTINCT status) AS statuses FROM orders"
    )
    assert set(rows[0]["types"]) == {"market", "limit", "stop", "stop_limit", "trailing_stop", "take_profit"}
    assert set(rows[0]["statuses"]) >= {"filled", "canceled", "rejected", "expired", "new"}


def test_most_orders_are_filled(history: Database) -> None:
    share = history.rows("SELECT avg((status = 'filled')::int) AS share FROM orders")[0]["share"]
    assert 0.6 < share < 0.85


def test_keys_lie_in_the_order_of_time(history: Database) -> None:
    ranks = "row_number() OVER (ORDER BY id) AS by_key, row_number() OVER (ORDER BY received_at) AS by_time"
    rows = history.rows(f"SELECT max(abs(by_key - by_time)) AS distance FROM (SELECT {ranks} FROM orders) AS ranked")
    assert rows == [{"distance": 0}]


def test_the_same_seed_gives_the_same_history(history: Database, live_database: Database) -> None:
    seed_small_broker()
    load(scale=SCALE, seed=1, until=END)
    assert live_database.rows(FACTS) == history.rows(FACTS)


def test_another_seed_gives_another_history(history: Database, live_database: Database) -> None:
    seed_small_broker()
    load(scale=SCALE, seed=2, until=END)
    again, first = live_database.rows(FACTS)[0], history.rows(FACTS)[0]
    assert all(again[table] != first[table] for table in first)


def test_a_second_load_is_refused_and_a_reset_makes_room(live_database: Database) -> None:
    seed_small_broker()
    load(scale=0.001, seed=1)
    before = live_database.rows("SELECT count(*) FROM orders")
    with pytest.raises(Failed, match="A simulated history is loaded already"):
        load(scale=0.001, seed=1)
    assert live_database.rows("SELECT count(*) FROM orders") == before
    done = live_database.manage(
        *("seed_test_data", "--reset", "--noinput", "--scale", "0.001", "--json"),
        *("--password-env", "SEED_PASSWORD", "--confirm", live_database.name),
        env={"SEED_PASSWORD": "correct-horse-battery"},
    )
    assert done.returncode == 0, done.stderr
    with pytest.raises(Failed):
        refuse_second_load()


def test_a_load_needs_every_seeded_instrument(live_database: Database) -> None:
    seed_small_broker()
    live_database.rows("DELETE FROM instruments WHERE symbol = 'USDJPY'")
    with pytest.raises(Failed, match=r"but USDJPY or its providers were deleted"):
        load(scale=0.001, seed=1)


def test_a_load_beside_another_run_is_refused(live_database: Database) -> None:
    seed_small_broker()
    with live_database.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [SEED_LOCK])
        with pytest.raises(Locked):
            load(scale=0.001, seed=1)
    assert live_database.rows("SELECT count(*) FROM orders") == [{"count": 0}]


def test_a_load_that_fails_leaves_nothing(live_database: Database) -> None:
    seed_small_broker()
    before = live_database.rows("SELECT count(*), sum(balance) FROM accounts")

    def fail(share: float) -> None:
        if live_database:
            raise RuntimeError("the terminal is gone")

    with pytest.raises(RuntimeError):
        load(scale=0.001, seed=1, advance=fail)
    assert live_database.rows("SELECT count(*), sum(balance) FROM accounts") == before


class TestWire:
    def test_times_are_exact_to_the_microsecond(self) -> None:
        when = datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC)
        assert moment(int(when.timestamp()) * 1_000_000 + 999_999) == "2026-03-01 23:59:59.999999+00"

    def test_keys_are_uuids_of_version_7_in_the_order_of_time(self) -> None:
        keys = Keys(Random(1))
        start = datetime(2026, 3, 1, tzinfo=UTC)
        made = [
            keys.at(int((start + timedelta(microseconds=number)).timestamp() * 1_000_000)) for number in range(2000)
        ]
        assert {(UUID(key).version, UUID(key).variant) for key in made} == {(7, "specified in RFC 4122")}
        assert made == sorted(made)
