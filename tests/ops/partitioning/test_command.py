"""The command: what it prints, its exit codes, and who may run it."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from config.commands import Locked, UsageFailed, VerificationFailed
from config.database.locks import lock_key
from tests.databases import Database
from tests.ops.partitioning.conftest import (
    INSERT_QUOTE,
    count,
    quote_sources,
    unlike_their_parent,
    writing,
)


def forget_the_timer(database: Database, periods: int = 10) -> None:
    """As if the last run had been some periods ago."""
    database.rows("DROP TABLE lp_quotes_catch_all")
    for row in database.rows(
        f"SELECT leaf::text FROM partitions_of('lp_quotes') ORDER BY lower_bound DESC LIMIT {periods}"
    ):
        database.rows(f"DROP TABLE {row['leaf']}")
    database.rows("SELECT add_catch_all_partition('lp_quotes')")


def output_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    call_command("partitions", "--json", *arguments)
    return json.loads(capsys.readouterr().out)


def test_check_fails_until_a_month_is_premade(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    forget_the_timer(database)
    with pytest.raises(VerificationFailed, match=r"^lp_quotes: partitions are premade until .* less than a month"):
        call_command("partitions", "--check", "--json")
    report = json.loads(capsys.readouterr().out)
    assert [row["table"] for row in report["tables"]][:2] == ["instrument_marks", "lp_quotes"]
    assert len(report["problems"]) == 1

    call_command("partitions")
    printed = capsys.readouterr()
    assert "lp_quotes: add 10 day partitions" in printed.err or "lp_quotes: add 11 day partitions" in printed.err
    assert "lp_quotes  add" in printed.out
    call_command("partitions", "--check")
    assert "lp_quotes" in capsys.readouterr().out


def test_dry_run_plans_and_changes_nothing(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    forget_the_timer(database)
    plans = [output_of(capsys, "--dry-run", "--table", "lp_quotes") for _ in range(2)]
    assert plans[0] == plans[1]
    (step,) = plans[0]["steps"]
    assert plans[0]["applied"] is False
    assert step["step"] == "add"
    done = output_of(capsys, "--table", "lp_quotes")
    assert done == {"applied": True, "steps": [{**step, "rows": 0}], "failures": []}
    assert output_of(capsys)["steps"] == []


def test_check_and_plan_need_no_right_of_the_owner(
    database: Database, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    settings.OWNER_DATABASE = {**settings.OWNER_DATABASE, "USER": "nobody_of_this_name"}
    call_command("partitions", "--check", "--json")
    assert json.loads(capsys.readouterr().out)["problems"] == []
    output_of(capsys, "--dry-run")


def test_second_run_ends_at_once(database: Database) -> None:
    with database.connect(owner=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [lock_key("partitions")])
        with pytest.raises(Locked, match=r"^Another partitions run is running \(process"):
            call_command("partitions")


def test_a_table_that_is_not_cut_by_time_is_a_wrong_option(database: Database) -> None:
    with pytest.raises(UsageFailed, match=r"^orders is not cut by time; these are: "):
        call_command("partitions", "--table", "orders")


def test_two_runs_at_once_do_the_work_once_and_lose_no_row(database: Database) -> None:
    """Each is a process of its own; the catch-all that they find holds rows."""
    forget_the_timer(database)
    (last,) = database.rows("SELECT max(lower_bound) AS beginning FROM partitions_of('lp_quotes')")
    with database.connect() as connection:
        for days in range(3):
            connection.execute(INSERT_QUOTE, [*quote_sources(), last["beginning"] + timedelta(days=days)])
    before = count(database)
    assert count(database, "lp_quotes_catch_all") == 3
    with writing(database) as writers:
        with ThreadPoolExecutor(2) as both:
            runs = [both.submit(database.manage, "partitions", "--json", "--noinput") for _ in range(2)]
        codes = sorted(run.result().returncode for run in runs)
    assert codes in ([0, 0], [0, 5]), [run.result().stderr for run in runs]
    assert writers.refused == []
    assert count(database, "lp_quotes_catch_all") == 0
    assert count(database) == before + writers.written
    assert unlike_their_parent(database, "lp_quotes") == []
