"""Restoring: what comes back equals what was there, and whatever fails leaves the live database as it was."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
from django.db import connections

from config.commands import DrillMismatch, Failed, Locked, UsageFailed, VerificationFailed, VersionSkew
from config.database.locks import lock_key
from config.database.scratch import Server, drop
from ops.backup import access, contents, facts, loading, restore, swap, tools
from ops.backup import manifest as manifests
from ops.backup.check import damage
from ops.backup.dump import back_up
from ops.backup.store import Backup, Store
from tests.databases import Database
from tests.ops.backup.conftest import Answer

OTHER = f"restored_{os.getpid()}"


@pytest.fixture(autouse=True)
def without_other(administrator: Server) -> Iterator[None]:
    """What restores make beside the live database is dropped."""
    yield
    with closing(administrator.master()) as session:
        drop(session, OTHER)


def schema(server: Server, name: str) -> str:
    """Everything but the rows, as pg_dump writes it."""
    with closing(server.connect()) as session:
        program = tools.tools_for(session.info.server_version).program("pg_dump")
    with tools.environment({**server.owner, "dbname": name}) as variables:
        text = subprocess.run(
            [program, "--schema-only"], env=variables, capture_output=True, text=True, check=True
        ).stdout
    # A random word that guards psql against the dump's own text.
    lines = [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    # PostgreSQL shows the same list of words in another way once it has read its own text again.
    return re.sub(r"::character varying|::text|\[\]|[()]", "", "\n".join(lines))


def everything(server: Server, name: str) -> dict[str, Any]:
    with closing(server.connect(name)) as session, session.transaction():
        return {
            "tables": {table.key: found for table, found in contents.fingerprints(session, contents.tables(session))},
            "sequences": contents.sequences(session),
            "schema": schema(server, name),
            "triggers": session.execute(
                "SELECT tgrelid::regclass::text, tgenabled,"
                " CASE WHEN tgisinternal THEN tgfoid::regproc::text ELSE tgname END FROM pg_trigger ORDER BY 1, 2, 3"
            ).fetchall(),
            "database": {**facts.of_database(session, name), "name": None},
        }


def test_a_restored_database_equals_its_source(administrator: Server, broker: Database, store: Store) -> None:
    given = [
        'ALTER DATABASE {} SET search_path = "$user", public',
        "ALTER DATABASE {} SET work_mem = '5MB'",
        "ALTER ROLE trading_backend IN DATABASE {} SET statement_timeout = '29s'",
        "ALTER ROLE trading_backend IN DATABASE {} SET temp_tablespaces = ''",
        "ALTER ROLE trading_readonly IN DATABASE {} SET search_path = ''",
        'ALTER ROLE trading_auditor IN DATABASE {} SET search_path = "a ""b""", "x,y", z',
        "REVOKE CONNECT ON DATABASE {} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {} TO trading_app, trading_readonly, trading_auditor",
        "ALTER DATABASE {} CONNECTION LIMIT 90",
        "COMMENT ON DATABASE {} IS 'the desk''s'",
    ]
    undone = [
        "ALTER DATABASE {} RESET search_path", "ALTER DATABASE {} RESET work_mem",
        "ALTER ROLE trading_backend IN DATABASE {} RESET statement_timeout",
        "ALTER ROLE trading_backend IN DATABASE {} RESET temp_tablespaces",
        "ALTER ROLE trading_readonly IN DATABASE {} RESET search_path",
        "ALTER ROLE trading_auditor IN DATABASE {} RESET search_path",
        "GRANT CONNECT ON DATABASE {} TO PUBLIC", "ALTER DATABASE {} CONNECTION LIMIT -1",
        "COMMENT ON DATABASE {} IS NULL",
    ]  # fmt: skip
    with closing(administrator.master()) as master:
        for statement in given:
            master.execute(statement.format(broker.name))  # type: ignore[call-overload]
    before = everything(administrator, broker.name)
    backup = back_up(store)
    result = restore.restore(store, backup, name=OTHER)
    assert (result.database, result.kept, result.pre_restore, result.outage_seconds) == (OTHER, None, None, None)
    # What verify_books has written there is not of the source.
    with closing(administrator.connect(OTHER)) as session:
        assert contents.sequences(session).keys() == before["sequences"].keys()
        extra = session.execute("SELECT count(*) FROM system_events WHERE event_type = 'books_verified'").fetchone()
        assert extra == (1,)
    after = everything(administrator, OTHER)
    for each in ("schema", "triggers", "database"):
        assert after[each] == before[each], each
    differing = {key for key in before["tables"] if after["tables"][key] != before["tables"][key]}
    assert all("system_events" in key for key in differing)
    assert [store.get(backup.id).id] == [each.id for each in store.all()]
    with closing(administrator.master()) as master:
        for statement in undone:
            master.execute(statement.format(broker.name))  # type: ignore[call-overload]


def test_a_restore_swaps_keeps_the_old_database_and_is_rolled_back(
    broker: Database, store: Store, manage: Callable[..., Answer]
) -> None:
    back_up(store, label="good")
    users = broker.rows("SELECT count(*) FROM users")[0]["count"]
    broker.rows("UPDATE users SET first_name = 'wrong UPDATE'")
    client = broker.connect()
    missing = manage("restore_db", "good")
    assert (missing.returncode, f"--confirm={broker.name}" in missing.stderr) == (2, True)
    other = manage("restore_db", "good", "--confirm", "trading_prod")
    assert (other.returncode, "Nothing was changed" in other.stderr) == (2, True)
    assert client.execute("SELECT count(*) FROM users").fetchone() == {"count": users}
    done = manage("restore_db", "latest", f"--confirm={broker.name}", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["id"], result["database"]) == ("good", broker.name)
    assert 0 < result["outage_seconds"] < 5
    before, wrong = (store.get(id).sound["tables"]["public.users"] for id in ("good", result["pre_restore"]))
    assert (before["rows"], before["hash"] == wrong["hash"]) == (wrong["rows"], False)
    with pytest.raises(psycopg.OperationalError):
        client.execute("SELECT 1")
    client.close()
    assert broker.rows("SELECT FROM users WHERE first_name = 'wrong UPDATE'") == []
    [event] = broker.rows("SELECT details FROM system_events WHERE event_type = 'restore_completed'")
    assert event["details"]["kept"] == result["kept"]
    kept = Database(result["kept"])
    assert kept.rows("SELECT count(*) FROM users WHERE first_name = 'wrong UPDATE'")[0]["count"] > 0
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        kept.rows("UPDATE users SET first_name = 'x'")
    planned = manage("restore_db", "--rollback", "--plan", f"--confirm={broker.name}", "--json")
    steps = json.loads(planned.stdout)["steps"]
    assert [step.split()[0] for step in steps] == ["end", "call"]
    assert steps[1] == f"call {result['kept']} {broker.name}"
    assert broker.rows("SELECT FROM users WHERE first_name = 'wrong UPDATE'") == []
    back = manage("restore_db", "--rollback", f"--confirm={broker.name}", "--json")
    assert back.returncode == 0, back.stderr
    assert json.loads(back.stdout)["rolled_back_to"] == result["kept"]
    assert broker.rows("UPDATE users SET first_name = 'right' WHERE first_name = 'wrong UPDATE' RETURNING id") != []
    for arguments in (["--plan"], [f"--confirm={broker.name}"]):
        again = manage("restore_db", "--rollback", *arguments)
        assert (again.returncode, "No database is kept" in again.stderr) == (2, True)


@pytest.mark.parametrize("name", ["", "ü" * 32, "postgres", "\udcff"])
def test_a_name_that_no_new_database_can_have_is_refused(
    name: str, kept: tuple[Store, Backup], settings: Any, manage: Callable[..., Answer]
) -> None:
    settings.BACKUP_DIR = kept[0].folder
    for arguments in (["--plan"], []):
        assert manage("restore_db", "latest", "--as", name, *arguments).returncode == 2


@pytest.mark.parametrize("name", ["host=x y", "postgresql://x/y", 'quo"ted', "€" * 21])
def test_any_other_name_is_taken_as_it_is(
    name: str, administrator: Server, kept: tuple[Store, Backup], broker: Database
) -> None:
    try:
        assert restore.restore(*kept, name=name).database == name
        with closing(administrator.connect(name)) as session:
            assert session.execute("SELECT count(*) > 0 FROM users").fetchone() == (True,)
    finally:
        with closing(administrator.master()) as session:
            drop(session, name)


def test_extensions_that_are_the_administrators_come_back(
    administrator: Server, broker: Database, store: Store
) -> None:
    with closing(administrator.connect(broker.name, as_administrator=True)) as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        session.execute("CREATE SCHEMA ext")
        session.execute("CREATE EXTENSION citext SCHEMA ext")
        try:
            backup, before = back_up(store), schema(administrator, broker.name)
            restore.restore(store, backup, name=OTHER)
            assert schema(administrator, OTHER) == before
        finally:
            session.execute("DROP EXTENSION pg_stat_statements, citext")
            session.execute("DROP SCHEMA ext")


@pytest.mark.parametrize(
    ("made", "gone", "unsaid", "code", "advice"),
    [
        (
            "CREATE ROLE {0}; GRANT SELECT ON users TO {0}",
            "DROP OWNED BY {0}; DROP ROLE {0}",
            True,
            3,
            "by CREATE ROLE",
        ),
        ("CREATE PUBLICATION {0} FOR ALL TABLES", "DROP PUBLICATION {0}", False, 8, "to trading_owner"),
    ],
)
def test_what_the_owner_cannot_restore_is_told_with_the_way_out(
    made: str, gone: str, unsaid: bool, code: int, advice: str, administrator: Server, broker: Database, store: Store,
    manage: Callable[..., Answer],
) -> None:  # fmt: skip
    name = f"other_{os.getpid()}"
    with closing(administrator.connect(broker.name, as_administrator=True)) as session:
        session.execute(made.format(name))  # type: ignore[call-overload]
        try:
            back_up(store)
        finally:
            session.execute(gone.format(name))  # type: ignore[call-overload]
    answer = manage("verify_backup", "latest")
    assert (answer.returncode, advice in answer.stderr) == (code, True)
    assert (store.get("latest").sound["last_drill"] is None) == unsaid


def test_a_database_that_is_gone_comes_back_with_its_settings(
    administrator: Server, broker: Database, store: Store
) -> None:
    backup = back_up(store)
    connections["default"].close()
    with closing(administrator.master()) as master:
        drop(master, broker.name)
    result = restore.restore(store, backup)
    assert (result.kept, result.pre_restore) == (None, None)
    with closing(administrator.connect()) as session:
        assert access.differing(backup.sound["database"], facts.of_database(session, broker.name)) == []
    assert loading.differences(administrator, broker.name, backup.sound)[0].startswith("table public.system_events")


def test_the_plan_names_every_step_and_changes_nothing(
    administrator: Server, broker: Database, kept: tuple[Store, Backup]
) -> None:
    store, backup = kept
    result = restore.plan(backup, name=None, migrate=False, pre_backup=True)
    assert [step.split()[0] for step in result["steps"]] == ["read", "back", "restore", "verify", "end", "call"]
    assert result["seconds"] > 0
    assert [each.id for each in store.all()] == [backup.id]
    with closing(administrator.connect()) as session:
        assert swap.put_aside(session, broker.name) == []


def test_what_cannot_be_trusted_is_not_restored_and_the_live_database_stays(
    administrator: Server, broker: Database, store: Store
) -> None:
    backup = back_up(store)
    (oid,) = broker.rows("SELECT oid FROM pg_database WHERE datname = current_database()")[0].values()

    def is_untouched() -> bool:
        with closing(administrator.connect()) as session:
            rows = session.execute(
                "SELECT oid FROM pg_database WHERE datname = %s OR starts_with(datname, %s)",
                [broker.name, broker.name + "_"],
            )
            return rows.fetchall() == [(oid,)] and [each.id for each in store.all()] == [backup.id]

    good = backup.sound
    tables = {key: dict(table) for key, table in good["tables"].items()}
    tables["public.orders"]["hash"] = "1"
    manifests.write(backup.path, {**good, "tables": tables})
    with pytest.raises(DrillMismatch, match=r"1 difference, as: table public\.orders has other contents"):
        restore.restore(store, store.get(backup.id), pre_backup=False)
    assert is_untouched()
    manifests.write(backup.path, good)
    with closing(administrator.connect()) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [lock_key(f"restore {broker.name}")])
        with pytest.raises(Locked, match="is being backed up or restored by another command"):
            restore.restore(store, backup)
    with pytest.raises(UsageFailed, match=f"There is a database {broker.name} already"):
        restore.restore(store, backup, name=broker.name)
    victim = next(backup.data.glob("*.dat.*"))
    victim.write_bytes(b"x" + victim.read_bytes()[1:])
    with pytest.raises(VerificationFailed, match="is damaged"):
        restore.restore(store, backup)
    assert is_untouched()


def test_without_the_right_to_end_sessions_nothing_begins(
    broker: Database, kept: tuple[Store, Backup], settings: Any
) -> None:
    settings.ADMIN_DATABASE = None
    with pytest.raises(Failed, match="set ADMIN_DATABASE_URL to a superuser's login"):
        restore.restore(*kept)


def test_a_backup_of_older_code_is_refused_or_migrated(
    administrator: Server, kept: tuple[Store, Backup], settings: Any
) -> None:
    store, backup = kept
    settings.MIGRATION_MODULES = {"sessions": "tests.ops.backup.newer_sessions"}
    with pytest.raises(VersionSkew, match=r"lacks 1 migration, as sessions\.0002_newer\. Add --migrate"):
        restore.restore(store, backup, name=OTHER)
    planned = restore.plan(backup, name=OTHER, migrate=True, pre_backup=True)
    assert "apply 1 migration, the first sessions.0002_newer" in planned["steps"]
    result = restore.restore(store, backup, name=OTHER, migrate=True)
    assert result.proofs["migrated"] == 1
    with closing(administrator.connect(OTHER)) as session:
        assert set(facts.migrations(session)) == {*backup.sound["migrations"], "sessions.0002_newer"}
        assert session.execute("SELECT FROM of_newer_code").fetchall() == []


def test_without_the_right_key_nothing_is_restored_and_the_live_database_stays(
    administrator: Server, broker: Database, store: Store, settings: Any, manage: Callable[..., Answer], tmp_path: Path
) -> None:
    key, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    settings.BACKUP_RECIPIENTS, settings.BACKUP_SIGNING_KEY = [str(key.to_public())], "the key"
    backup = back_up(store, label="secret")
    file = tmp_path / "key"
    file.touch(mode=0o600)
    before = everything(administrator, broker.name)["tables"]
    for code, identity, signing, sentence in (
        (3, None, "the key", "cannot be read"),
        (3, other, "the key", "cannot be decrypted"),
        (3, key, "", "set BACKUP_SIGNING_KEY"),
        (4, key, "another key", "does not match its seal"),
    ):
        settings.BACKUP_IDENTITY_FILE = str(file if identity else tmp_path / "lost")
        file.write_text(str(identity))
        settings.BACKUP_SIGNING_KEY = signing
        refused = manage("restore_db", "secret", f"--confirm={broker.name}", "--no-backup")
        assert (refused.returncode, sentence in refused.stderr) == (code, True), refused.stderr
        found = everything(administrator, broker.name)["tables"]
        # But for the lines about the failures.
        assert {name for name in found if found[name] != before[name]} <= {
            name for name in found if "system_events" in name
        }
        assert not list(store.folder.glob(".opened-*"))
        with closing(administrator.connect()) as session:
            names = session.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{broker.name}_"]
            )
            assert names.fetchall() == []
    settings.BACKUP_SIGNING_KEY = "the key"
    assert damage(store.get(backup.id)) == []
    done = manage("restore_db", "secret", "--as", OTHER)
    assert done.returncode == 0, done.stderr


def test_programs_that_are_older_than_the_server_neither_back_up_nor_restore(
    broker: Database, kept: tuple[Store, Backup], settings: Any, manage: Callable[..., Answer]
) -> None:
    store, backup = kept
    settings.BACKUP_DIR = store.folder
    server = backup.sound["server"]["version_num"] // 10_000
    older = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if int(path.parent.name) < server]
    if not older:
        pytest.skip("no older PostgreSQL is installed here")
    settings.POSTGRES_BIN_DIR = older[0]
    for command in (["backup_db"], ["verify_backup", backup.id], ["restore_db", backup.id, "--as", OTHER]):
        refused = manage(*command)
        assert (refused.returncode, "the newest client programs here are" in refused.stderr) == (7, True), refused
    assert [each.id for each in store.all()] == [backup.id]
    assert not list(store.folder.glob(".*-*"))
