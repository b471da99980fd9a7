"""The drill: a backup is good when it was restored, and what came back is what had been there."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime

from django.db import DEFAULT_DB_ALIAS, connections

from config.commands import DrillMismatch, Failed, VerificationFailed
from config.database.scratch import Server
from ops.backup import compatibility, loading
from ops.backup.check import check
from ops.backup.manifest import Manifest
from ops.backup.progress import Report, silent
from ops.backup.store import Backup, Store
from ops.backup.tools import tools_for


def drill(store: Store, backup: Backup, *, jobs: int = 2, report: Report = silent) -> Manifest:
    """Restore into a scratch database, compare everything, verify the books there, drop it; write down the result.

    Returns it: `at`, `ok`, `problems`, `seconds` and what was run. A backup that is not good is `ok: False`; what
    stands in the way of a drill (no server, no space, versions) raises Failed and says nothing about the backup.
    """
    with store.in_use(backup.path):  # all the time: it must be there when the result is written into it
        return _drill(store, backup, jobs, report)


def _drill(store: Store, backup: Backup, jobs: int, report: Report) -> Manifest:
    started = time.monotonic()
    quick = check(store, backup, report)
    result: Manifest = {"problems": list(quick["problems"]), "kind": "damage" if quick["problems"] else None}
    if quick["ok"]:
        server = Server.of_settings()
        with closing(server.connect()) as session:
            version = session.info.server_version
        tools = tools_for(version)
        compatibility.require(backup.sound, server_version=version, tools=tools)
        try:
            prefix = f"{connections[DEFAULT_DB_ALIAS].settings_dict['NAME']}_drill"
            with loading.loaded(store, backup, server, tools, prefix=prefix, jobs=jobs, report=report) as name:
                report("Verifying the books", 0, None)
                result |= loading.prove(name, backup.sound, migrate=True)
        except (DrillMismatch, VerificationFailed) as failure:
            result |= {
                "problems": [str(failure)],
                "kind": "mismatch" if isinstance(failure, DrillMismatch) else "books",
            }
        except Failed as failure:
            if type(failure) is not Failed:
                raise  # no space, no key, locked: another day it may be good
            result |= {"problems": [str(failure)], "kind": "restore"}
    result |= {
        "at": datetime.now(UTC).isoformat(),
        "ok": not result["problems"],
        "seconds": round(time.monotonic() - started, 1),
    }
    store.record(backup, "last_drill", result)
    return result
