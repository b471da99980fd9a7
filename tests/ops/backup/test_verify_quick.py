"""`verify_backup --quick` and the seal of the manifest: every changed byte is found."""

import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyrage
import pytest

from config.commands import EnvironmentFailed, Failed, VerificationFailed
from ops.backup import manifest as manifests
from ops.backup.check import check, damage
from ops.backup.dump import back_up
from ops.backup.store import Store
from tests.databases import Database
from tests.ops.backup.conftest import Answer

FLIPS, TRUNCATIONS = 200, 100


def is_found(store: Store, id: str) -> bool:
    try:
        return bool(damage(store.get(id)))
    except VerificationFailed:
        return True


@contextmanager
def changed(path: Path, data: bytes) -> Iterator[None]:
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        yield
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "encrypted and signed"])
def test_every_flipped_bit_and_every_cut_file_is_found(
    broker: Database, store: Store, settings: Any, secured: bool
) -> None:
    if secured:
        settings.BACKUP_RECIPIENTS = [str(pyrage.x25519.Identity.generate().to_public())]
        settings.BACKUP_SIGNING_KEY = "a key of the test's own"
    backup = back_up(store)
    chance = random.Random(20)
    files = sorted(path for path in backup.path.rglob("*") if path.is_file())
    # Every kind of file: the manifest, the table of contents, and those with rows.
    kinds = [backup.path / "manifest.json", *backup.data.glob("toc.dat*")]
    kinds = [*kinds, *kinds, *(path for path in files if path not in kinds)]
    assert not is_found(store, backup.id)
    for number in range((FLIPS + TRUNCATIONS) // 2):
        path = chance.choice(kinds[:4]) if number % 2 else chance.choice(kinds)
        data = bytearray(path.read_bytes())
        if number % 3:
            bit = chance.randrange(len(data) * 8)
            data[bit // 8] ^= 1 << bit % 8
        else:
            del data[chance.randrange(len(data)) :]
        with changed(path, bytes(data)):
            assert is_found(store, backup.id), f"{path.name}, change {number}"
    assert not is_found(store, backup.id)


def test_what_a_killed_check_has_left_is_no_damage(broker: Database, store: Store) -> None:
    backup = back_up(store)
    (backup.path / "manifest.json.incoming").write_bytes(b"{")
    assert check(store, backup)["ok"]
    assert not (backup.path / "manifest.json.incoming").exists()


def test_files_that_are_missing_added_or_no_files_are_found(broker: Database, store: Store) -> None:
    backup = back_up(store)
    [first, second, *_] = sorted(backup.data.glob("*.dat.*"))
    away = store.folder.parent / "away"
    first.rename(away)
    (backup.data / "more").write_text("x")
    (backup.path / "note").write_text("x")
    content = store.folder.parent / "content"
    second.rename(content)
    second.symlink_to(content)
    assert damage(backup) == [
        f"data/{first.name} is missing",
        "data/more does not belong to the backup",
        "note does not belong to the backup",
        f"data/{second.name} is no plain file",
    ]


def test_the_result_is_in_the_manifest(broker: Database, store: Store) -> None:
    backup = back_up(store)
    assert not backup.is_good
    assert check(store, backup)["ok"]
    assert store.get(backup.id).is_good
    victim = next(backup.data.glob("*.dat.*"))
    victim.write_bytes(victim.read_bytes()[:-1])
    result = check(store, store.get(backup.id))
    assert (result["ok"], len(result["problems"])) == (False, 1)
    damaged = store.get(backup.id)
    assert not damaged.is_good
    assert damaged.sound["last_check"] == result


def test_a_signed_manifest_needs_its_key(broker: Database, store: Store, settings: Any) -> None:
    unsigned = back_up(store, label="unsigned")
    settings.BACKUP_SIGNING_KEY = "the key"
    signed = back_up(store, label="signed")
    assert store.get("signed").sound == signed.sound
    with pytest.raises(VerificationFailed, match="unsigned is not signed, and BACKUP_SIGNING_KEY is set"):
        store.get("unsigned")
    # Whoever has no key can compute a plain digest, and is found out.
    forged = {key: value for key, value in signed.sound.items() if key != "seal"} | {"label": "forged"}
    settings.BACKUP_SIGNING_KEY = ""
    data = manifests.encode(forged)
    with pytest.raises(EnvironmentFailed, match="signed is signed: set BACKUP_SIGNING_KEY"):
        store.get("signed")
    settings.BACKUP_SIGNING_KEY = "another key"
    with pytest.raises(VerificationFailed, match="does not match its seal"):
        store.get("signed")
    settings.BACKUP_SIGNING_KEY = "the key"
    (signed.path / "manifest.json").write_bytes(data)
    with pytest.raises(VerificationFailed, match="is not signed"):
        store.get("signed")
    assert unsigned.id in {each.id for each in store.all()}


def test_latest_is_refused_while_a_backup_is_there_whose_age_nobody_knows(broker: Database, store: Store) -> None:
    back_up(store, label="old")
    newest = back_up(store, label="new")
    path = newest.path / "manifest.json"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(VerificationFailed, match=r"manifest of new is damaged.*name the backup by its id"):
        store.get("latest")
    assert store.get("old").id == "old"
    path.unlink()
    with pytest.raises(Failed, match="new has no manifest"):
        store.get("latest")


def test_the_command_exits_with_4_and_names_the_file(
    broker: Database, store: Store, manage: Callable[..., Answer]
) -> None:
    backup = back_up(store)
    good = manage("verify_backup", "latest", "--quick")
    assert (good.returncode, good.stdout) == (0, f"{backup.id}: sound\n")
    victim = sorted(backup.data.glob("*.dat.*"))[0]
    victim.write_bytes(victim.read_bytes() + b"x")
    bad = manage("verify_backup", backup.id, "--quick", "--json")
    assert bad.returncode == 4
    assert json.loads(bad.stdout)["problems"][0].startswith(f"data/{victim.name} has ")
    listed = manage("list_backups", "--json")
    [row] = json.loads(listed.stdout)["backups"]
    assert (row["id"], row["good"], row["restorable"]) == (backup.id, False, "yes")
    assert row["problem"] == json.loads(bad.stdout)["problems"][0]
    assert manage("verify_backup", "none", "--quick").returncode == 2
    os.truncate(backup.path / "manifest.json", 100)
    [row] = json.loads(manage("list_backups", "--json").stdout)["backups"]
    assert row["problem"].startswith(f"The manifest of {backup.id} is damaged")
