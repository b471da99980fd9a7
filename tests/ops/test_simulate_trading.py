"""A simulated day on a database of its own, by real connections; what it claims is looked up in the database."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Account, CashRequest
from config.commands import Failed, UsageFailed
from ops.seeding.seed import seed_small_broker
from ops.simulation.acknowledged import Acknowledgments, reconcile
from ops.simulation.cast import assemble
from ops.simulation.client import Client
from ops.simulation.day import Outcome, simulate
from ops.simulation.desk import Desk
from ops.simulation.events import Event
from ops.simulation.market import read_market
from ops.simulation.plan import Plan, mark, shares
from ops.simulation.report import as_json
from ops.verification.books import verify_books
from tests import databases
from tests.databases import PROJECT, Database
from trading import pretrade
from trading.models import Order, Position

#: A Wednesday, so that swaps are charged, and for three nights.
NIGHT = date(2030, 1, 2)
_numbers = count(1)


def add_market() -> None:
    """A small broker with quotes of two instruments."""
    seed_small_broker(password_for=lambda username: f"{username}-has-a-password")
    for symbol in ("GBPUSD", "USDJPY"):
        options: dict[str, Any] = {"provider": "OANDA", "instrument": symbol, "format": "simulated", "count": 600}
        call_command("import_quotes", **options, json_output=True)


@pytest.fixture
def market(live_database: Database, capsys: Any) -> Database:
    add_market()
    capsys.readouterr()
    return live_database


@pytest.fixture
def client(market: Database) -> Iterator[Client]:
    """One client in this process, before his first event."""
    paths = read_market()
    acknowledgments = Acknowledgments(None)
    desk = Desk(assemble(1, paths)[0], paths, name=f"test{next(_numbers)}", night=NIGHT)
    client = Client(desk, number=1, patience=10, acknowledgments=acknowledgments)
    client.play(mark(path, 0) for path in paths)
    client.tally.accepted.clear()
    yield client
    acknowledgments.close()


def order(subject: str = "o1", **terms: Any) -> Event:
    path = read_market()[0]
    terms = {"instrument": path.symbol, "order_type": "market", "side": "buy", "quantity": path.min_quantity} | terms
    return Event(kind="submit_order", account=0, subject=subject, terms=terms)


def test_a_day_is_traded_and_the_books_hold(market: Database, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "acknowledged.jsonl"
    options = ["--orders", "150", "--clients", "3", "--seed", "5", "--night", str(NIGHT), "--acknowledged", str(file)]
    call_command("simulate_trading", *options, "--noinput", "--json")
    day = json.loads(capsys.readouterr().out)
    assert list(day) == [
        "traded",
        "orders",
        "seed",
        "run",
        "night",
        "plan",
        "interrupted",
        "gave_up",
        "clients",
        "planned",
        "accepted",
        "refused",
        "skipped",
        "retries",
        "reconnects",
        "seconds",
        "events_per_second",
        "latency_ms",
    ]
    assert (day["orders"], day["seed"], day["clients"], day["night"]) == (150, 5, 3, "2030-01-02")
    assert (day["interrupted"], day["gave_up"], day["reconnects"]) == (False, [], 0)
    # Whatever was planned was accepted, refused or skipped, and of what was accepted each is there once.
    refused = {kind: sum(reasons.values()) for kind, reasons in day["refused"].items()}
    assert sum(day["accepted"].values()) + sum(refused.values()) + day["skipped"] == day["planned"]
    assert Counter(json.loads(line)["kind"] for line in file.read_text().splitlines()) == day["accepted"]
    assert reconcile(file) == []
    assert verify_books().broken == 0
    assert day["accepted"]["submit_order"] + refused["submit_order"] == 150
    assert Order.objects.count() == day["accepted"]["submit_order"]
    assert CashRequest.objects.count() == day["accepted"]["request_cash"] >= 12
    for kind, latency in day["latency_ms"].items():
        assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"] <= latency["max"], kind
    # A day has something of everything.
    statuses = set(Order.objects.values_list("status", flat=True))
    assert statuses >= {"new", "filled", "canceled", "expired", "rejected"}
    assert set(Order.objects.values_list("order_type", flat=True)) == {
        "market",
        "limit",
        "stop",
        "stop_limit",
        "trailing_stop",
        "take_profit",
    }
    assert set(Order.objects.values_list("time_in_force", flat=True)) == {"gtc", "ioc", "fok", "day", "gtd"}
    kinds = {row["kind"] for row in market.rows("SELECT DISTINCT kind FROM journals WHERE idempotency_key !~ '^seed'")}
    assert kinds >= {"deposit", "trade", "swap"}
    partly = "SELECT seq FROM order_audit WHERE exec_type = 'trade' AND new_status = 'partially_filled'"
    assert market.rows(partly)
    # Everybody was marked at the close, at prices of the quotes.
    assert not Position.objects.filter(is_open=True, mark_price=None).exists()


def test_the_acknowledged_file_tells_what_the_database_lacks_or_has_twice(
    market: Database, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "acknowledged.jsonl"
    client.acknowledgments = Acknowledgments(file)
    fill = {"price": read_market()[0].price(150_000), "quantity": read_market()[0].min_quantity, "execution": "1"}
    client.play(
        [
            order(time_in_force="gtc"),
            Event(kind="acknowledge_order", subject="o1", terms={"provider": True}),
            Event(kind="apply_fill", subject="o1", terms=fill),
        ]
    )
    assert client.tally.accepted == {"submit_order": 1, "acknowledge_order": 1, "apply_fill": 1}
    assert reconcile(file) == []
    lines = file.read_text().splitlines(keepends=True)
    name = client.desk.name
    file.write_text("".join([*lines, lines[2].replace("-o1-1", "-o1-2"), lines[1].replace("-o1", "-o2")]))
    assert [(each.key, each.what, each.acknowledged, each.found) for each in reconcile(file)] == [
        (f"{name}-o1", "trade", 2, 1),
        (f"{name}-o1-2", "execution", 1, 0),
        (f"{name}-o2", "new", 1, 0),
    ]
    file.write_text("".join(lines[:2]))
    assert [(each.what, each.acknowledged, each.found) for each in reconcile(file)] == [("trade", 0, 1)]


def state(run: str) -> list[list[Any]]:
    """All that a day has left behind, but for ids and times."""
    queries = [
        "SELECT client_order_id, account_number, order_type, side, orders.quantity, orders.status, filled_quantity,"
        " average_fill_price, commission, event_seq FROM orders JOIN accounts ON accounts.id = account_id ORDER BY 1",
        "SELECT account_number, balance, equity, margin_used, last_seq FROM accounts ORDER BY 1",
        "SELECT account_number, symbol, side, quantity, average_price, positions.realized_pnl, swap_charges, is_open,"
        " positions.last_seq FROM positions JOIN accounts ON accounts.id = account_id"
        " JOIN instruments ON instruments.id = instrument_id ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9",
        "SELECT external_reference, status, amount FROM cash_requests ORDER BY 1",
    ]
    found = []
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(query)
            found.append([(str(row[0]).removeprefix(run), *row[1:]) for row in cursor.fetchall()])
    return found


def test_one_client_with_the_same_seed_ends_the_same(market: Database, capsys: Any) -> None:
    def day() -> tuple[str, list[list[Any]]]:
        outcome = simulate(orders=80, clients=1, seed=11, night=NIGHT)
        return outcome.digest, state(outcome.run)

    first = day()
    default = connection.settings_dict
    with databases.clone(f"twin_{default['NAME'][-12:]}") as twin:
        connection.close()
        before, default["NAME"] = default["NAME"], twin.name
        try:
            add_market()
            second = day()
        finally:
            connection.close()
            default["NAME"] = before
    assert first == second
    assert len(first[1][0]) > 70


def test_a_second_day_follows_the_first_by_the_same_plan(market: Database) -> None:
    def day(seed: int) -> Outcome:
        return simulate(orders=20, clients=2, seed=seed, night=NIGHT)

    first, again, other = day(1), day(1), day(2)
    assert first.digest == again.digest != other.digest
    assert first.run != again.run
    assert Account.objects.filter(account_number__startswith="SIM-").count() == 8
    taken = sum(tally.accepted["submit_order"] for each in (first, again, other) for tally in each.clients)
    assert Order.objects.count() == taken > 50
    assert verify_books().broken == 0


def test_plans_differ_by_client_and_share_all_orders(market: Database) -> None:
    paths = read_market()

    def plan(client: int, orders: int) -> tuple[str, int]:
        events = list(Plan(paths, seed=1, client=client, orders=orders, accounts=4))
        return "".join(map(str, events)), sum(event.kind == "submit_order" for event in events)

    assert plan(1, 50) == plan(1, 50)
    assert plan(1, 50)[0] != plan(2, 50)[0]
    assert plan(2, 50)[1] == 50
    assert shares(10, 4) == [3, 3, 2, 2]


def test_an_order_that_a_pre_trade_check_rejects_ends_its_life(client: Client) -> None:
    refuse = pretrade.register(lambda order: f"The account holds 12.50 of {order.side}s.")
    try:
        acknowledge = Event(kind="acknowledge_order", subject="o1", terms={"provider": False})
        tally = client.play([order(time_in_force="gtc"), acknowledge])
    finally:
        pretrade.unregister(refuse)
    assert tally.refused == {("submit_order", "rejected: The account holds # of buys."): 1}
    assert tally.skipped == 1
    assert Order.objects.get().status == "rejected"


def test_an_event_that_finds_a_lock_is_tried_again_and_counted(market: Database, client: Client) -> None:
    deposit = {"request_type": "deposit", "amount": 100}
    client.play([Event(kind="request_cash", account=0, subject="c1", terms=deposit)])
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    with market.connect(autocommit=False) as other:
        other.execute("SELECT FROM accounts WHERE account_number LIKE 'SIM%' FOR UPDATE")
        release = threading.Timer(0.4, other.rollback)
        release.start()
        approve = Event(kind="approve_cash", account=0, subject="c1", terms={"by": "approver"})
        tally = client.play([approve])
        release.join()
    assert set(tally.retries) == {"lock_not_available"}
    assert tally.accepted == {"request_cash": 1, "approve_cash": 1}
    client.desk.cast.accounts[0].refresh_from_db()
    assert client.desk.cast.accounts[0].balance == 100


def end_session(market: Database) -> None:
    """Django's, from outside."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with market.connect() as other:
        # Logins may end their own sessions; the role that they act as may not.
        other.execute("SET ROLE NONE")
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_client_whose_session_is_ended_comes_back_and_books_once(market: Database, client: Client) -> None:
    events = [order(time_in_force="gtc")]
    end_session(market)
    tally = client.play(events)
    assert (tally.reconnects, tally.accepted, tally.gave_up) == (1, {"submit_order": 1}, "")
    assert Order.objects.count() == 1


def test_a_move_whose_answer_was_lost_counts_as_done(market: Database, client: Client) -> None:
    """The order is canceled already when the client, back on the line, tries to resume it."""
    reason = {"reason": "x"}
    client.play(
        [
            order(time_in_force="gtc"),
            Event(kind="acknowledge_order", subject="o1", terms={"provider": False}),
            Event(kind="request_cancel", subject="o1", terms=reason),
            Event(kind="reject_cancel", subject="o1", terms=reason),
        ]
    )
    refuse = Event(kind="reject_cancel", subject="o1", terms=reason)
    assert client.play([refuse]).refused == {("reject_cancel", "WrongStatus"): 1}
    end_session(market)
    tally = client.play([refuse])
    assert (tally.accepted["reject_cancel"], tally.refused.total()) == (2, 1)


def test_a_move_that_was_lost_and_refused_does_not_count_as_done(market: Database, client: Client) -> None:
    """Nobody has asked for a cancel, so there is none to accept, before the loss or after it."""
    client.play([order(time_in_force="gtc"), Event(kind="acknowledge_order", subject="o1", terms={"provider": False})])
    end_session(market)
    tally = client.play([Event(kind="accept_cancel", subject="o1")])
    assert (tally.reconnects, tally.accepted["accept_cancel"]) == (1, 0)
    assert tally.refused == {("accept_cancel", "WrongStatus"): 1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_an_end_of_the_whole_group_leaves_what_was_done(
    market: Database, tmp_path: Path, number: signal.Signals
) -> None:
    """Terminals, `timeout` and systemd send to the clients' processes as well."""
    file = tmp_path / "acknowledged.jsonl"
    options = ["--orders", "100000", "--clients", "2", "--noinput", "--json", "--acknowledged", str(file)]
    with subprocess.Popen(
        [sys.executable, "manage.py", "simulate_trading", *options],
        env=market.environment(),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while not file.exists() or file.read_bytes().count(b"\n") < 50:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        os.killpg(process.pid, number)
        output, errors = process.communicate(timeout=60)
    day = json.loads(output)
    assert (process.returncode, day["interrupted"], day["gave_up"]) == (128 + number, True, [])
    assert "Interrupted" in errors
    assert sum(day["accepted"].values()) == len(file.read_text().splitlines()) >= 50
    assert reconcile(file) == []
    assert verify_books().broken == 0


def test_whoever_waits_for_a_server_is_stopped_as_well(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day that is ended does not go on waiting for as long as --reconnect says."""
    client.patience = 20
    events, stops, started = [order()], iter([False]), time.monotonic()
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "/nowhere")
        tally = client.play(events, is_stopped=lambda: next(stops, True))
    assert "/nowhere" in tally.gave_up
    assert time.monotonic() - started < client.patience / 2


def test_once_means_once(market: Database, capsys: Any) -> None:
    call_command("simulate_trading", "--orders", "5", "--clients", "1", "--noinput", "--once")
    orders = Order.objects.count()
    out = capsys.readouterr().out
    assert "business events accepted" in out
    assert "events/s by 1 clients" in out
    call_command("simulate_trading", "--orders", "5", "--clients", "1", "--noinput", "--once")
    assert "nothing was done" in capsys.readouterr().out
    assert Order.objects.count() == orders


def test_without_quotes_it_says_what_to_do(live_database: Database) -> None:
    with pytest.raises(Failed, match=r"There are no quotes to trade on: load some, .* import_quotes"):
        call_command("simulate_trading", "--noinput")


def test_without_the_house_it_says_what_to_do(market: Database) -> None:
    market.rows("UPDATE accounts SET is_active = false WHERE kind = 'house'")
    with pytest.raises(Failed, match=r"The house has no account .* seed_test_data"):
        call_command("simulate_trading", "--noinput")
    assert not Account.objects.filter(account_number__startswith="SIM-").exists()


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(market: Database, tmp_path: Path) -> None:
    with pytest.raises(UsageFailed, match=r"cannot be written \(Is a directory\): name another file"):
        call_command("simulate_trading", "--noinput", "--acknowledged", str(tmp_path))
    assert not Account.objects.filter(account_number__startswith="SIM-").exists()


def test_nobody_to_answer_means_no(market: Database) -> None:
    with pytest.raises(UsageFailed, match=r"simulated orders will be booked in .* --noinput"):
        call_command("simulate_trading")
    assert Order.objects.count() == 0


@pytest.mark.parametrize("options", [["--orders", "0"], ["--clients", "0"], ["--clients", "65"], ["--reconnect", "-1"]])
def test_impossible_options_are_refused(db: None, options: list[str]) -> None:
    with pytest.raises(UsageFailed, match="--orders is at least 1"):
        call_command("simulate_trading", "--noinput", *options)


def test_percentiles_are_nearest_ranks(client: Client) -> None:
    client.tally.latencies.clear()
    client.tally.latencies["submit_order"].extend(number / 1000 for number in range(1, 201))
    outcome = Outcome(
        run="r", night=NIGHT, clients=[client.tally], office=client.tally, seconds=2, digest="", interruption=None
    )
    assert as_json(outcome)["latency_ms"] == {
        "submit_order": {"count": 200, "p50": 100.0, "p95": 190.0, "p99": 198.0, "max": 200.0}
    }
