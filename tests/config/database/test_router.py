"""Which server a query goes to."""

import pytest
from django.conf import settings

from config.database.router import ReplicaRouter, reads_from_replica


@pytest.fixture
def replicas(monkeypatch: pytest.MonkeyPatch) -> None:
    for alias in ("replica1", "replica2"):
        monkeypatch.setitem(settings.DATABASES, alias, settings.DATABASES["default"])


@pytest.mark.usefixtures("replicas")
def test_reads_and_writes_go_to_the_primary_by_default() -> None:
    assert ReplicaRouter().db_for_read(None) == "default"
    assert ReplicaRouter().db_for_write(None) == "default"


@pytest.mark.usefixtures("replicas")
def test_reads_that_may_be_late_go_to_a_replica() -> None:
    with reads_from_replica():
        assert {ReplicaRouter().db_for_read(None) for _ in range(50)} == {"replica1", "replica2"}
        assert ReplicaRouter().db_for_write(None) == "default"
    assert ReplicaRouter().db_for_read(None) == "default"


def test_without_replicas_everything_goes_to_the_primary() -> None:
    with reads_from_replica():
        assert ReplicaRouter().db_for_read(None) == "default"


def test_only_the_primary_is_migrated() -> None:
    assert ReplicaRouter().allow_migrate("default", "trading")
    assert not ReplicaRouter().allow_migrate("replica1", "trading")
