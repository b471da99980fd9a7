"""Making a backup: one snapshot, no secret, and nothing that looks like a backup unless it is one."""

import json
import stat
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest

from audit.models import SystemEvent
from config.commands import EnvironmentFailed, Failed, Locked, NoSpace, UsageFailed, VersionSkew
from config.database.locks import lock_key
from config.database.scratch import Server
from ops.backup import cipher, compatibility, dump, tools
from ops.backup.dump import back_up
from ops.backup.store import Backup, Store
from tests.databases import Database
from tests.ops.backup.conftest import Answer


def listed(store: Store) -> list[str]:
    """Everything in the folder but the lock."""
    return sorted(path.name for path in store.folder.iterdir() if path.name != ".lock")


def test_manifest_tells_what_was_backed_up(broker: Database, kept: tuple[Store, Backup]) -> None:
    manifest = kept[1].sound
    [(count, version)] = [
        row.values()
        for row in broker.rows("SELECT count(*), current_setting('server_version_num')::int AS v FROM orders")
    ]
    assert manifest["tables"]["public.orders"]["rows"] == count
    assert manifest["server"]["version_num"] == version
    assert manifest["database"]["name"] == broker.name
    assert manifest["database"]["encoding"] == "UTF8"
    assert {"values": ["synchronous_commit=off"], "role": None} in manifest["database"]["settings"]
    assert "btree_gist" in manifest["extensions"]
    assert set(manifest["migrations"]) == compatibility.known_migrations()
    owner = next(role for role in manifest["roles"] if role["name"] == "trading_migrator")
    assert owner["member_of"] == ["trading_owner"]
    assert "SCRAM" not in json.dumps(manifest)
    assert manifest["server"]["wal_lsn"].count("/") == 1
    assert {f"data/{path.name}" for path in kept[1].data.iterdir()} == set(manifest["files"])


def test_only_the_owner_of_the_folder_reads_a_backup(kept: tuple[Store, Backup]) -> None:
    store, backup = kept
    for path in [store.folder, *backup.path.rglob("*"), backup.path]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_rows_and_hashes_are_those_of_the_snapshot_while_others_write(broker: Database, store: Store) -> None:
    """What commits during the backup is in neither the manifest nor the dump."""
    stop = threading.Event()

    def write() -> None:
        with closing(broker.connect(owner=True)) as session:
            while not stop.is_set():
                session.execute("INSERT INTO system_events (event_type, message) VALUES ('error', 'meanwhile')")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backup = back_up(store)
    finally:
        stop.set()
        writer.join()
    counted = {key: table["rows"] for key, table in backup.sound["tables"].items()}
    leaf = next(key for key, rows in counted.items() if "system_events" in key and rows)
    dumped = _rows(backup, leaf.removeprefix("public."))
    assert len(dumped) == counted[leaf]
    assert counted[leaf] < broker.rows("SELECT count(*) FROM system_events")[0]["count"]


def _rows(backup: Backup, table: str) -> list[bytes]:
    """The rows of one table as COPY text, out of the dump."""
    pg_restore = tools.tools_for(backup.sound["server"]["version_num"]).program("pg_restore")
    command = [pg_restore, "--data-only", f"--table={table}", "--file=-", str(backup.data)]
    text = subprocess.run(command, capture_output=True, check=True).stdout
    return text.split(b"FROM stdin;\n")[1].split(b"\n\\.")[0].splitlines()


def test_a_table_that_is_being_changed_is_waited_for_and_then_named_locked(broker: Database, store: Store) -> None:
    with broker.connect(owner=True, autocommit=False) as migration:
        migration.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Locked, match=r"A table stayed locked for 0\.2 seconds"):
            back_up(store, lock_seconds=0.2)
        migration.rollback()
    assert listed(store) == []


def test_a_table_cannot_be_emptied_between_snapshot_and_dump(broker: Database) -> None:
    with (
        closing(Server.of_settings().connect(broker.name)) as session,
        dump._frozen(session, 5),
        broker.connect(owner=True) as other,
    ):
        other.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("TRUNCATE django_session")


def test_two_at_once_are_refused(broker: Database, store: Store, tmp_path: Path) -> None:
    store.prepare()
    with store.exclusive(), pytest.raises(Locked, match="Another command makes or removes backups"):
        back_up(store)
    with closing(broker.connect()) as other:
        # Somebody who keeps his backups elsewhere.
        other.execute("SELECT pg_advisory_lock(%s)", [lock_key("backup")])
        with pytest.raises(Locked, match="Another backup is running"):
            back_up(store)
    assert listed(store) == []


@pytest.mark.parametrize("label", ["", ".hidden", "a/b", "../x", "latest", "x" * 65, "with space"])
def test_a_label_that_is_no_name_is_refused(store: Store, label: str) -> None:
    with pytest.raises(UsageFailed, match="is no name for a backup"):
        back_up(store, label=label)
    assert listed(store) == []


@pytest.mark.parametrize("seconds", ["1e300", "0"])
def test_a_time_that_nobody_can_wait_is_refused(seconds: str, store: Store, manage: Callable[..., Answer]) -> None:
    answer = manage("backup_db", f"--lock-wait={seconds}")
    assert (answer.returncode, len(answer.stderr.splitlines())) == (2, 1)
    assert store.all() == []


def test_a_name_that_is_taken_is_refused(store: Store) -> None:
    first = back_up(store, label="before-release_1.0")
    before = (first.path / "manifest.json").read_bytes()
    with pytest.raises(UsageFailed, match=r"There is a backup before-release_1\.0 already"):
        back_up(store, label="before-release_1.0")
    assert (first.path / "manifest.json").read_bytes() == before
    assert listed(store) == ["before-release_1.0"]


def test_the_newest_is_the_one_that_was_made_last_whatever_the_clock_says(store: Store) -> None:
    first = back_up(store, label="first")
    with pytest.MonkeyPatch.context() as patch:

        class SetBack(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return datetime(2001, 1, 1, tzinfo=UTC) + timedelta(seconds=1)

        patch.setattr(dump, "datetime", SetBack)
        second = back_up(store)
    assert second.id == "20010101T000001Z"
    assert second.created_at < first.created_at
    assert store.get("latest").id == second.id
    assert [backup.id for backup in store.all()] == ["first", second.id]


def test_no_space_is_told_before_the_work_and_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump, "EXPECTED_SHARE", 1e9)
    with pytest.raises(NoSpace, match="free some space"):
        back_up(store)
    assert listed(store) == []


def test_what_a_killed_run_has_left_is_cleared_and_what_still_runs_is_kept(store: Store) -> None:
    store.prepare()
    for name in (".incomplete-dead", ".removed-dead", ".incomplete-alive"):
        (store.folder / name / "data").mkdir(parents=True)
    with store.in_use(store.folder / ".incomplete-alive", alone=True):
        backup = back_up(store)
        assert listed(store) == [".incomplete-alive", backup.id]
    assert [each.id for each in store.all()] == [backup.id]


def test_client_programs_that_are_older_than_the_server_are_refused(settings: Any, store: Store) -> None:
    with pytest.raises(VersionSkew, match="The server is PostgreSQL 99"):
        tools.tools_for(990_000)
    settings.POSTGRES_BIN_DIR = Path("/nonexistent")
    with pytest.raises(EnvironmentFailed, match="pg_dump was not found"):
        back_up(store)
    assert listed(store) == []


def test_a_password_is_in_a_file_of_mode_0600_and_nowhere_else() -> None:
    with tools.environment({"host": "h", "user": "u", "password": "se:cr\\et"}) as variables:
        path = Path(variables["PGPASSFILE"])
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text() == "*:*:*:*:se\\:cr\\\\et\n"
        assert "PGPASSWORD" not in variables
        assert not any("se:cr" in value for value in variables.values())
    assert not path.exists()


def test_an_encrypted_backup_shows_nothing_and_opens_with_its_key_only(
    broker: Database, store: Store, settings: Any, tmp_path: Path
) -> None:
    mine, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    settings.BACKUP_RECIPIENTS = [str(mine.to_public()), str(other.to_public())]
    backup = back_up(store)
    assert backup.sound["cipher"] == "age"
    files = sorted(backup.data.iterdir())
    assert all(path.suffix == ".age" for path in files)
    assert not any(b"PGDMP" in path.read_bytes() or b"EURUSD" in path.read_bytes() for path in files)
    toc = backup.data / "toc.dat.age"
    for key in (mine, other):
        cipher.decrypt(toc, tmp_path / f"toc-{key is mine}", key)
        assert (tmp_path / f"toc-{key is mine}").read_bytes().startswith(b"PGDMP")
    with pytest.raises(Failed, match=r"toc\.dat\.age cannot be decrypted"):
        cipher.decrypt(toc, tmp_path / "toc", pyrage.x25519.Identity.generate())


@pytest.mark.parametrize("keys", [["age1nonsense"], [" "], ["age1nonsense", ""]])
def test_a_key_that_cannot_be_used_stops_the_backup(store: Store, settings: Any, keys: list[str]) -> None:
    settings.BACKUP_RECIPIENTS = keys
    with pytest.raises(EnvironmentFailed, match="BACKUP_RECIPIENTS"):
        back_up(store)
    assert listed(store) == []


def test_a_private_key_that_others_may_read_is_refused(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "key"
    settings.BACKUP_IDENTITY_FILE = str(path)
    with pytest.raises(EnvironmentFailed, match="cannot be read"):
        cipher.identity()
    path.write_text(f"# created: today\n{pyrage.x25519.Identity.generate()}\n")
    path.chmod(0o644)
    with pytest.raises(EnvironmentFailed, match="chmod 600"):
        cipher.identity()
    path.chmod(0o600)
    cipher.identity()
    path.write_text("AGE-SECRET-KEY-1NONSENSE")
    with pytest.raises(EnvironmentFailed, match="does not hold one private age key"):
        cipher.identity()
    settings.BACKUP_IDENTITY_FILE = ""
    with pytest.raises(EnvironmentFailed, match="set BACKUP_IDENTITY_FILE"):
        cipher.identity()


def test_the_command_prints_the_id_and_writes_what_happened_into_system_events(
    broker: Database, tmp_path: Path
) -> None:
    env = {"BACKUP_DIR": str(tmp_path / "backups")}
    made = broker.manage("backup_db", "--json", env=env)
    assert made.returncode == 0, made.stderr
    result = json.loads(made.stdout)
    assert Path(result["path"]) == tmp_path / "backups" / result["id"]
    event = SystemEvent.objects.filter(event_type="backup_completed", service="backup_db").latest("id")
    assert (event.details["id"], event.details["rows"]) == (result["id"], result["rows"])
    failed = broker.manage("backup_db", env={**env, "BACKUP_RECIPIENTS": "age1nonsense"})
    assert (failed.returncode, failed.stdout) == (3, "")
    assert failed.stderr.startswith("BACKUP_RECIPIENTS holds something")
    event = SystemEvent.objects.filter(event_type="backup_failed", service="backup_db").latest("id")
    assert (event.severity, event.details["exit_code"]) == ("error", 3)
