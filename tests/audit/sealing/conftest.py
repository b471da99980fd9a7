"""A database with a few rows in every sort of sealed table, and what an intruder with the owner's rights does to it."""

import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.core.management import call_command
from django.db import connections

from config.commands import Failed
from ops.seeding.seed import seed_small_broker
from tests import databases
from tests.databases import Database
from tests.rows import audit as rows
from trading.models import Instrument

Run = Callable[..., dict[str, Any]]
_numbers = itertools.count(1)


@pytest.fixture
def run(capsys: Any) -> Run:
    """`run("verify_audit")`: the command's JSON; with `code=4` it must fail with that exit code.

    Before sealing it waits for other tests' transactions, and seals again for the hashes that were written with the
    seal of the log: a transaction that came in between would keep them from being sealed. Not so `at_once`.
    """

    def execute(command: str, *options: str, code: int = 0, at_once: bool = False) -> dict[str, Any]:
        if command == "seal_audit" and not at_once:
            wait_for_the_horizon()
            first = once(command, *options, code=code)
            if code == 0:
                wait_for_the_horizon()
                return _in_all(first, once(command, *options, code=code))
            return first
        return once(command, *options, code=code)

    def once(command: str, *options: str, code: int) -> dict[str, Any]:
        capsys.readouterr()
        try:
            call_command(command, *options, "--json")
            found = 0
        except Failed as error:
            found = error.returncode
        text = capsys.readouterr().out
        assert found == code, text
        return json.loads(text) if text else {}

    return execute


def _in_all(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """What two runs in a row have sealed."""
    tables = Counter(first["tables"]) + Counter(second["tables"])
    sums = {name: first[name] + second[name] for name in ("seals", "rows")}
    return {**second, **sums, "tables": dict(tables)}


def seal_all() -> None:
    """Seal all that there is, and what is written by that."""
    for _ in range(2):
        wait_for_the_horizon()
        call_command("seal_audit", stdout=StringIO())


def change() -> None:
    """Change a row of an audited table in a transaction of its own: a row of audit_log and one of audit_contexts."""
    name = f"changed {next(_numbers)} times"
    assert Instrument.objects.filter(symbol="EURUSD").update(display_name=name) == 1


def wait_for_the_horizon() -> None:
    """Until all that has been written can be sealed: transactions in any database of the server keep it from that."""
    default = connections["default"]
    with Database(str(default.settings_dict["NAME"])).connect(owner=True) as owner:
        now = owner.execute("SELECT txid_current() AS n").fetchone()
        deadline = time.monotonic() + 60
        while True:
            xmin = owner.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS n").fetchone()
            if xmin["n"] > now["n"]:  # type: ignore[index]
                return
            assert time.monotonic() < deadline, "a transaction of another test runs for too long"
            time.sleep(0.01)


@pytest.fixture(scope="session")
def books_source(django_db_setup: None, django_db_blocker: Any) -> Iterator[Database]:
    """A small broker: journals and ledger, changes in the log, events."""
    with django_db_blocker.unblock(), databases.clone(f"books_{os.getpid()}_1") as database:
        with _used(database):
            seed_small_broker(password_for=lambda username: f"{username}-has-a-password")
            for number in range(5):
                change()
                rows.risk_event(description=f"event {number}")
                rows.system_event(message=f"message {number}")
        yield database


@pytest.fixture(scope="session")
def sealed_source(books_source: Database, django_db_blocker: Any) -> Iterator[Database]:
    """The same, sealed in two runs with rows between them."""
    with django_db_blocker.unblock(), _copied(books_source, "sealed") as database:
        with _used(database):
            seal_all()
            for number in range(5):
                change()
                rows.system_event(message=f"later message {number}")
            seal_all()
        yield database


@pytest.fixture
def books(books_source: Database, django_db_blocker: Any) -> Iterator[Database]:
    """The test's own copy of `books_source`."""
    with django_db_blocker.unblock(), _copied(books_source, "copy") as database, _used(database):
        yield database


@pytest.fixture
def sealed(sealed_source: Database, django_db_blocker: Any) -> Iterator[Database]:
    """The test's own copy of `sealed_source`."""
    with django_db_blocker.unblock(), _copied(sealed_source, "copy") as database, _used(database):
        yield database


@contextmanager
def _copied(source: Database, suffix: str) -> Iterator[Database]:
    name = f"{source.name.rsplit('_', 3)[0]}_{suffix}_{os.getpid()}_1"
    with databases.administration() as admin:
        databases.drop(admin, name)
        databases.create(admin, name, source.name)
    try:
        yield Database(name)
    finally:
        with databases.administration() as admin:
            databases.drop(admin, name)


@contextmanager
def _used(database: Database) -> Iterator[None]:
    """Django's own connection is to that database."""
    default = connections["default"]
    default.close()
    before = default.settings_dict["NAME"]
    default.settings_dict["NAME"] = database.name
    try:
        yield
    finally:
        default.close()
        default.settings_dict["NAME"] = before


@pytest.fixture
def tamper(sealed: Database) -> Callable[..., list[dict[str, Any]]]:
    """Plain SQL by somebody who may do all that the owner may, with every trigger off."""

    def execute(table: str, *statements: str) -> list[dict[str, Any]]:
        with sealed.connect(owner=True) as owner:
            before = owner.execute(
                "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal", [table]
            ).fetchall()
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for statement in statements:
                cursor = owner.execute(statement)
            found = cursor.fetchall() if cursor.description else []
            for trigger in before:
                always = "ALWAYS" if trigger["tgenabled"] == "A" else ""
                owner.execute(f"ALTER TABLE {table} ENABLE {always} TRIGGER {trigger['tgname']}")
        return found

    return execute


@pytest.fixture
def anchored(sealed: Database, run: Run, settings: Any, tmp_path: Path) -> Path:
    """The anchor file, with the head of `sealed` in it."""
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "signing.pem", tmp_path / "public.pem"
    private.touch(mode=0o600)
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    settings.AUDIT_ANCHOR = str(tmp_path / "anchor.jsonl")
    settings.AUDIT_SIGNING_KEY_FILE = str(private)
    settings.AUDIT_PUBLIC_KEY_FILE = str(public)
    assert run("seal_audit", at_once=True)["anchored_to"] == settings.AUDIT_ANCHOR
    return tmp_path / "anchor.jsonl"
