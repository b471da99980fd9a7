"""Going back to a moment: a base backup, and PostgreSQL replaying the log up to there."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from config.commands import EnvironmentFailed, Failed, NoSpace, UsageFailed, VerificationFailed
from config.database.embedded import EmbeddedServer, EmbeddedServerError
from config.database.scratch import Connection
from config.files import locked
from ops.backup.tools import Tools, run, tools_for
from ops.pitr import base
from ops.pitr.archive import Archive
from ops.pitr.base import Base

#: As far as the log goes.
END = "end"
#: The names of segments and of the files that tell where a line has left another.
_LOG = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
_SEGMENT = re.compile(r"[0-9A-F]{24}")
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
    bases = base.all_of(archive)
    if not bases:
        raise UsageFailed(
            f"No base backup is in {archive.bases}: make one with pitr --base, or restore a backup of backup_db."
        )
    fitting = [each for each in bases if until is None or each.ended_at <= until]
    if not fitting:
        raise UsageFailed(
            f"No base backup in {archive.bases} is old enough: name a later moment, or restore a backup of backup_db."
        )
    return fitting[-1]


def left_out(archive: Archive, chosen: Base) -> str | None:
    """What `end` does not reach: the log that was begun after the last base backup. None where there is none."""
    newer = [log.name for log in archive.logs() if log.name > (chosen.log or "") and any(log.iterdir())]
    if not newer:
        return None
    return f"A new log was begun after base backup {chosen.id}, without one of its own: what it holds is out of reach."


def require_new(archive: Archive, target: Path) -> Path:
    """Where a data folder for `target` is put together. Raises UsageFailed where either is there or cannot be."""
    if target.exists() or target.is_symlink():
        raise UsageFailed(f"{target} exists already: name a folder that does not.")
    if not target.parent.is_dir():
        raise UsageFailed(f"{target.parent} is no folder: make it, or name another place.")
    if target.resolve().is_relative_to(archive.folder.resolve()):
        raise UsageFailed(f"{target} is in the archive itself: name a folder elsewhere.")
    incoming = target.with_name(f"{target.name}.incoming")
    if incoming.exists() or incoming.is_symlink():
        raise UsageFailed(
            f"{incoming} exists, as while another command works there, or after one that was killed: remove it, or name"
            " another place."
        )
    return incoming


def prepare(archive: Archive, until: datetime | None, target: Path) -> Base:
    """Put a data folder together in `target` that replays the log to the moment when PostgreSQL is started on it.

    Raises VerificationFailed where a byte of the base backup is not what was written; then there is no `target`.
    """
    incoming = require_new(archive, target)
    chosen = choose(archive, until)
    links = base.chain(archive, chosen)
    tools = tools_for(chosen.server_version)
    log = archive.log_of(chosen.log)
    incoming.mkdir(mode=0o700)
    try:
        with ExitStack() as held:
            for folder in [*(link.path for link in links), *([log] if log.is_dir() else [])]:
                held.enter_context(base.reading(folder))
            for link in links:
                base.verify(tools, link.data, without_log=True)
            _combine(tools, links, incoming)
            base.verify(tools, incoming, without_log=True)
            _give_log(log, incoming, newest=links[-1].data / "pg_wal", first=base.first_segment(chosen))
            if until is None:
                _require_every_segment(log, after=base.first_segment(chosen))
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
            whole = _last_whole(archive.log_of(chosen.log)) if until is None else None
            aside = server.replace_data(prepared, ready=lambda: _wait_until_replayed(server, whole))
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
        for left_over in (room, room.with_name(f"{room.name}.incoming")):
            shutil.rmtree(left_over, ignore_errors=True)
        yield room


def _logged(server: EmbeddedServer, start: int) -> str:
    if not server.log.exists():
        return ""
    with server.log.open(errors="replace") as log:
        log.seek(start)
        return log.read()


def _combine(tools: Tools, links: list[Base], target: Path) -> None:
    if len(links) == 1:
        shutil.copytree(links[0].data, target, symlinks=True, copy_function=_copy, dirs_exist_ok=True)
    else:
        arguments = [f"--output={target}", "--manifest-checksums=SHA256", *(str(link.data) for link in links)]
        run(tools, "pg_combinebackup", arguments, {})
    target.chmod(0o700)


def _copy(source: str | Path, target: str | Path) -> None:
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        raise
    except OSError as error:
        kind = NoSpace if error.errno in (errno.ENOSPC, errno.EDQUOT) else Failed
        raise kind(
            f"{source} could not be copied to {target} ({error.strerror}): correct this, then run again."
        ) from None


def _give_log(log: Path, data: Path, *, newest: Path, first: str) -> None:
    """Copy what was received since into the folder where PostgreSQL looks for it.

    The last segment is not full, and is called so; PostgreSQL reads it as far as it goes.
    """
    for path in sorted(log.iterdir()) if log.is_dir() else []:
        name = path.name.removesuffix(".partial")
        if not _LOG.fullmatch(name) or (len(name) == len(first) and name < first):
            continue
        target = data / "pg_wal" / name
        if path.name != name:
            same = newest / name
            if same.exists() and same.stat().st_mtime >= path.stat().st_mtime:
                continue  # receiving had stopped before the base backup was made, which has more of it
            if path.with_name(name).exists():
                continue  # the whole one is there, too
        try:
            _copy(path, target)
        except FileNotFoundError:
            # It has become full, and lost the end of its name, since we looked.
            _copy(path.with_name(name), target)
        target.chmod(0o600)


def _segments(log: Path) -> list[Path]:
    """The segments of a log that are full, the oldest first."""
    return sorted(
        (path for path in log.glob("[0-9A-F]*") if _SEGMENT.fullmatch(path.name)), key=lambda path: path.name[8:]
    )


def _last_whole(log: Path) -> Path | None:
    return next(reversed(_segments(log)), None)


def _number(name: str, size: int) -> int:
    """The place of a segment in the log, from its name; `size` is that of every segment."""
    return int(name[8:16], 16) * (2**32 // size) + int(name[16:], 16)


def _require_every_segment(log: Path, *, after: str) -> None:
    """Raises VerificationFailed where one is missing: PostgreSQL would take the gap for the end."""
    before: Path | None = None
    for path in _segments(log):
        size = path.stat().st_size
        if path.name[8:] < after[8:]:
            continue
        if before is not None and _number(path.name, size) > _number(before.name, size) + 1:
            until = datetime.fromtimestamp(before.stat().st_mtime, UTC).isoformat(timespec="seconds")
            raise VerificationFailed(
                f"{log} lacks what came after {before.name}, received about {until}: name a moment before that, or"
                " restore a backup of backup_db."
            )
        before = path


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


def _wait_until_replayed(server: EmbeddedServer, whole: Path | None) -> None:
    """Raises EmbeddedServerError if the server gives up on the way, or has not read `whole`, the last full segment."""
    deadline = time.monotonic() + _REPLAY_SECONDS
    while time.monotonic() < deadline:
        try:
            with closing(psycopg.connect(server.admin_conninfo(), autocommit=True)) as session:
                row = session.execute("SELECT pg_is_in_recovery()").fetchone()
                if row == (False,):
                    _require_read(session, whole)
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


def _require_read(session: Connection, whole: Path | None) -> None:
    """PostgreSQL takes a damaged segment for the end of the log, and what came after it would be lost unnoticed."""
    place, moment = session.execute(
        "SELECT pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp() AT TIME ZONE 'UTC'"
    ).fetchone() or (None, None)
    if whole is None or place is None:
        return
    size = whole.stat().st_size
    high, low = (int(half, 16) for half in place.split("/"))
    if ((high << 32) + low) // size < _number(whole.name, size):
        until = f"{moment.isoformat()}+00:00" if moment else "the base backup"
        raise EmbeddedServerError(
            f"the log in {whole.parent} is damaged after {until}, and goes on to {whole.name}: name a moment before"
            " that, or restore a backup of backup_db."
        )
