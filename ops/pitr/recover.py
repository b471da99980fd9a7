"""Going back to a moment: a base backup, and PostgreSQL replaying the log up to there."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from config.commands import EnvironmentFailed, Failed, UsageFailed
from config.database.embedded import EmbeddedServer, EmbeddedServerError
from config.files import locked
from ops.backup.tools import Tools, run, tools_for
from ops.pitr import base
from ops.pitr.archive import Archive
from ops.pitr.base import Base

#: As far as the log goes.
END = "end"
_REPLAY_SECONDS = 24 * 3600
#: What PostgreSQL says when nothing was written after the moment, so that it cannot tell whether it has got there.
UNREACHED = "recovery ended before configured recovery target was reached"


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """Where the data folder is, from which base backup, and where the one that was there before has gone."""

    base: str
    folder: str
    aside: str | None
    until: str
    seconds: float


def moment(text: str) -> datetime | None:
    """A moment with a time zone; None for `end`. Raises UsageFailed."""
    if text == END:
        return None
    found: datetime | None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageFailed(f"--to-time is a time with its zone, as 2026-05-04T14:02:59+00:00, or {END}.")
    if found > datetime.now(UTC) + timedelta(minutes=1):
        raise UsageFailed(f"{text} is still to come: name a moment of the past, or {END}.")
    return found


def choose(archive: Archive, until: datetime | None) -> Base:
    """The last base backup that had ended by then. Raises UsageFailed where there is none."""
    fitting = [each for each in base.all_of(archive) if until is None or each.ended_at <= until]
    if not fitting:
        raise UsageFailed(
            f"No base backup in {archive.bases} is old enough: name a later moment, or restore a backup of backup_db."
        )
    return fitting[-1]


def prepare(archive: Archive, until: datetime | None, target: Path) -> Base:
    """Put a data folder together in `target` that replays the log to the moment when PostgreSQL is started on it.

    Raises VerificationFailed where a byte of the base backup is not what was written; then there is no `target`.
    """
    if target.exists():
        raise UsageFailed(f"{target} exists already: name a folder that does not.")
    chosen = choose(archive, until)
    links = base.chain(archive, chosen)
    tools = tools_for(chosen.server_version)
    incoming = target.with_name(f"{target.name}.incoming")
    shutil.rmtree(incoming, ignore_errors=True)
    try:
        for link in links:
            base.verify(tools, link.data, without_log=True)
        _combine(tools, links, incoming)
        base.verify(tools, incoming, without_log=True)
        _give_log(archive, incoming, newest=links[-1].data / "pg_wal")
        _instruct(incoming, until)
        incoming.rename(target)
    except BaseException:
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    return chosen


def recover_embedded(archive: Archive, until: datetime | None) -> Recovered:
    """Replace the embedded server's data folder, start it and wait until it has replayed the log.

    The folder that was there is kept beside it. Raises Failed where the replay does not get there; then the old folder
    is back in its place.
    """
    started = time.monotonic()
    embedded = settings.EMBEDDED_DATABASE
    if not embedded:
        raise EnvironmentFailed(
            "This server is not the embedded one: name a folder by --target, and start your server on that."
        )
    server = EmbeddedServer(embedded["ROOT"], bin_dir=embedded["BIN_DIR"])
    connections[DEFAULT_DB_ALIAS].close()
    logged = server.log.stat().st_size if server.log.exists() else 0
    try:
        with alone(server) as prepared:
            chosen = prepare(archive, until, prepared)
            aside = server.replace_data(prepared, ready=lambda: _wait_until_replayed(server))
    except EmbeddedServerError as error:
        # The server may end while it starts or, just when it can be asked, a moment later: its log says why.
        if UNREACHED in _logged(server, logged):
            raise Failed(
                f"The recovery did not succeed, and the server is as it was: the log ends before {until}. Name an"
                f" earlier moment, or {END} for all that there is."
            ) from None
        raise Failed(f"The recovery did not succeed: {error}") from None
    return Recovered(
        base=chosen.id,
        folder=str(server.status().data_dir),
        aside=str(aside) if aside else None,
        until=until.isoformat() if until else END,
        seconds=round(time.monotonic() - started, 1),
    )


@contextmanager
def alone(server: EmbeddedServer) -> Iterator[Path]:
    """Have the data folder to oneself; gives a path beside it that nothing is at. Raises Locked."""
    home = server.home()
    with locked(home, refusal=f"The data folder in {home} is in use by another restore_db: wait until it ends."):
        room = home / "data.prepared"
        shutil.rmtree(room, ignore_errors=True)
        yield room


def _logged(server: EmbeddedServer, start: int) -> str:
    if not server.log.exists():
        return ""
    with server.log.open(errors="replace") as log:
        log.seek(start)
        return log.read()


def _combine(tools: Tools, links: list[Base], target: Path) -> None:
    if len(links) == 1:
        shutil.copytree(links[0].data, target, symlinks=True)
    else:
        arguments = [f"--output={target}", "--manifest-checksums=SHA256", *(str(link.data) for link in links)]
        run(tools, "pg_combinebackup", arguments, {})
    target.chmod(0o700)


def _give_log(archive: Archive, data: Path, *, newest: Path) -> None:
    """Copy what was received since into the folder where PostgreSQL looks for it.

    The last segment is not full, and is called so; PostgreSQL reads it as far as it goes.
    """
    for path in sorted(archive.wal.iterdir()):
        target = data / "pg_wal" / path.name.removesuffix(".partial")
        if path.name.endswith(".partial"):
            same = newest / target.name
            if same.exists() and same.stat().st_mtime >= path.stat().st_mtime:
                continue  # receiving had stopped before the base backup was made, which has more of it
            if (archive.wal / target.name).exists():
                continue  # the whole one is there, too
        shutil.copyfile(path, target)
        target.chmod(0o600)


def _instruct(data: Path, until: datetime | None) -> None:
    (data / "recovery.signal").touch(mode=0o600)
    lines = [
        "# Written by restore_db --to-time; without meaning once the recovery has ended.",
        # All that there is lies in pg_wal already.
        "restore_command = 'false'",
        "recovery_target_action = 'promote'",
        # Nobody receives from the new server yet, and commits must not wait for him.
        "synchronous_standby_names = ''",
    ]
    if until is not None:
        lines.append(f"recovery_target_time = '{until.astimezone(UTC).isoformat(sep=' ')}'")
    with (data / "postgresql.auto.conf").open("a") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _wait_until_replayed(server: EmbeddedServer) -> None:
    """Raises EmbeddedServerError if the server gives up on the way."""
    deadline = time.monotonic() + _REPLAY_SECONDS
    while time.monotonic() < deadline:
        try:
            with closing(psycopg.connect(server.admin_conninfo(), autocommit=True)) as session:
                row = session.execute("SELECT pg_is_in_recovery()").fetchone()
                if row == (False,):
                    for name in ("restore_command", "recovery_target_action", "recovery_target_time"):
                        session.execute(f"ALTER SYSTEM RESET {name}")
                    session.execute("ALTER SYSTEM RESET synchronous_standby_names")
                    session.execute("SELECT pg_reload_conf()")
                    return
        except psycopg.OperationalError:
            if not server.status().running:
                raise EmbeddedServerError(
                    f"the server ended while it replayed the log, as where that does not reach the moment:"
                    f" see {server.log}."
                ) from None
        time.sleep(0.1)
    raise EmbeddedServerError("the log is still being replayed after a day.")
