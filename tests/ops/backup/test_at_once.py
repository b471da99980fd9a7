"""Two whole commands at once, each a process of its own: one is told to wait or both succeed, and nothing breaks."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from config.database.scratch import Server
from ops.backup import swap
from ops.backup.check import check, damage
from ops.backup.dump import back_up
from ops.backup.store import Store
from tests.databases import PROJECT, Database
from tests.ops.backup.conftest import Answer
from tests.ops.backup.test_prune_backups import aged

LOCKED = 5


pytestmark = pytest.mark.usefixtures("administrator")


def _administration() -> str:
    login = dict(Server.of_settings().administrator or {})
    user, query = quote(login.pop("user")), urlencode({key: login[key] for key in login if key != "options"})
    return f"postgresql://{user}@/postgres?{query}"


class Running:
    """`manage.py` in a process of its own."""

    def __init__(self, broker: Database, store: Store, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PROJECT / "manage.py"), *arguments],
            env=broker.environment(BACKUP_DIR=str(store.folder), ADMIN_DATABASE_URL=_administration()),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, begun: Callable[[], bool]) -> None:
        """Return when it has got so far; a run that has ended before is a failure."""
        while not begun():
            assert self._process.poll() is None, self._process.communicate()
            time.sleep(0.01)

    def end(self, number: signal.Signals | None = None) -> Answer:
        """Wait for its end, after this signal where one is given."""
        if number is not None:
            self._process.send_signal(number)
        out, err = self._process.communicate(timeout=300)
        return Answer(self._process.returncode, out, err)


@contextmanager
def table_held(broker: Database) -> Iterator[None]:
    """A backup that begins within the block waits for this table until its end."""
    with broker.connect(owner=True, autocommit=False) as migration:
        migration.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        yield
        migration.rollback()


def is_waiting(broker: Database) -> bool:
    rows = broker.rows("SELECT 1 FROM pg_locks WHERE relation = 'orders'::regclass AND NOT granted")
    return bool(rows)


def scratch(broker: Database, work: str) -> bool:
    """Whether a drill or a restore has begun to fill a database."""
    return bool(broker.rows("SELECT 1 FROM pg_database WHERE starts_with(datname, %s)", [f"{broker.name}_{work}"]))


def users(broker: Database) -> int:
    return int(broker.rows("SELECT count(*) FROM users", owner=False)[0]["count"])


def test_of_two_backups_at_once_one_is_made(broker: Database, store: Store) -> None:
    with table_held(broker):
        first = Running(broker, store, "backup_db")
        first.until(lambda: is_waiting(broker))
        second = Running(broker, store, "backup_db").end()
    made = first.end()
    assert (made.returncode, second.returncode) == (0, LOCKED), made.stderr + second.stderr
    assert "wait until it ends" in second.stderr
    [backup] = store.all()
    assert backup.id == made.stdout.strip()
    assert damage(backup) == []


def test_of_two_restores_at_once_one_is_done(broker: Database, store: Store) -> None:
    back_up(store, label="good")
    before = users(broker)
    arguments = ["restore_db", "good", f"--confirm={broker.name}", "--json"]
    with table_held(broker):
        first = Running(broker, store, *arguments)
        first.until(lambda: is_waiting(broker))  # at the backup that comes before
        second = Running(broker, store, *arguments).end()
    done = first.end()
    assert (done.returncode, second.returncode) == (0, LOCKED), done.stderr + second.stderr
    assert "by another command" in second.stderr
    with closing(Server.of_settings().connect()) as session:
        assert [name for name, _ in swap.put_aside(session, broker.name)] == [json.loads(done.stdout)["kept"]]
    assert users(broker) == before


@pytest.mark.parametrize("other", [["restore_db", "good", "--no-backup"], ["restore_db", "--rollback"]])
def test_a_backup_is_not_cut_short_by_a_swap(broker: Database, store: Store, other: list[str]) -> None:
    back_up(store, label="good")
    with table_held(broker):
        backup = Running(broker, store, "backup_db")
        backup.until(lambda: is_waiting(broker))
        restore = Running(broker, store, *other, f"--confirm={broker.name}").end()
    made = backup.end()
    assert (made.returncode, restore.returncode) == (0, LOCKED), made.stderr + restore.stderr
    assert damage(store.get(made.stdout.strip())) == []


def test_no_backup_begins_while_a_restore_is_under_way(broker: Database, store: Store) -> None:
    good = back_up(store, label="good")
    restore = Running(broker, store, "restore_db", "good", f"--confirm={broker.name}", "--no-backup")
    restore.until(lambda: scratch(broker, "restoring"))
    backup = Running(broker, store, "backup_db").end()
    done = restore.end()
    # Where the restore was the quicker one, the backup is one of what was restored.
    assert (done.returncode, backup.returncode) in {(0, LOCKED), (0, 0)}, done.stderr + backup.stderr
    assert all(damage(each) == [] for each in store.all())
    assert len(store.all()) == (1 if backup.returncode else 2)
    assert users(broker) == good.sound["tables"]["public.users"]["rows"]
    assert not list(store.folder.glob(".incomplete-*"))


@pytest.mark.parametrize(
    ("command", "work"),
    [(["verify_backup", "old"], "drill"), (["restore_db", "old", "--no-backup"], "restoring")],
    ids=["verify", "restore"],
)
def test_what_is_being_restored_is_not_pruned(
    broker: Database, store: Store, manage: Callable[..., Answer], command: list[str], work: str
) -> None:
    old, new = back_up(store, label="old"), back_up(store, label="new")
    aged(old, 100)
    check(store, new)
    confirm = [f"--confirm={broker.name}"] if work == "restoring" else []
    running = Running(broker, store, *command, *confirm)
    running.until(lambda: scratch(broker, work))
    options: list[Any] = ["--keep-minimum=1", "--keep-weekly=0", "--keep-monthly=0", "--keep-databases=0"]
    pruned = manage("prune_backups", *options, "--json")
    assert pruned.returncode == 0, pruned.stderr
    assert json.loads(pruned.stdout)["kept"]["old"] == "in use by another command"
    done = running.end()
    assert done.returncode == 0, done.stderr
    assert [each.id for each in store.all()] == ["old", "new"]
    assert users(broker) == new.sound["tables"]["public.users"]["rows"]
