"""Random writes on a database of their own: whatever is accepted, the books hold."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from config.commands import UsageFailed, VerificationFailed
from ops.fuzz.campaign import Outcome, fuzz
from ops.fuzz.catalog import read_catalog
from ops.fuzz.clients import EXPECTED_CLASSES, EXPECTED_STATES, Client, Tally
from ops.management.commands.fuzz_database import as_json
from ops.seeding.seed import seed_small_broker
from tests.databases import PROJECT, Database

STATEMENTS = 20_000


@pytest.fixture
def small_broker(live_database: Database) -> Database:
    seed_small_broker(password_for=lambda username: f"{username}-has-a-password")
    return live_database


@pytest.fixture
def as_owner(small_broker: Database) -> Any:
    with small_broker.connect(owner=True) as owner:
        yield owner


def test_the_books_hold_after_many_random_writes(small_broker: Database) -> None:
    outcome = fuzz(statements=STATEMENTS, clients=4, seed=1)
    report = json.dumps({name: as_json(outcome)[name] for name in ("findings", "broken")}, indent=1, default=str)
    assert outcome.statements >= STATEMENTS
    assert (outcome.books.broken, outcome.findings) == (0, []), report
    # A run that is refused everything, or accepted everything, has tried nothing.
    assert outcome.accepted.total() > STATEMENTS / 10, outcome.accepted
    assert outcome.refused.total() > STATEMENTS / 10, outcome.refused
    rules = {rule for _, rule in outcome.refused}
    assert rules >= {
        "account_transactions_zero_sum",
        "account_transactions_no_overdraft",
        "account_transactions_account_seq_uniq",
        "journals_has_entries",
        "journals_idempotency_key_content",
        "order_audit_transition_fk",
        "orders_terms_change_by_replace",
        "cash_requests_approved_by_another_check",
    }
    for table in ("orders", "journals", "account_transactions", "cash_requests", "order_change_requests"):
        assert outcome.accepted[table], table


def test_a_client_draws_the_same_again(small_broker: Database) -> None:
    """From the same rows: nothing is written in between."""

    def connect() -> Any:
        return small_broker.connect()

    with connect() as reading:
        catalog = read_catalog(reading)
    drawn = []
    for seed in (7, 7, 8):
        client = Client(connect, catalog, number=0, seed=seed, important=frozenset({"orders"}))
        drawn.append([client.statements.draw() for _ in range(200)] + [client.plays.draw() for _ in range(50)])
        client.connection.close()
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_the_catalog_says_what_there_is(small_broker: Database) -> None:
    with small_broker.connect() as reading:
        catalog = read_catalog(reading)
    orders = catalog.tables["orders"]
    assert {"buy", "sell"} <= set(orders.columns["side"].words)
    assert orders.columns["remaining_quantity"].is_generated
    assert orders.key == ("id",)
    assert any(reference.columns == ("account_id", "user_id") for reference in orders.references)
    assert not catalog.tables["account_audit"].is_open
    names = {function.name for function in catalog.functions}
    assert {"post_journal", "approve_cash"} <= names
    # Whole tables, triggers and what reads nothing are no targets.
    assert not names & {"ensure_partitions", "refresh_statistics", "refuse_change", "sor_actions_valid"}


def test_a_broken_book_is_found_with_what_was_accepted_last(small_broker: Database, as_owner: Any, capsys: Any) -> None:
    as_owner.execute("ALTER TABLE accounts DROP CONSTRAINT accounts_head_fk")
    as_owner.execute("ALTER TABLE accounts DISABLE TRIGGER accounts_head_forward")
    as_owner.execute("UPDATE accounts SET balance = balance + 1 WHERE account_number = 'LIVE-100001'")
    with pytest.raises(VerificationFailed, match="The books do not hold"):
        call_command("fuzz_database", "--statements", "300", "--clients", "1", "--json")
    result = json.loads(capsys.readouterr().out)
    assert result["broken"]
    assert {"rule", "table", "sentence", "rows", "accepted_last"} == set(result["broken"][0])


def test_an_error_of_the_servers_own_is_a_finding(small_broker: Database, as_owner: Any, capsys: Any) -> None:
    as_owner.execute(
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'broken inside' USING ERRCODE = 'XX000'; END $$"
    )
    as_owner.execute("CREATE TRIGGER fails BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION fails()")
    with pytest.raises(VerificationFailed, match="an error of its own"):
        call_command("fuzz_database", "--statements", "300", "--clients", "1", "--json")
    finding = json.loads(capsys.readouterr().out)["findings"][0]
    assert finding["sqlstate"] == "XX000"
    assert "broken inside" in finding["message"]
    assert "orders" in finding["statement"]


def test_a_lost_connection_is_a_finding_and_the_client_goes_on(small_broker: Database) -> None:
    with small_broker.connect() as reading:
        catalog = read_catalog(reading)
    client = Client(small_broker.connect, catalog, number=0, seed=1, important=frozenset())
    client.connection.close()
    tally = client.run(50, lambda count: None)
    assert [finding.sqlstate for finding in tally.findings] == ["none"]
    assert tally.statements >= 50
    assert tally.accepted.total() > 0


def test_a_run_tells_what_it_did(small_broker: Database, capsys: Any) -> None:
    call_command("fuzz_database", "--statements", "200", "--clients", "2", "--seed", "3")
    text = capsys.readouterr().out
    assert "accepted; seed 3" in text
    assert "23514: " in text


def test_only_a_throwaway_database_is_written_to(db: None, settings: Any) -> None:
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = "trading"
    try:
        for confirm in ([], ["--confirm", "another"]):
            with pytest.raises(UsageFailed, match="add --confirm trading"):
                call_command("fuzz_database", "--statements", "1", *confirm)
    finally:
        connection.settings_dict["NAME"] = before


def test_a_throwaway_server_takes_it_and_is_gone_afterwards(tmp_path: Path) -> None:
    options = ["--throwaway", "--statements", "200", "--clients", "1", "--json"]
    result = subprocess.run(
        [sys.executable, "manage.py", "fuzz_database", *options],
        cwd=PROJECT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["statements"] >= 200
    assert not list(tmp_path.glob("trading-bench-*"))


@pytest.mark.parametrize("options", [["--statements", "0"], ["--clients", "0"], ["--clients", "65"]])
def test_impossible_options_are_refused(db: None, options: list[str]) -> None:
    with pytest.raises(UsageFailed, match="--statements is at least 1"):
        call_command("fuzz_database", *options)


@pytest.mark.parametrize("state", ["XX000", "57014", "42P01", "08006", "53100", "none"])
def test_what_is_no_refusal_in_order(state: str) -> None:
    assert not state.startswith(EXPECTED_CLASSES)
    assert state not in EXPECTED_STATES


def test_outcomes_add_up() -> None:
    tallies = [
        Tally(statements=2, accepted=Counter(orders=1), refused=Counter({("23514", "a"): 1})),
        Tally(statements=3, accepted=Counter(orders=2), refused=Counter({("23514", "a"): 1})),
    ]
    for number, tally in enumerate(tallies):
        tally.last_accepted["orders"].append((2.0 - number, f"statement {number}"))
        tally.last_accepted["journals"].append((3.0, "another table's"))
    tallies[0].last_accepted["apply_fill()"].append((5.0, "a call"))
    outcome = Outcome(tallies=tallies, books=None)  # type: ignore[arg-type]
    assert (outcome.statements, outcome.accepted, outcome.refused) == (5, {"orders": 3}, {("23514", "a"): 2})
    assert outcome.last_accepted("orders") == ["statement 1", "statement 0", "a call"]
