"""What the log knows about a change's author, for every way in which Django can send it."""

import asyncio
import os
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from psycopg import IsolationLevel

from audit.context import Context, acting, current, service_name
from audit.middleware import AuditContextMiddleware
from config.database.statements import prepared_cursor
from risk.models import StressTestScenario
from tests import databases
from tests.databases import Database
from tests.rows import accounts, risk

ADA, BOB = uuid.UUID(int=0xADA), uuid.UUID(int=0xB0B)
CHANGE = "UPDATE stress_test_scenarios SET description = description || '.' WHERE id = %s"

Said = list[tuple[Any, str, str]]


@pytest.fixture(scope="module")
def committing(django_db_setup: None, django_db_blocker: Any) -> Iterator[Database]:
    """A migrated database, to which the tests commit one after the other."""
    with django_db_blocker.unblock(), databases.clone(f"context_{os.getpid()}_1") as database:
        yield database


@pytest.fixture
def database(committing: Database, django_db_blocker: Any) -> Iterator[Database]:
    """Django's own connection on it, and no transaction around the test."""
    default = connections["default"]
    with django_db_blocker.unblock():
        default.close()
        before = default.settings_dict["NAME"]
        default.settings_dict["NAME"] = committing.name
        yield committing
        default.close()
        default.settings_dict["NAME"] = before


@pytest.fixture
def scenario(database: Database) -> StressTestScenario:
    return risk.stress_test_scenario()


@pytest.fixture
def said(database: Database, scenario: StressTestScenario) -> Callable[[], Said]:
    """(user, service, reason) of each change that was committed since the last call."""
    last = 0

    def read() -> Said:
        nonlocal last
        rows = database.rows(
            "SELECT log.id, user_id, service, reason FROM audit_log AS log"
            " JOIN audit_contexts ON (audit_contexts.txid, number) = (log.txid, context_number)"
            " WHERE log.id > %s ORDER BY log.id",
            [last],
        )
        last = max([last, *(row["id"] for row in rows)])
        return [(row["user_id"], row["service"], row["reason"]) for row in rows]

    read()
    return read


def change(scenario: StressTestScenario, using: str = "default") -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(CHANGE, [scenario.pk])


def test_a_process_is_a_service_by_the_name_of_its_command(said: Any, scenario: Any) -> None:
    change(scenario)
    assert said() == [(None, service_name(), "")]
    assert service_name()


def test_one_statement_outside_of_transactions(said: Any, scenario: Any) -> None:
    with acting(user=ADA, reason='50 % O\'Neill \\ "quoted" é dash', service="desk"):
        change(scenario)
        StressTestScenario.objects.filter(pk=scenario.pk).update(description="x")
        scenario.save()
    change(scenario)
    ada = (ADA, "desk", '50 % O\'Neill \\ "quoted" é dash')
    assert said() == [ada, ada, ada, (None, service_name(), "")]


def test_a_statement_returns_what_it_returned_before(database: Database) -> None:
    with acting(user=ADA), connection.cursor() as cursor:
        made = risk.stress_test_scenario()
        assert made.pk is not None
        cursor.execute(
            "UPDATE stress_test_scenarios SET description = 'a' WHERE id = %s RETURNING id, '100%%' AS share", [made.pk]
        )
        assert cursor.rowcount == 1
        assert [column.name for column in cursor.description] == ["id", "share"]
        assert cursor.fetchall() == [(made.pk, "100%")]
        cursor.execute("UPDATE stress_test_scenarios SET description = 'a%' RETURNING description")
        assert set(cursor.fetchall()) == {("a%",)}
        statement = "WITH one AS (SELECT %s::uuid AS id) SELECT * FROM stress_test_scenarios JOIN one USING (id)"
        [row] = StressTestScenario.objects.raw(statement, [made.pk])
        assert row.pk == made.pk


def test_transactions_and_savepoints(said: Any, scenario: Any) -> None:
    with acting(user=ADA), transaction.atomic():
        change(scenario)
        with acting(reason="inner"), transaction.atomic():
            change(scenario)
        change(scenario)
        with transaction.atomic():
            with acting(user=BOB, reason="rolled back"):
                change(scenario)
            transaction.set_rollback(True)
        change(scenario)
    service = service_name()
    assert said() == [(ADA, service, ""), (ADA, service, "inner"), (ADA, service, ""), (ADA, service, "")]


def test_a_context_that_is_first_said_in_a_savepoint_survives_its_end(said: Any, scenario: Any) -> None:
    with acting(user=ADA), transaction.atomic():
        with transaction.atomic():
            change(scenario)
            transaction.set_rollback(True)
        change(scenario)
        with transaction.atomic():
            change(scenario)
    assert [user for user, _, _ in said()] == [ADA, ADA]


def test_a_rolled_back_transaction_leaves_nothing_for_the_next(said: Any, scenario: Any) -> None:
    with acting(user=ADA), transaction.atomic():
        change(scenario)
        transaction.set_rollback(True)
    with transaction.atomic():
        change(scenario)
    assert said() == [(None, service_name(), "")]


def test_a_transaction_that_begins_with_a_write_is_two_messages(said: Any, scenario: Any, tmp_path: Path) -> None:
    with acting(user=ADA), (tmp_path / "messages").open("w+") as messages:
        connection.connection.pgconn.trace(messages.fileno())
        with transaction.atomic():
            change(scenario)
        connection.connection.pgconn.untrace()
        messages.seek(0)
        # Time, F for what the client sends, length, kind and text of each message.
        sent = [line.split("\t") for line in messages]
    assert [re.findall(r"\w+", line[4])[0] for line in sent if line[1] == "F"] == ["BEGIN", "COMMIT"]
    assert [user for user, _, _ in said()] == [ADA]


def test_a_cursor_of_the_server_may_lock_after_a_write(said: Any, scenario: Any) -> None:
    with acting(user=ADA), transaction.atomic():
        change(scenario)
        assert list(StressTestScenario.objects.select_for_update().filter(pk=scenario.pk).iterator()) == [scenario]
    assert [user for user, _, _ in said()] == [ADA]


def test_each_transaction_begins_where_transactions_are_ended_by_hand(said: Any, scenario: Any) -> None:
    connection.set_autocommit(False)
    try:
        with acting(user=ADA):
            change(scenario)
        connection.commit()
        change(scenario)
        connection.rollback()
        with acting(user=BOB):
            change(scenario)
            connection.commit()
            with pytest.raises(DatabaseError), connection.cursor() as cursor:
                cursor.execute("UPDATE stress_test_scenarios SET SET")  # not even its BEGIN is done
        change(scenario)
        connection.rollback()
    finally:
        connection.set_autocommit(True)
    change(scenario)
    assert [user for user, _, _ in said()] == [ADA, BOB, None]


def test_a_connection_of_another_isolation_level_keeps_it(said: Any, scenario: Any) -> None:
    serial = connection.copy("serial")
    serial.settings_dict["OPTIONS"] = {
        **serial.settings_dict["OPTIONS"],
        "isolation_level": IsolationLevel.SERIALIZABLE,
    }
    connections["serial"] = serial
    try:
        with acting(user=ADA), transaction.atomic(using="serial"):
            change(scenario, "serial")
            with serial.cursor() as cursor:
                cursor.execute("SHOW transaction_isolation")
                assert cursor.fetchone() == ("serializable",)
    finally:
        serial.close()
        del connections["serial"]
    assert [user for user, _, _ in said()] == [ADA]


def test_a_read_that_opens_the_transaction_changes_nothing(said: Any, scenario: Any) -> None:
    with acting(user=ADA), transaction.atomic():
        change(scenario)
    with acting(user=ADA), transaction.atomic():
        StressTestScenario.objects.get(pk=scenario.pk)
        StressTestScenario.objects.select_for_update().get(pk=scenario.pk)
        change(scenario)
    assert [user for user, _, _ in said()] == [ADA, ADA]


@pytest.mark.parametrize("in_transaction", [True, False])
def test_executemany_and_copy(said: Any, scenario: Any, in_transaction: bool) -> None:
    def write() -> None:
        with acting(user=ADA), connection.cursor() as cursor:
            cursor.executemany(CHANGE, [[scenario.pk], [scenario.pk]])
            copy = "COPY stress_test_scenarios (scenario_name, scenario_type, market_shocks) FROM STDIN"
            with cursor.copy(copy) as lines:
                lines.write_row([f"copied {in_transaction}", "custom", '{"spread": 1}'])

    if in_transaction:
        with transaction.atomic():
            write()
    else:
        write()
    assert [user for user, _, _ in said()] == [ADA] * 3
    assert connection.autocommit


@pytest.fixture
def server_side(database: Database) -> Iterator[str]:
    """Another connection, whose parameters the server binds."""
    bound = connection.copy("server_side")
    bound.settings_dict["OPTIONS"] = {**bound.settings_dict["OPTIONS"], "server_side_binding": True}
    connections["server_side"] = bound
    yield "server_side"
    bound.close()
    del connections["server_side"]


def test_server_side_binding(said: Any, scenario: Any, server_side: str) -> None:
    with acting(user=ADA):
        change(scenario, server_side)
        with transaction.atomic(using=server_side):
            change(scenario, server_side)
            change(scenario, server_side)
    change(scenario, server_side)
    assert [user for user, _, _ in said()] == [ADA, ADA, ADA, None]


def test_a_prepared_statement_takes_no_more_round_trips(said: Any, scenario: Any) -> None:
    def prepared() -> int:
        with prepared_cursor() as cursor:
            cursor.execute(CHANGE + " RETURNING length(description)", [scenario.pk])
            return int(cursor.fetchone()[0])

    with acting(user=ADA):
        assert [prepared() for _ in range(3)] == [1, 2, 3]
        with pytest.raises(DatabaseError), prepared_cursor() as cursor:
            cursor.execute("UPDATE stress_test_scenarios SET scenario_type = %s", ["rain"])
        with transaction.atomic():
            assert [prepared() for _ in range(2)] == [4, 5]
    assert prepared() == 6
    assert [user for user, _, _ in said()] == [ADA] * 5 + [None]


@pytest.fixture
def pooled(settings: Any, database: Database) -> None:
    """As behind a pooler in transaction mode."""
    settings.DATABASE_TRANSACTION_POOLING = True


@pytest.mark.usefixtures("pooled")
def test_nothing_is_left_to_a_session_that_others_use(said: Any, scenario: Any) -> None:
    def left() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SHOW audit.context")
            return cursor.fetchone()[0]

    with connection.cursor() as cursor:
        cursor.execute("SET audit.context = ''")
    change(scenario)
    with acting(user=ADA):
        change(scenario)
        with transaction.atomic():
            change(scenario)
        with connection.cursor() as cursor:
            cursor.executemany(CHANGE, [[scenario.pk]])
    with transaction.atomic():
        change(scenario)
    assert [user for user, _, _ in said()] == [None, ADA, ADA, ADA, None]
    assert left() == ""


def test_threads_have_contexts_of_their_own(said: Any, scenario: Any) -> None:
    def write(user: uuid.UUID) -> None:
        with acting(user=user):
            for _ in range(5):
                change(scenario)
        connection.close()

    threads = [threading.Thread(target=write, args=[user]) for user in (ADA, BOB)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    users = [user for user, _, _ in said()]
    assert (users.count(ADA), users.count(BOB), len(users)) == (5, 5, 10)


def test_asynchronous_tasks_have_contexts_of_their_own(said: Any, scenario: Any) -> None:
    async def write(user: uuid.UUID) -> None:
        with acting(user=user):
            for _ in range(3):
                await asyncio.sleep(0)
                await StressTestScenario.objects.filter(pk=scenario.pk).aupdate(description=str(uuid.uuid4()))

    async def both() -> None:
        await asyncio.gather(write(ADA), write(BOB))
        await sync_to_async(lambda: connection.close())()

    asyncio.run(both())
    users = [user for user, _, _ in said()]
    assert (users.count(ADA), users.count(BOB), len(users)) == (3, 3, 6)


def test_a_critical_table_refuses_a_change_by_nobody(database: Database, scenario: Any, refused: Any) -> None:
    with database.connect() as application:
        for nobody in ("", "{}", '{"reason": "none"}', '{"user": null, "service": ""}'):
            application.execute("SELECT set_config('audit.context', %s, false)", [nobody])
            with refused("stress_test_scenarios_audited_actor"):
                application.execute(CHANGE, [scenario.pk])
        application.execute("RESET audit.context")
        application.execute("UPDATE stress_test_scenarios SET description = 'x' WHERE id = %s", [uuid.uuid4()])


def test_a_table_that_is_not_critical_takes_a_change_by_nobody(database: Database) -> None:
    account = accounts.account()
    with database.connect() as application:
        application.execute("SET audit.context = ''")
        application.execute("UPDATE accounts SET group_name = 'gold' WHERE id = %s", [account.pk])
    [row] = database.rows("SELECT user_id, service, db_user FROM audit_contexts ORDER BY created_at DESC LIMIT 1")
    login = database.rows("SELECT session_user::text AS login", owner=False)[0]["login"]
    assert (row["user_id"], row["service"], row["db_user"]) == (None, "", login)


@pytest.mark.parametrize("garbled", ["no json", '{"user": "me"}', '{"ip": "300.1.1.1", "service": "s"}'])
def test_a_garbled_context_is_refused_in_words(database: Database, scenario: Any, refused: Any, garbled: str) -> None:
    with database.connect() as application:
        application.execute("SELECT set_config('audit.context', %s, false)", [garbled])
        with refused("audit.context is not a JSON object"):
            application.execute(CHANGE, [scenario.pk])


def test_what_a_client_sends_cannot_garble_the_context(said: Any, scenario: Any) -> None:
    with acting(user_agent="agent\0'; DROP TABLE users; --\\", request="é%s%(x)s{}"):
        change(scenario)
    assert len(said()) == 1


# Requests ----------------------------------------------------------------------------------------


def test_a_change_in_the_back_office_bears_its_users_name(database: Database) -> None:
    user = accounts.user(is_staff=True, is_superuser=True)
    scenario = risk.stress_test_scenario()
    client = Client(headers={"user-agent": "Browser/1.0", "x-request-id": "req-7"}, REMOTE_ADDR="192.0.2.7")
    client.force_login(user)
    page = {"scenario_name": "renamed", "scenario_type": "custom", "market_shocks": "{}", "metadata": "{}"}
    page["market_shocks"] = '{"spread": 2}'
    answer = client.post(f"/admin/risk/stresstestscenario/{scenario.pk}/change/", page)
    assert answer.status_code == 302
    assert answer.headers["X-Request-ID"] == "req-7"
    [row] = database.rows(
        "SELECT user_id, host(user_ip) AS ip, user_agent, service, request_id, length(session_id) AS session"
        " FROM audit_log JOIN audit_contexts USING (txid) WHERE record_id = %s AND action = 'UPDATE'",
        [scenario.pk],
    )
    assert row == {
        "user_id": user.pk, "ip": "192.0.2.7", "user_agent": "Browser/1.0", "service": "web", "request_id": "req-7",
        "session": 64,
    }  # fmt: skip


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "né"])
def test_a_request_without_a_usable_id_gets_one(given: str) -> None:
    request = RequestFactory().get("/", headers={"x-request-id": given})
    request.user = AnonymousUser()
    answer = AuditContextMiddleware(lambda request: HttpResponse(current().text()))(request)
    assert uuid.UUID(answer.headers["X-Request-ID"])  # type: ignore[union-attr]
    assert b'"user"' not in answer.content  # type: ignore[union-attr]
    assert current() == Context(service=service_name())


def test_an_asynchronous_view_has_the_requests_context(said: Any, scenario: Any) -> None:
    class Somebody:
        pk = BOB

    async def view(request: HttpRequest) -> HttpResponse:
        await StressTestScenario.objects.filter(pk=scenario.pk).aupdate(description="async")
        await sync_to_async(lambda: connection.close())()
        return HttpResponse()

    request = RequestFactory().get("/")
    request.user = Somebody()  # type: ignore[assignment]
    asyncio.run(AuditContextMiddleware(view)(request))  # type: ignore[arg-type]
    assert said() == [(BOB, "web", "")]


def test_a_failed_statement_leaves_the_connection_as_it_was(said: Any, scenario: Any) -> None:
    with acting(user=ADA):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("UPDATE stress_test_scenarios SET scenario_type = 'rain'")
        change(scenario)
    assert [user for user, _, _ in said()] == [ADA]


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["manage.py", "seed_test_data", "--scale", "1"], "seed_test_data"),
        (["/usr/bin/trading-database", "migrate"], "migrate"),
        (["/venv/bin/gunicorn", "config.wsgi"], "web"),
        (["/venv/lib/uvicorn/__main__.py", "config.asgi:application"], "web"),
        (["/venv/lib/pytest/__main__.py", "-q"], "pytest"),
        (["manage.py"], "manage"),
        ([""], "python"),
    ],
)
def test_a_program_is_named_after_its_command(monkeypatch: pytest.MonkeyPatch, argv: list[str], name: str) -> None:
    monkeypatch.setattr("sys.argv", argv)
    assert service_name() == name
