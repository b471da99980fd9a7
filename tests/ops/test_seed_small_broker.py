"""`seed_test_data`: the small broker."""

import json
from typing import Any

import psycopg
import pytest
from django.conf import settings as project_settings
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import User
from audit.capture.triggers import audited_models
from config.commands import EnvironmentFailed, Locked, UsageFailed
from ops.seeding.instruments import INSTRUMENTS
from ops.seeding.lock import SEED_LOCK
from ops.seeding.people import Credential
from ops.seeding.seed import Seeded, seed_small_broker
from tests.databases import Database

PASSWORD = "correct-horse-battery"


def contents(database: Database) -> dict[str, Any]:
    """A digest of every row of every table."""
    tables = database.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1"
    )
    digest = "md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
    return {
        name: database.rows(f"SELECT count(*), {digest} AS digest FROM {name} t")[0]
        for name in (table["relname"] for table in tables)
    }


@pytest.fixture
def seeded(db: None) -> Seeded:
    return seed_small_broker()


@pytest.fixture
def new_users(seeded: Seeded) -> dict[str, Credential]:
    return {credential.username: credential for credential in seeded.credentials}


class TestContents:
    EXPECTED = {
        "users": 4,
        "user_roles": 5,
        "client_classifications": 3,
        "currencies": 16,
        "instruments": 15,
        "instrument_sessions": 179,
        "accounts": 8,
        "journals": 4,
        "account_transactions": 8,
        "liquidity_providers": 4,
        "lp_instruments": 36,
        "sor_rules": 4,
        "client_profiles": 4,
        "risk_limits": 5,
        "circuit_breakers": 3,
        "leverage_caps": 5,
        "margin_rates": 15,
        "fee_schedules": 30,
        "stress_test_scenarios": 6,
    }

    def test_every_table_gets_its_rows(self, seeded: Seeded) -> None:
        assert dict(seeded.added) == self.EXPECTED

    def test_what_is_counted_is_in_the_database(self, seeded: Seeded, sql: Any) -> None:
        counted = {table: sql(f"SELECT count(*) FROM {table}")[0]["count"] for table in seeded.added}
        assert counted == dict(seeded.added)

    def test_accounts_are_two_live_one_demo_and_one_margin(self, seeded: Seeded, sql: Any) -> None:
        rows = sql("SELECT account_type, count(*) FROM accounts WHERE kind = 'client' GROUP BY 1 ORDER BY 1")
        assert [tuple(row.values()) for row in rows] == [("demo", 1), ("live", 2), ("margin", 1)]

    def test_caps_are_those_of_esma(self, seeded: Seeded, sql: Any) -> None:
        caps = {row["esma_class"]: int(row["max_leverage"]) for row in sql("SELECT * FROM leverage_caps")}
        assert caps == {"fx_major": 30, "fx_minor_gold_index": 20, "commodity": 10, "equity": 5, "crypto": 2}

    def test_no_instrument_allows_more_leverage_than_its_cap(self, seeded: Seeded, sql: Any) -> None:
        rows = sql(
            "SELECT symbol FROM instruments JOIN leverage_caps USING (esma_class) WHERE margin_rate * max_leverage < 1"
        )
        assert rows == []

    def test_every_instrument_has_a_provider_a_margin_rate_a_fee_and_a_session(self, seeded: Seeded, sql: Any) -> None:
        for table in ("lp_instruments", "margin_rates", "fee_schedules", "instrument_sessions"):
            rows = sql(f"SELECT count(DISTINCT instrument_id) FROM {table}")
            assert rows[0]["count"] == len(INSTRUMENTS)

    @pytest.mark.parametrize(
        ("symbol", "tick", "size", "margin"),
        [
            ("EURUSD", "0.00001", "100000", "0.0334"),
            ("USDJPY", "0.001", "100000", "0.0334"),
            ("AUDUSD", "0.00001", "100000", "0.05"),
            ("XAUUSD", "0.01", "100", "0.05"),
            ("XAGUSD", "0.001", "5000", "0.1"),
            ("WTICOUSD", "0.01", "1000", "0.1"),
            ("BTCUSD", "0.01", "1", "0.5"),
            ("SPX500USD", "0.1", "1", "0.05"),
        ],
    )
    def test_contracts_have_their_markets_terms(
        self, seeded: Seeded, sql: Any, symbol: str, tick: str, size: str, margin: str
    ) -> None:
        rows = sql(
            "SELECT tick_size = %s::numeric AND contract_size = %s::numeric AND margin_rate = %s::numeric AS right"
            " FROM instruments WHERE symbol = %s",
            [tick, size, margin, symbol],
        )
        assert rows == [{"right": True}]


class TestBooks:
    def test_every_journal_sums_to_zero(self, seeded: Seeded, sql: Any) -> None:
        assert sql("SELECT journal_id FROM account_transactions GROUP BY 1, currency HAVING sum(amount) <> 0") == []

    def test_every_balance_is_the_sum_of_its_ledger(self, seeded: Seeded, sql: Any) -> None:
        rows = sql(
            "SELECT account_number FROM accounts LEFT JOIN account_transactions t ON t.account_id = accounts.id"
            " GROUP BY accounts.id HAVING balance <> coalesce(sum(amount), 0) OR last_seq <> count(t.id)"
        )
        assert rows == []

    def test_every_ledger_is_a_chain(self, seeded: Seeded, sql: Any) -> None:
        rows = sql(
            """
            SELECT * FROM (
              SELECT balance_before, seq, row_number() OVER ledger AS number,
                     lag(balance_after, 1, 0) OVER ledger AS balance
                FROM account_transactions WINDOW ledger AS (PARTITION BY account_id ORDER BY seq)) AS chain
             WHERE balance_before <> balance OR seq <> number
            """
        )
        assert rows == []

    def test_demo_money_has_a_counterpart_of_its_own(self, seeded: Seeded, sql: Any) -> None:
        balances = {
            row["account_number"]: int(row["balance"]) for row in sql("SELECT * FROM accounts WHERE kind = 'house'")
        }
        assert balances == {"HOUSE-USD": -75_000, "HOUSE-EUR": -250_000, "HOUSE-GBP": 0, "HOUSE-DEMO-USD": -100_000}


class TestPeople:
    def test_everybody_logs_in_with_the_printed_password(self, new_users: dict[str, Credential]) -> None:
        assert set(new_users) == {"admin", "trader1", "trader2", "demo"}
        for credential in new_users.values():
            assert authenticate(username=credential.username, password=credential.password) is not None
            assert authenticate(username=credential.email, password=credential.password) is not None
            assert authenticate(username=credential.username, password=credential.password + "x") is None

    def test_only_the_administrator_gets_into_the_back_office(
        self, new_users: dict[str, Credential], settings: Any
    ) -> None:
        settings.SECURE_SSL_REDIRECT = False
        may = {}
        for name, credential in new_users.items():
            browser = Client()
            browser.post("/admin/login/", {"username": name, "password": credential.password})
            may[name] = browser.get("/admin/").status_code == 200
        assert may == {"admin": True, "trader1": False, "trader2": False, "demo": False}

    def test_passwords_differ(self, new_users: dict[str, Credential]) -> None:
        assert len({credential.password for credential in new_users.values()}) == 4

    def test_a_changed_password_stays(self, seeded: Seeded) -> None:
        user = User.objects.get(username="trader1")
        user.set_password(PASSWORD)
        user.save()
        assert seed_small_broker().credentials == []
        assert authenticate(username="trader1", password=PASSWORD) is not None


class TestSecondRun:
    def test_leaves_the_database_as_it_was(self, live_database: Database) -> None:
        seed_small_broker()
        before = contents(live_database)
        again = seed_small_broker()
        assert (dict(again.added), again.credentials) == ({}, [])
        assert contents(live_database) == before

    def test_does_not_undo_what_a_person_changed(self, seeded: Seeded, sql: Any) -> None:
        sql("DELETE FROM instruments WHERE symbol = 'XRPUSD'")
        sql("UPDATE risk_limits SET is_active = false WHERE limit_type = 'daily_loss'")
        sql("UPDATE margin_rates SET valid_until = now()")
        sql("UPDATE accounts SET leverage = 2 WHERE kind = 'client'")
        assert dict(seed_small_broker().added) == {}
        assert sql("SELECT count(*) FROM instruments WHERE deleted_at IS NULL") == [{"count": 14}]

    def test_adds_only_what_is_missing(self, seeded: Seeded, sql: Any) -> None:
        sql("DELETE FROM circuit_breakers WHERE breaker_name = 'Daily loss'")
        assert dict(seed_small_broker().added) == {"circuit_breakers": 1}


class TestCommand:
    def test_prints_json_with_rows_and_credentials(self, live_database: Database, settings: Any, capsys: Any) -> None:
        settings.DEBUG = True
        call_command("seed_test_data", "--json")
        result = json.loads(capsys.readouterr().out)
        assert result["created"] == TestContents.EXPECTED
        assert {row["username"] for row in result["credentials"]} == {"admin", "trader1", "trader2", "demo"}
        call_command("seed_test_data", "--json")
        assert json.loads(capsys.readouterr().out) == {"created": {}, "credentials": []}

    def test_shows_passwords_once(self, live_database: Database, settings: Any, capsys: Any) -> None:
        settings.DEBUG = True
        call_command("seed_test_data")
        assert "trader1@example.com" in capsys.readouterr().out
        call_command("seed_test_data")
        assert capsys.readouterr().out == ""

    def test_a_dry_run_says_what_is_missing_and_adds_nothing(self, live_database: Database, capsys: Any) -> None:
        call_command("seed_test_data", "--dry-run", "--json")
        result = json.loads(capsys.readouterr().out)
        assert result == {"created": TestContents.EXPECTED, "credentials": []}
        assert live_database.rows("SELECT count(*) FROM currencies") == [{"count": 0}]

    def test_without_debug_makes_up_no_passwords(self, live_database: Database) -> None:
        done = live_database.manage("seed_test_data", "--noinput")
        assert done.returncode == 2
        assert done.stderr.strip().splitlines()[-1].endswith("give the variable that holds one with --password-env.")
        assert live_database.rows("SELECT count(*) FROM users") == [{"count": 0}]

    def test_without_debug_takes_the_password_from_the_environment_and_does_not_repeat_it(
        self, live_database: Database
    ) -> None:
        environment = {"SEED_PASSWORD": PASSWORD}
        done = live_database.manage("seed_test_data", "--password-env", "SEED_PASSWORD", env=environment)
        assert done.returncode == 0, done.stderr
        for name in ("admin", "trader1", "trader2", "demo"):
            assert authenticate(username=name, password=PASSWORD) is not None
        assert PASSWORD not in done.stdout + done.stderr

    @pytest.mark.parametrize(
        ("password", "code", "sentence"),
        [("", 3, "SEED_PASSWORD is not set"), ("password", 2, "The password in SEED_PASSWORD is too weak")],
    )
    def test_refuses_a_missing_or_weak_password(
        self, live_database: Database, password: str, code: int, sentence: str
    ) -> None:
        done = live_database.manage(
            "seed_test_data", "--password-env", "SEED_PASSWORD", env={"SEED_PASSWORD": password}
        )
        assert done.returncode == code
        assert sentence in done.stderr
        assert live_database.rows("SELECT count(*) FROM users") == [{"count": 0}]

    def test_two_at_once_are_refused(self, live_database: Database, settings: Any) -> None:
        settings.DEBUG = True
        with live_database.connect() as other:
            other.execute("SELECT pg_advisory_lock(%s)", [SEED_LOCK])
            with pytest.raises(Locked, match="Another seed_test_data is running"):
                call_command("seed_test_data")
        assert live_database.rows("SELECT count(*) FROM currencies") == [{"count": 0}]

    @pytest.mark.parametrize("scale", ["0", "-1", "1001"])
    def test_an_impossible_scale_is_refused(self, db: None, settings: Any, scale: str) -> None:
        settings.DEBUG = True
        with pytest.raises(UsageFailed, match="--scale is a number above 0"):
            call_command("seed_test_data", f"--scale={scale}")


class TestReset:
    GUARDS = (
        "SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
    )
    KEPT = (
        "django_migrations",
        "migration_runs",
        "migration_steps",
        "django_content_type",
        "auth_permission",
        "order_status_transitions",
        "audit_layouts",
    )

    def test_gives_a_fresh_database(self, live_database: Database, settings: Any) -> None:
        settings.DEBUG = True
        empty = contents(live_database)
        call_command("seed_test_data")
        call_command("seed_test_data", "--reset", "--noinput")
        after = {table: row["count"] for table, row in contents(live_database).items()}
        changes = after["audit_log"]
        # Every account was opened, and has had a deposit or paid one.
        assert changes == sum(after[table] for table in audited_models()) + after["accounts"]
        # The first event of each account is written by the database.
        expected = {**TestContents.EXPECTED, "account_audit": TestContents.EXPECTED["accounts"]}
        expected |= {"audit_log": changes, "audit_contexts": 1}
        # That the database was migrated is an event of the time before.
        expected["system_events"] = 0
        assert after == {table: row["count"] for table, row in empty.items()} | expected

    def test_keeps_what_belongs_to_the_schema(self, live_database: Database, settings: Any) -> None:
        settings.DEBUG = True
        before = contents(live_database)
        call_command("seed_test_data", "--reset", "--noinput")
        after = contents(live_database)
        assert {table: after[table] for table in self.KEPT} == {table: before[table] for table in self.KEPT}

    def test_leaves_every_trigger_as_it_was(self, live_database: Database, settings: Any) -> None:
        settings.DEBUG = True
        live_database.rows("ALTER TABLE journals ENABLE ALWAYS TRIGGER journals_append_only_truncate")
        before = live_database.rows(self.GUARDS)
        call_command("seed_test_data", "--reset", "--noinput")
        assert live_database.rows(self.GUARDS) == before
        for table in ("journals", "account_transactions", "lp_quotes", "lp_quotes_catch_all"):
            with pytest.raises(psycopg.errors.RestrictViolation, match="is append-only: TRUNCATE is refused"):
                live_database.rows(f"TRUNCATE {table} CASCADE")

    def test_only_the_owner_of_the_tables_may(self, live_database: Database, settings: Any) -> None:
        settings.DEBUG = True
        settings.OWNER_DATABASE = connection.settings_dict
        with pytest.raises(EnvironmentFailed, match="Only the owner of the tables may empty them"):
            call_command("seed_test_data", "--reset", "--noinput")

    def test_nothing_is_deleted_where_nobody_can_answer(self, live_database: Database) -> None:
        done = live_database.manage(
            "seed_test_data", "--reset", "--password-env", "SEED_PASSWORD", "--confirm", live_database.name,
            env={"SEED_PASSWORD": PASSWORD},
        )  # fmt: skip
        assert done.returncode == 2
        assert "call again with --noinput" in done.stderr

    @pytest.mark.parametrize("confirm", [[], ["--confirm", "another"]])
    @pytest.mark.parametrize("option", ["--reset", "--scale=0.001"])
    def test_without_debug_the_database_must_be_named(
        self, live_database: Database, option: str, confirm: list[str]
    ) -> None:
        done = live_database.manage(
            "seed_test_data", option, "--noinput", "--password-env", "SEED_PASSWORD", *confirm,
            env={"SEED_PASSWORD": PASSWORD},
        )  # fmt: skip
        assert done.returncode == 2
        assert f"add --confirm {live_database.name}" in done.stderr


def test_the_password_reader_gives_values_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEED_PASSWORD", "$ecret-with-a-dollar")
    assert project_settings.READ_SECRET("SEED_PASSWORD") == "$ecret-with-a-dollar"
