"""Restoring: beside the live database, proved there, then swapped in; the old one is kept."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import sql

from config.commands import Failed, UsageFailed, VersionSkew
from config.commands.counting import counted
from config.database.scratch import LONGEST_NAME, Connection, Server, exists
from ops.backup import access, compatibility, facts, loading, room, swap
from ops.backup.dump import back_up
from ops.backup.progress import Report, silent
from ops.backup.store import Backup, Store
from ops.backup.tools import Tools, tools_for
from ops.backup.turns import alone

#: Bytes of tables a second, where no drill has told better.
EXPECTED_SPEED = 15e6


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was done: `outage_seconds` and `kept` only where a live database was replaced."""

    id: str
    database: str
    kept: str | None
    pre_restore: str | None
    outage_seconds: float | None
    seconds: float
    proofs: dict[str, Any]


def live_name() -> str:
    """The database that the application uses."""
    return str(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])


def plan(backup: Backup, *, name: str | None, migrate: bool, pre_backup: bool) -> dict[str, Any]:
    """What a restore would do, in order, and about how long it would take; changes nothing.

    Raises what the restore itself would raise before it begins.
    """
    server = Server.of_settings()
    live = live_name()
    with closing(server.connect()) as session:
        _require(server, session, backup, name=name, migrate=migrate)
        is_there = exists(session, live)
        sessions = _sessions(session, live)
    missing = compatibility.missing_migrations(backup.sound)
    drill = backup.sound["last_drill"]
    expected = sum(table["bytes"] for table in backup.sound["tables"].values()) / EXPECTED_SPEED
    seconds = drill["seconds"] if drill and drill["ok"] else max(5.0, expected)
    steps = [f"read every byte of {backup.id}"]
    if name is None and is_there and pre_backup:
        steps.append(f"back {live} up as it is now")
        seconds += backup.sound["seconds"]
    steps.append(f"restore {counted(backup.rows, 'row')} into a new database and compare them with the manifest")
    if missing and migrate:
        steps.append(f"apply {counted(len(missing), 'migration')}, the first {missing[0]}")
    steps.append("verify the books there")
    if name is not None:
        steps.append(f"call it {name}")
    else:
        if is_there:
            steps.append(f"end {sessions} and keep {live}, read-only, as {swap.aside(live, swap.KEPT, _now())}")
        steps.append(f"call the new one {live}")
    return {
        "id": backup.id,
        "database": name or live,
        "created_at": backup.sound["created_at"],
        "steps": steps,
        "seconds": round(seconds, 1),
        "measured": bool(drill and drill["ok"]),
    }


def plan_roll_back() -> dict[str, Any]:
    """What `roll_back` would do, as `plan` says it. Raises UsageFailed where no database is kept."""
    server = Server.of_settings()
    live = live_name()
    with closing(server.connect()) as session:
        name, undone = swap.kept_and_undone(session, live)
        steps = [f"end {_sessions(session, live)} and keep {live}, read-only, as {undone}"] if undone else []
    return {"database": live, "steps": [*steps, f"call {name} {live}"], "seconds": None, "measured": False}


def _sessions(session: Connection, name: str) -> str:
    """How many sessions a database has, this process's own not counted."""
    own = connections[DEFAULT_DB_ALIAS].connection
    pid = own.info.backend_pid if own is not None and not own.closed else 0
    (count,) = session.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND pid <> %s", [name, pid]
    ).fetchone() or (0,)
    return counted(count, "session")


def restore(
    store: Store,
    backup: Backup,
    *,
    name: str | None = None,
    migrate: bool = False,
    pre_backup: bool = True,
    jobs: int = 2,
    report: Report = silent,
) -> Restored:
    """Restore a backup in the place of the live database or, with `name`, into a database that does not exist yet.

    Until the swap the live database is as it was, and open. Raises Failed and its kinds; then nothing has changed.
    """
    started = time.monotonic()
    server = Server.of_settings()
    live, target = live_name(), name or live_name()
    with closing(server.connect()) as session, alone(session, target), store.in_use(backup.path):
        tools = _require(server, session, backup, name=name, migrate=migrate)
        if name is None:
            with closing(server.master()) as master:
                swap.require_rights(master, live)
        loading.require_sound(backup, report)
        is_there = exists(session, live)
        pre = None
        if name is None and is_there and pre_backup:
            pre = _pre_restore(store, backup, jobs, report)
        with loading.loaded(
            store, backup, server, tools, prefix=f"{target}_restoring", jobs=jobs, report=report
        ) as incoming:
            report("Verifying the books", 0, None)
            proofs = loading.prove(incoming, backup.sound, migrate=migrate)
            with closing(server.connect(incoming)) as inside:
                # Without statistics the first queries of the new database would be planned blindly.
                inside.execute("ANALYZE")
            with closing(server.master()) as master:
                # What holds now, not what held when the backup was made; that, where there is nothing now.
                of_live = facts.of_database(session, live) if name is None and is_there else backup.sound["database"]
                access.copy(master, incoming, of_live)
            kept = outage = None
            if name is None:
                kept = swap.aside(live, swap.KEPT, _now()) if is_there else None
                outage = swap.swap(server, live=live, incoming=incoming, kept=kept or "")
            else:
                statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                session.execute(statement.format(sql.Identifier(incoming), sql.Identifier(name)))
    connections[DEFAULT_DB_ALIAS].close()
    return Restored(
        id=backup.id,
        database=target,
        kept=kept,
        pre_restore=pre.id if pre else None,
        outage_seconds=round(outage, 4) if outage is not None and kept else None,
        seconds=round(time.monotonic() - started, 1),
        proofs=proofs,
    )


def roll_back() -> tuple[str, str | None, float]:
    """Undo the last restore; see `swap.roll_back`. Raises Locked while a backup or restore runs."""
    server = Server.of_settings()
    live = live_name()
    with closing(server.connect()) as session, alone(session, live):
        result = swap.roll_back(server, live)
    connections[DEFAULT_DB_ALIAS].close()
    return result


def _require(server: Server, session: Connection, backup: Backup, *, name: str | None, migrate: bool) -> Tools:
    version = session.info.server_version
    tools = tools_for(version)
    compatibility.require(backup.sound, server_version=version, tools=tools)
    if (missing := compatibility.missing_migrations(backup.sound)) and not migrate:
        raise VersionSkew(
            f"{backup.id} was made by older code and lacks {counted(len(missing), 'migration')}, as {missing[0]}. Add"
            " --migrate to bring it to this code before it is used."
        )
    if name is not None and not (0 < len(name.encode(errors="replace")) <= LONGEST_NAME and _is_text(name)):
        raise UsageFailed(f"{name!r} is no name for a database: use 1 to {LONGEST_NAME} bytes of UTF-8.")
    if name is not None and exists(session, name):
        raise UsageFailed(f"There is a database {name} already: choose another name, or drop that one.")
    with closing(server.master()) as master:
        room.require_space(master, backup.sound)
        room.require_counter(master, backup.sound, tools)
    return tools


def _is_text(name: str) -> bool:
    """Whether an argument came as UTF-8; Python keeps other bytes as halves of characters."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _pre_restore(store: Store, backup: Backup, jobs: int, report: Report) -> Backup:
    label = f"pre-restore-{_now().strftime('%Y%m%dT%H%M%SZ')}"
    try:
        return back_up(store, label=label, jobs=jobs, has_turn=True, report=report)
    except Failed as failure:
        raise type(failure)(
            f"The live database could not be backed up before {backup.id} is restored, and nothing was changed:"
            f" {failure} With --no-backup it is only kept aside."
        ) from None


def _now() -> datetime:
    return datetime.now(UTC)
