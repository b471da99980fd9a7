"""Receiving the log while it is written: pg_receivewal, started, watched and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from psycopg import errors, sql

from config.commands import EnvironmentFailed, Failed, UsageFailed
from config.database.scratch import Connection
from ops.backup.tools import environment
from ops.pitr import base
from ops.pitr.archive import SLOT, Archive, server_and_tools

_START_SECONDS = 20.0


def start(archive: Archive, *, synchronous: bool) -> dict[str, Any]:
    """Start receiving, from now on and again after every break; return `status`. Nothing where it runs already.

    Where the server keeps nothing for us, as after `stop` or a recovery, a new log is begun, which needs a new base.
    `synchronous`: every commit waits until its part of the log is on the disk here, so nothing that was acknowledged
    can be lost; commits then wait for ever where the receiver is gone.
    """
    with archive.exclusive():
        server, tools = server_and_tools()
        with closing(server.master()) as session:
            _require_log(session)
            is_new = not _has_slot(session)
            if is_new:
                _end(archive)
                archive.begin_log()
                session.execute("SELECT pg_create_physical_replication_slot(%s, true)", [SLOT])
            elif not archive.logs():
                archive.begin_log()
            if session.info.server_version >= 170_000:
                # What incremental base backups are made from.
                _set(session, "summarize_wal", "on")
            _remove_cut_off(archive, session)
            is_launched = receiver(archive) is None
            try:
                if is_launched:
                    _launch(archive, tools.program("pg_receivewal"), server.administrator or {})
                _wait_for_stream(archive, session)
            except BaseException:
                if is_launched:
                    _end(archive)
                if is_new:
                    # The server would keep its log for nobody, until its disk is full.
                    _drop_slot(session)
                raise
            _set(session, "synchronous_standby_names", f'"{SLOT}"' if synchronous else None)
    return status(archive)


def stop(archive: Archive, *, keep_slot: bool) -> dict[str, Any]:
    """Stop receiving. Without `keep_slot` the server keeps nothing for the next start, which needs a new base."""
    with archive.exclusive():
        server, _ = server_and_tools()
        with closing(server.master()) as session:
            # First: a commit would wait for ever for who has gone.
            _set(session, "synchronous_standby_names", None)
            _end(archive)
            if not keep_slot:
                _drop_slot(session)
    return status(archive)


def status(archive: Archive) -> dict[str, Any]:
    """What runs, what is kept, and how far the archive is behind: `lag_bytes` is None where nothing is received."""
    pid, bases = receiver(archive), base.all_of(archive)
    result: dict[str, Any] = {
        "running": pid is not None,
        "pid": pid,
        "folder": str(archive.folder),
        "segments": sum(len(_segments(log)) for log in archive.logs()),
        "bases": [each.as_json() for each in bases],
    }
    server, _ = server_and_tools()
    with closing(server.master()) as session:
        row = session.execute(
            "SELECT s.active, pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(r.write_lsn, s.restart_lsn))::bigint,"
            " pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)::bigint, r.sync_state FROM pg_replication_slots s"
            " LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE slot_name = %s",
            [SLOT],
        ).fetchone()
    active, behind, retained, state = row or (False, None, None, None)
    return result | {
        "slot": row is not None,
        "streaming": bool(active),
        "lag_bytes": behind,
        "retained_bytes": retained,
        "synchronous": state in ("sync", "quorum"),
        # Without one the log that is received now is of no use.
        "needs_base": row is not None
        and not any(each.log == log.name for log in archive.logs()[-1:] for each in bases),
    }


def receiver(archive: Archive) -> int | None:
    """The process that receives into this archive; a number that another program has got since is not it."""
    try:
        pid = int(archive.pid_file.read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    into = os.fsencode(f"--directory={archive.wal}/")
    ours = Path(os.fsdecode(words[0])).name == "pg_receivewal" and any(word.startswith(into) for word in words)
    return pid if ours else None


def _end(archive: Archive) -> None:
    pid = receiver(archive)
    if pid is not None:
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + _START_SECONDS
        while receiver(archive) is not None:
            if time.monotonic() > deadline:
                raise Failed(f"pg_receivewal (process {pid}) has not ended: end it with kill {pid}.")
            time.sleep(0.02)
    archive.pid_file.unlink(missing_ok=True)
    archive.password.unlink(missing_ok=True)


def _launch(archive: Archive, program: str, login: Mapping[str, str]) -> None:
    command = [program, f"--directory={archive.logs()[-1]}", f"--slot={SLOT}", "--synchronous", "--no-password"]
    command += ["--status-interval=1"]
    with environment({**login, "application_name": SLOT}) as variables:
        variables.pop("PGDATABASE", None)
        if passfile := variables.get("PGPASSFILE") if login.get("password") else None:
            archive.password.unlink(missing_ok=True)
            with open(os.open(archive.password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(Path(passfile).read_text())
            variables["PGPASSFILE"] = str(archive.password)
        log = os.open(archive.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            process = subprocess.Popen(
                command,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                umask=0o077,
                cwd="/",
                # It goes on when the terminal is closed.
                start_new_session=True,
            )
        finally:
            os.close(log)
    archive.pid_file.write_text(str(process.pid))
    # For a moment after its start a process shows no command line, by which it is known.
    while receiver(archive) is None and process.poll() is None:
        time.sleep(0.005)
    # It outlives this process on purpose, and is nobody's to be waited for here.
    process.returncode = 0


def _wait_for_stream(archive: Archive, session: Connection) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        row = session.execute("SELECT active FROM pg_replication_slots WHERE slot_name = %s", [SLOT]).fetchone()
        if row and row[0] and receiver(archive) is not None:
            return
        if receiver(archive) is None or time.monotonic() > deadline:
            lines = archive.log.read_text().strip().splitlines() if archive.log.exists() else []
            raise Failed(f"pg_receivewal does not receive ({(lines or ['no reason given'])[-1]}): see {archive.log}.")
        time.sleep(0.05)


def _require_log(session: Connection) -> None:
    level, senders, slots = session.execute(
        "SELECT current_setting('wal_level'), current_setting('max_wal_senders')::int,"
        " current_setting('max_replication_slots')::int"
    ).fetchone() or ("", 0, 0)
    if level == "minimal" or senders < 3 or slots < 1:
        raise EnvironmentFailed(
            "The server does not send its log: set wal_level = replica, max_wal_senders = 10 and"
            " max_replication_slots = 10, and restart it."
        )


def _remove_cut_off(archive: Archive, session: Connection) -> None:
    """Remove a segment that a full disk or a kill has cut off while its room was made: pg_receivewal refuses it.

    Nothing was written into it yet, and the server keeps what belongs there.
    """
    (size,) = session.execute("SELECT pg_size_bytes(current_setting('wal_segment_size'))").fetchone() or (0,)
    for path in archive.logs()[-1].glob("*.partial"):
        if path.stat().st_size < size:
            path.unlink()


def _has_slot(session: Connection) -> bool:
    """Whether the server keeps its log for us; a slot that it has given up is dropped."""
    row = session.execute(
        "SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = %s", [SLOT]
    ).fetchone()
    if row and row[0]:
        _drop_slot(session)
    return row is not None and not row[0]


def _drop_slot(session: Connection) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            session.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", [SLOT]
            )
            return
        except errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise UsageFailed(f"The slot {SLOT} is used by another program: stop that first.") from None
            time.sleep(0.05)


def _set(session: Connection, name: str, value: str | None) -> None:
    """ALTER SYSTEM, where it changes anything; None: what the configuration file says."""
    found = session.execute("SELECT setting FROM pg_settings WHERE name = %s", [name]).fetchone()
    if found and found[0] == (value or ""):
        return
    what = sql.Identifier(name)
    if value is None:
        session.execute(sql.SQL("ALTER SYSTEM RESET {}").format(what))
    else:
        session.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(what, sql.Literal(value)))
    session.execute("SELECT pg_reload_conf()")


def _segments(folder: Path) -> list[Path]:
    return (
        [path for path in folder.glob("*") if path.name.removesuffix(".partial").isalnum()] if folder.is_dir() else []
    )
