"""The drill of `verify_backup`: what came back is compared, and proved, and nothing of it stays."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyrage
import pytest

from config.commands import EnvironmentFailed, VersionSkew
from config.database.scratch import Server
from ops.backup import manifest as manifests
from ops.backup.drill import drill
from ops.backup.dump import back_up
from ops.backup.store import Backup, Store
from tests.databases import Database
from tests.ops.backup.conftest import Answer


def scratch_databases(broker: Database) -> list[dict[str, Any]]:
    return broker.rows("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{broker.name}\\_%"])


def doctored(backup: Backup, **changes: Any) -> None:
    """Write the manifest anew, sealed, as if the backup had been of something else."""
    manifests.write(backup.path, {**backup.sound, **changes})


def test_a_good_backup_is_restored_and_proved(broker: Database, store: Store, manage: Callable[..., Answer]) -> None:
    sealed = manage("seal_audit", "--json")
    assert sealed.returncode == 0, sealed.stderr
    assert json.loads(sealed.stdout)["rows"] > 0
    backup = back_up(store)
    result = drill(store, backup)
    assert result["problems"] == []
    assert result["ok"]
    assert result["books_rules"] > 20
    # What was sealed there is what came back: rows, layouts, functions.
    assert result["audit"] == "holds"
    proved = store.get(backup.id)
    assert proved.is_drilled
    assert proved.sound["last_drill"] == result
    assert proved.sound["last_check"]["ok"]
    assert scratch_databases(broker) == []


def test_rows_that_are_missing_or_others_and_sequences_that_went_back_are_named(broker: Database, store: Store) -> None:
    backup = back_up(store)
    tables = {key: dict(table) for key, table in backup.sound["tables"].items()}
    tables["public.orders"]["rows"] += 1
    tables["public.users"]["hash"] = "1"
    tables["public.gone"] = {"rows": 1, "hash": "1", "bytes": 1}
    sequences = backup.sound["sequences"]
    name = sorted(sequences["first"])[0]
    later = {**sequences["first"], name: "1000000/true"}
    doctored(backup, tables=tables, sequences={"first": later, "last": later})
    result = drill(store, store.get(backup.id))
    assert (result["ok"], result["kind"]) == (False, "mismatch")
    assert "4 differences" in result["problems"][0]
    assert "table public.gone is missing" in result["problems"][0]
    assert not store.get(backup.id).is_good
    assert scratch_databases(broker) == []


def test_books_that_do_not_hold_are_found_in_the_restored_database(
    fresh_database: Database, broker: Database, store: Store, manage: Callable[..., Answer]
) -> None:
    [row] = broker.rows("SELECT id, balance FROM accounts WHERE balance > 0 LIMIT 1")
    [head] = broker.rows(
        "SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conname = 'accounts_head_fk'"
    )
    always = broker.rows("SELECT tgname FROM pg_trigger WHERE tgrelid = 'accounts'::regclass AND tgenabled = 'A'")
    with closing(broker.connect(owner=True)) as owner:
        owner.execute(
            "ALTER TABLE accounts DISABLE TRIGGER USER; ALTER TABLE accounts DROP CONSTRAINT accounts_head_fk"
        )
        owner.execute("UPDATE accounts SET balance = balance + 1 WHERE id = %s", [row["id"]])
        backup = back_up(store)
        owner.execute("UPDATE accounts SET balance = %s WHERE id = %s", [row["balance"], row["id"]])
        owner.execute(f"ALTER TABLE accounts ADD CONSTRAINT accounts_head_fk {head['definition']}")
        owner.execute("ALTER TABLE accounts ENABLE TRIGGER USER")
        for trigger in always:
            owner.execute(f"ALTER TABLE accounts ENABLE ALWAYS TRIGGER {trigger['tgname']}")
    bad = manage("verify_backup", backup.id, "--json")
    assert bad.returncode == 4, bad.stderr
    assert json.loads(bad.stdout)["problems"] == ["The books in the backup do not hold: 2 broken rows."]
    assert store.get(backup.id).sound["last_drill"]["kind"] == "books"
    [event] = broker.rows("SELECT severity, message FROM system_events WHERE service = 'verify_backup'")
    assert (event["severity"], backup.id in event["message"]) == ("critical", True)


def test_a_damaged_backup_is_not_even_restored(broker: Database, store: Store) -> None:
    backup = back_up(store)
    victim = next(backup.data.glob("*.dat.*"))
    victim.write_bytes(b"x" + victim.read_bytes()[1:])
    result = drill(store, backup)
    assert (result["ok"], result["kind"]) == (False, "damage")


def test_an_encrypted_backup_is_drilled_with_its_key_and_another_key_says_nothing_about_it(
    broker: Database, store: Store, settings: Any, tmp_path: Path
) -> None:
    mine = pyrage.x25519.Identity.generate()
    settings.BACKUP_RECIPIENTS, settings.BACKUP_SIGNING_KEY = [str(mine.to_public())], "the key"
    key_file = tmp_path / "key"
    settings.BACKUP_IDENTITY_FILE = str(key_file)
    backup = back_up(store)
    key_file.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    key_file.chmod(0o600)
    with pytest.raises(EnvironmentFailed, match="cannot be decrypted"):
        drill(store, backup)
    assert store.get(backup.id).sound["last_drill"] is None
    key_file.write_text(f"{mine}\n")
    assert drill(store, backup)["ok"]
    assert not list(store.folder.glob(".opened-*"))
    assert scratch_databases(broker) == []


def test_a_backup_of_newer_code_or_a_newer_server_is_refused_with_the_way_out(broker: Database, store: Store) -> None:
    backup = back_up(store)
    doctored(backup, migrations=[*backup.sound["migrations"], "trading.9999_from_the_future"])
    with pytest.raises(VersionSkew, match=r"made by newer code \(1 migration unknown here, as trading\.9999"):
        drill(store, store.get(backup.id))
    doctored(backup, server={**backup.sound["server"], "version_num": 990_000})
    with pytest.raises(VersionSkew, match="was made on PostgreSQL 99"):
        drill(store, store.get(backup.id))
    doctored(backup, tools={**backup.sound["tools"], "version": "99.1"})
    with pytest.raises(VersionSkew, match=r"made by pg_dump 99\.1"):
        drill(store, store.get(backup.id))
    with closing(Server.of_settings().connect()) as session:
        assert session.info.server_version < 990_000
