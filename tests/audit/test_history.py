"""The past of a row is what it was: replayed from the log, against what was seen at the time."""

import json
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from audit.context import acting
from audit.history import NotAudited, history, with_generated
from config.commands import Failed, UsageFailed
from tests.rows import accounts, risk, trading

Sql = Callable[..., list[dict[str, Any]]]


def seen(sql: Sql, table: str, key: Any) -> dict[str, Any] | None:
    """The row as JSON, without what the log leaves out, and the time."""
    rows = sql(f"SELECT (to_jsonb(t) - 'updated_at')::text AS row FROM {table} AS t WHERE id = %s", [key])
    return json.loads(rows[0]["row"], parse_float=Decimal) if rows else None


def now(sql: Sql) -> datetime:
    moment: datetime = sql("SELECT clock_timestamp() AS time")[0]["time"]
    return moment


def test_every_state_of_a_row_is_found_again(sql: Sql) -> None:
    dice = random.Random(7)
    key = risk.circuit_breaker().pk
    columns: dict[str, Callable[[], Any]] = {
        "description": lambda: dice.choice(["", "a 'quoted' \\ line\n", "é%"]),
        "threshold_value": lambda: Decimal(dice.randrange(1, 10**9)).scaleb(-8),
        "trigger_condition": lambda: json.dumps({"metric": dice.choice("abc"), "operator": ">="}),
        "cooldown_seconds": lambda: dice.randrange(1, 999),
        "auto_reset": lambda: dice.choice([True, False]),
        "metadata": lambda: json.dumps({"n": None, "deep": [1.50, {"a": dice.randrange(3)}]}),
    }
    states = [(now(sql), seen(sql, "circuit_breakers", key))]
    for _ in range(40):
        changed = dice.sample(sorted(columns), dice.randrange(1, 4))
        names = ", ".join(f"{name} = %s" for name in changed)
        sql(f"UPDATE circuit_breakers SET {names} WHERE id = %s", [*(columns[name]() for name in changed), key])
        states.append((now(sql), seen(sql, "circuit_breakers", key)))
    found = history("circuit_breakers", key)
    for moment, state in states:
        row = found.at(moment)
        assert row is not None
        assert with_generated("circuit_breakers", row) == state
    sql("DELETE FROM circuit_breakers WHERE id = %s", [key])
    deleted = history("circuit_breakers", key)
    assert deleted.versions[-1].action == "DELETE"
    assert deleted.at(now(sql)) is None
    assert deleted.at(states[0][0] - timedelta(days=1)) is None
    assert [with_generated("circuit_breakers", deleted.at(moment) or {}) for moment, _ in states] == [
        state for _, state in states
    ]


def test_generated_columns_of_a_past_order_are_those_of_then(sql: Sql) -> None:
    fill = trading.order_fill()
    found = history("orders", fill.order_id)
    first, last = found.versions[0].row, found.versions[-1].row
    assert first is not None
    assert last is not None
    assert with_generated("orders", first)["remaining_quantity"] == first["quantity"]
    assert with_generated("orders", last) == seen(sql, "orders", fill.order_id)


def test_each_version_says_who_and_why(db: None) -> None:
    somebody = uuid.uuid4()
    scenario = risk.stress_test_scenario()
    with acting(user=somebody, reason="asked by phone", service="desk", ip="192.0.2.1"):
        type(scenario).objects.filter(pk=scenario.pk).update(description="x")
    made, changed = history("stress_test_scenarios", scenario.pk).versions
    assert (made.action, made.user_id, made.reason) == ("INSERT", None, "")
    assert (changed.user_id, changed.user_ip, changed.service, changed.reason) == (
        somebody, "192.0.2.1", "desk", "asked by phone",
    )  # fmt: skip
    assert changed.lines == [("description", " → x")]


def test_of_a_long_history_the_newest_versions_are_as_in_all_of_it(sql: Sql) -> None:
    key = risk.circuit_breaker().pk
    for seconds in range(1, 6):
        sql("UPDATE circuit_breakers SET cooldown_seconds = %s WHERE id = %s", [seconds, key])
    found, all_of_it = history("circuit_breakers", key, newest=2), history("circuit_breakers", key)
    assert found.versions == all_of_it.versions[-2:]
    assert found.before == all_of_it.versions[-3].row


def test_a_page_names_who_made_a_version(client: Client, db: None) -> None:
    client.force_login(accounts.user(is_staff=True, is_superuser=True))
    scenario, gone = risk.stress_test_scenario(), uuid.uuid4()
    for user in (accounts.user(username="mallory").pk, gone):
        with acting(user=user, service="desk"):
            type(scenario).objects.filter(pk=scenario.pk).update(description=str(user))
    answer = client.get(reverse("admin:risk_stresstestscenario_history", args=[scenario.pk]))
    assert [who for _, who in answer.context["versions"]] == [gone, "mallory", None]
    assert "mallory desk" in " ".join(answer.content.decode().split())


def test_a_page_shows_the_newest_of_many_versions(client: Client, sql: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.backoffice.admin.VERSIONS_SHOWN", 3)
    client.force_login(accounts.user(is_staff=True, is_superuser=True))
    key = risk.circuit_breaker().pk
    url = reverse("admin:risk_circuitbreaker_history", args=[key])
    for seconds in range(1, 6):
        sql("UPDATE circuit_breakers SET cooldown_seconds = %s WHERE id = %s", [seconds, key])
        answer = client.get(url)
        assert len(answer.context["versions"]) == min(seconds + 1, 3)
        assert ("prints all of them" in answer.content.decode()) is (seconds > 2)
    assert answer.context["versions"][0][0].changes == {"cooldown_seconds": [4, 5]}


def test_a_secret_is_hidden_in_every_version(db: None) -> None:
    user = accounts.user(password="correct horse battery")
    user.set_password("another one of them")
    user.save()
    found = history("users", user.pk)
    assert [version.row and version.row["password_hash"] for version in found.versions] == ["***", "***"]
    assert "argon2" not in repr(found)


def test_a_document_that_python_cannot_read_hides_no_history(sql: Sql) -> None:
    account = accounts.account()
    nested = '{"a": ' * 2000 + "1" + "}" * 2000
    for document in (nested, "[1.50]"):
        sql("UPDATE accounts SET metadata = %s, group_name = %s WHERE id = %s", [document, document[:9], account.pk])
    versions = history("accounts", account.pk).versions
    assert versions[1].changes["metadata"] == [{}, nested]
    assert versions[2].changes == {"group_name": ['{"a": {"a', "[1.50]"], "metadata": [nested, [Decimal("1.50")]]}
    assert versions[1].row is not None
    assert versions[1].row["metadata"] == nested
    assert nested in run("accounts", str(account.pk)).replace("\n", "")


def test_only_audited_tables_have_a_history() -> None:
    with pytest.raises(NotAudited, match="lp_quotes is no audited table"):
        history("lp_quotes", uuid.uuid4())


# The command -------------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("audit_history", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


def test_the_command_prints_versions_and_a_row_at_a_time(sql: Sql) -> None:
    cap = risk.leverage_cap(client_class="professional", esma_class="equity", max_leverage=Decimal("12.5"))
    key = str(cap.pk)
    between = now(sql)
    with acting(service="desk", reason="ESMA"):
        sql("UPDATE leverage_caps SET max_leverage = 5 WHERE id = %s", [key])
    result = json.loads(run("leverage_caps", key, "--json"))
    assert [version["action"] for version in result["versions"]] == ["INSERT", "UPDATE"]
    assert result["versions"][1]["changes"] == {"max_leverage": ["12.50000000", "5.00000000"]}
    assert result["versions"][1]["row"]["max_leverage"] == "5.00000000"
    before = json.loads(run("leverage_caps", key, "--at", between.isoformat(), "--json"))
    assert before["row"]["max_leverage"] == "12.50000000"
    of_version = json.loads(run("leverage_caps", key, "--at", result["versions"][1]["at"], "--json"))
    assert of_version["row"] == result["versions"][1]["row"], "the time that a version states is its own"
    text = run("leverage_caps", key)
    assert "UPDATE by desk (ESMA)" in text
    assert "max_leverage: 12.50000000 → 5.00000000" in text
    sql("DELETE FROM leverage_caps WHERE id = %s", [key])
    assert json.loads(run("leverage_caps", key, "--at", between.isoformat(), "--json")) == before
    with pytest.raises(Failed, match="was not there"):
        run("leverage_caps", key, "--at", now(sql).replace(tzinfo=UTC).isoformat())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nothing", str(uuid.UUID(int=1))), "nothing is no audited table"),
        (("orders", "7"), "7 is no UUID"),
        (("orders", str(uuid.UUID(int=1)), "--at", "noon"), "noon is no time"),
        (("orders", str(uuid.UUID(int=1)), "--at", "2026-02-30T00:00Z"), "2026-02-30T00:00Z is no time"),
    ],
)
def test_wrong_arguments_are_named(db: None, arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UsageFailed, match=sentence):
        run(*arguments)


def test_an_unknown_row_is_named(db: None) -> None:
    with pytest.raises(Failed, match="Neither orders nor the log knows a row"):
        run("orders", str(uuid.UUID(int=1)))


# The page ----------------------------------------------------------------------------------------


def test_the_back_office_shows_the_history_of_a_row(client: Client, db: None) -> None:
    user = accounts.user(is_staff=True, is_superuser=True)
    client.force_login(user)
    scenario = risk.stress_test_scenario(scenario_name="before")
    with acting(reason="<b>renamed</b>"):
        type(scenario).objects.filter(pk=scenario.pk).update(scenario_name="after")
    url = reverse("admin:risk_stresstestscenario_history", args=[scenario.pk])
    assert url in client.get(reverse("admin:risk_stresstestscenario_change", args=[scenario.pk])).content.decode()
    page = client.get(url)
    assert page.status_code == 200
    assert "before → after" in page.content.decode()
    assert "&lt;b&gt;renamed&lt;/b&gt;" in page.content.decode()


def test_the_history_is_for_those_who_may_see_the_row(client: Client, db: None) -> None:
    client.force_login(accounts.user(is_staff=True))
    scenario = risk.stress_test_scenario()
    assert client.get(reverse("admin:risk_stresstestscenario_history", args=[scenario.pk])).status_code == 403


def test_a_table_that_is_not_audited_has_no_history_page(client: Client, db: None) -> None:
    client.force_login(accounts.user(is_staff=True, is_superuser=True))
    row = risk.risk_alert()
    assert client.get(reverse("admin:risk_riskalert_history", args=[row.pk])).status_code == 404
