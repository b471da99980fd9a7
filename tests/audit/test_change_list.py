"""The list of all changes: the newest of a log that is too long to be read for each look at it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditLog
from tests.conftest import Sql
from tests.rows import accounts, risk


@pytest.fixture
def old(sql: Sql, client: Client, monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    """A change of more than a minute ago, which three of this minute have followed: for the list, that is enough."""
    client.force_login(accounts.user(is_staff=True, is_superuser=True))
    risk.circuit_breaker()
    change = AuditLog.objects.latest("id")
    (minute,) = sql("SELECT clock_timestamp() AS began")
    for _ in range(3):
        risk.circuit_breaker()
    clock = SimpleNamespace(now=lambda: minute["began"] + timedelta(minutes=1))
    monkeypatch.setattr("audit.admin.changes.timezone", clock)
    monkeypatch.setattr("audit.admin.changes.NewestChanges.ENOUGH", 2)
    return change


def listed(client: Client, **query: str) -> list[int]:
    answer = client.get(reverse("admin:audit_auditlog_changelist"), query)
    return [change.pk for change in answer.context["cl"].result_list]


def test_the_list_ends_where_there_are_changes_enough(
    client: Client, old: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(listed(client)) == 3
    assert min(listed(client)) > old.pk
    monkeypatch.setattr("audit.admin.changes.NewestChanges.ENOUGH", 1_000_000)
    assert old.pk in listed(client)


def test_search_and_filters_look_at_all_changes(client: Client, old: AuditLog) -> None:
    assert listed(client, q=str(old.record_id)) == [old.pk]
    assert old.pk in listed(client, table_name=old.table_name)
