"""Commands that are told to end, as `systemctl stop` and Ctrl-C do: what they have begun is gone when they are."""

import signal

import pytest

from ops.backup.check import damage
from ops.backup.dump import back_up
from ops.backup.store import Store
from tests.databases import Database
from tests.ops.backup.test_at_once import Running, is_waiting, scratch, table_held, users

pytestmark = pytest.mark.usefixtures("administrator")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_backup_that_is_told_to_end_leaves_nothing_but_a_line_in_system_events(
    broker: Database, store: Store, number: signal.Signals
) -> None:
    good = back_up(store, label="good")
    backup = Running(broker, store, "backup_db")
    backup.until(lambda: any(store.folder.glob(".incomplete-*")))
    ended = backup.end(number)
    assert (ended.returncode, ended.stdout) == (128 + number, "")
    assert ended.stderr.splitlines()[-1].startswith("Interrupted")
    assert [each.id for each in store.all()] == ["good"]
    assert not list(store.folder.glob(".*-*"))
    assert damage(good) == []
    [event] = broker.rows(
        "SELECT message FROM system_events WHERE event_type = 'backup_failed' ORDER BY id DESC LIMIT 1"
    )
    assert event["message"] == f"ended by {number.name}"


def test_a_backup_that_waits_for_a_table_ends_when_it_is_told_to(broker: Database, store: Store) -> None:
    with table_held(broker):
        backup = Running(broker, store, "backup_db")
        backup.until(lambda: is_waiting(broker))
        assert backup.end(signal.SIGTERM).returncode == 128 + signal.SIGTERM
        assert not is_waiting(broker)
    assert store.all() == []


def test_a_restore_that_is_told_to_end_drops_what_it_has_begun(broker: Database, store: Store) -> None:
    back_up(store, label="good")
    before = users(broker)
    for arguments in (["restore_db", "good", f"--confirm={broker.name}", "--no-backup"], ["verify_backup", "good"]):
        work = "restoring" if arguments[0] == "restore_db" else "drill"
        running = Running(broker, store, *arguments)
        running.until(lambda work=work: scratch(broker, work))  # type: ignore[misc]
        assert running.end(signal.SIGTERM).returncode == 128 + signal.SIGTERM
        assert not scratch(broker, work)
    assert users(broker) == before
    assert store.get("good").sound["last_drill"] is None
