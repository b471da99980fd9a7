"""The data folder: made once, whole or not at all, and used only by binaries of its own version."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from config.database.embedded import binaries
from config.database.embedded.failures import EmbeddedServerError
from config.database.embedded.layout import ASIDE, Layout
from config.database.embedded.os_user import OsUser

SUPERUSER = "postgres"
_INITDB_SECONDS = 170.0

# Where the server listens is given at each start, because the folder may have been moved in between.
_CONFIGURATION = """
# --- trading: change what follows, and restart with `manage.py embedded_db stop` ---
max_connections = 100
shared_buffers = 256MB
wal_level = replica
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
"""


def exists(layout: Layout) -> bool:
    """Whether there is a cluster. Raises EmbeddedServerError where something else lies in its place."""
    data = layout.data
    if (data / "PG_VERSION").is_file():
        return True
    if not data.exists() or (data.is_dir() and not any(data.iterdir())):
        if kept := sorted(layout.home.glob(f"{ASIDE}*")):
            raise EmbeddedServerError(
                f"{data} is gone, and {kept[-1]} is there, as after a restore that was killed: rename that to"
                f" {data.name}, or run restore_db --to-time again. To start with an empty server, move it away."
            )
        return False
    raise EmbeddedServerError(
        f"{data} holds something that is not a PostgreSQL data folder: move it away, "
        f"or set EMBEDDED_POSTGRES_DIR to another folder."
    )


def require_version(layout: Layout, bin_dir: Path) -> None:
    """Refuse a cluster that another major version has made. Raises EmbeddedServerError."""
    made_by = (layout.data / "PG_VERSION").read_text().strip()
    ours = str(binaries.major(binaries.version(bin_dir) or "0"))
    if made_by != ours:
        raise EmbeddedServerError(
            f"{layout.data} was made by PostgreSQL {made_by}, and {bin_dir} is PostgreSQL {ours}: "
            f"convert it with pg_upgrade, set POSTGRES_BIN_DIR to PostgreSQL {made_by}, "
            f"or remove the folder to start afresh."
        )


def initialise(layout: Layout, user: OsUser, bin_dir: Path, *, lock: int) -> None:
    """Make the cluster beside its place and rename it there: a crash leaves it whole or absent.

    `lock` is inherited by initdb, so that nobody clears its folder away while it still works there for a
    caller that was killed. Raises EmbeddedServerError.
    """
    if layout.incoming.exists():
        shutil.rmtree(layout.incoming)
    try:
        _make_folder(layout.incoming, user)
        command = [
            str(bin_dir / "initdb"),
            f"--pgdata={layout.incoming}",
            f"--username={SUPERUSER}",
            "--encoding=UTF8",
        ]
        command += ["--auth-local=trust", "--auth-host=reject", "--data-checksums", "--no-instructions"]
        command += _locale_options(user, bin_dir)
        try:
            made = user.run(command, timeout=_INITDB_SECONDS, pass_fds=[lock])
        except subprocess.TimeoutExpired:
            raise EmbeddedServerError(
                f"initdb did not end within {_INITDB_SECONDS:.0f} seconds in {layout.home}: "
                f"look for a disk that is full or very slow, and try again."
            ) from None
        if made.returncode != 0:
            raise EmbeddedServerError(
                f"initdb could not make {layout.data} ({_reason(made.stderr)}): correct this and try again."
            )
        with open(os.open(layout.incoming / "postgresql.conf", os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW), "w") as conf:
            conf.write(_CONFIGURATION)
        layout.incoming.rename(layout.data)
    finally:
        shutil.rmtree(layout.incoming, ignore_errors=True)


def _make_folder(folder: Path, user: OsUser) -> None:
    folder.mkdir(mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        user.take(descriptor)
    finally:
        os.close(descriptor)


def _locale_options(user: OsUser, bin_dir: Path) -> list[str]:
    """UTF-8 character classes in the order of code points: alike on every machine, and fast."""
    if "--builtin-locale" in user.run([bin_dir / "initdb", "--help"]).stdout:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    try:
        known = user.run(["locale", "-a"]).stdout.lower().replace("-", "").split()
    except FileNotFoundError:
        known = []
    return ["--locale=C.UTF-8" if "c.utf8" in known else "--locale=C"]


def _reason(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    faults = [line for line in lines if "FATAL:" in line or "PANIC:" in line or "error:" in line]
    # The first fault is the cause; what follows is initdb's own cleaning up.
    return (faults or lines or ["no reason given"])[0].split("FATAL:")[-1].split("error:")[-1].strip()
