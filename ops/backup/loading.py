"""Bringing a backup back: into a new database, compared with the manifest before anybody takes it for whole."""

from __future__ import annotations

import io
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management import call_command
from psycopg.conninfo import make_conninfo

from config.commands import DrillMismatch, Failed, VerificationFailed
from config.commands.counting import counted
from config.database.owner import connected_to
from config.database.scratch import Server
from ops.backup import access, cipher, contents, facts, room
from ops.backup.check import damage
from ops.backup.compatibility import missing_migrations
from ops.backup.manifest import Manifest
from ops.backup.progress import Report, of_tables, silent
from ops.backup.store import OPENED, Backup, Store
from ops.backup.tools import Tools, run
from ops.verification.books import verify_books

#: For the sessions of a restore only: what is half there after a crash is thrown away anyhow.
_QUICKER = "-c synchronous_commit=off -c maintenance_work_mem=256MB -c statement_timeout=0"

#: What of a dump's list is made ahead of all else: extensions, which may take an administrator, with the schemas that
#: they are in; and rights on schemas, as who is to own a function must be allowed to make one there. None of it runs
#: anything that the owner has written.
_FRAME = re.compile(
    rb"\d+; \d+ \d+ (SCHEMA|EXTENSION|(ACL|COMMENT|SECURITY LABEL) - (SCHEMA|EXTENSION)) ",
)


def require_sound(backup: Backup, report: Report = silent) -> None:
    """Read every byte once more. Raises VerificationFailed before anything is restored from a damaged backup."""
    if problems := damage(backup, report):
        raise VerificationFailed(f"{backup.id} is damaged ({problems[0]}): use another backup; nothing was changed.")


@contextmanager
def opened(store: Store, backup: Backup) -> Iterator[Path]:
    """The folder for pg_restore: the backup's own or, of an encrypted one, a copy in the clear for this block only."""
    if backup.sound["cipher"] is None:
        yield backup.data
        return
    key = cipher.identity()
    folder = store.folder / f"{OPENED}{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        with store.in_use(folder, alone=True):
            for path in backup.data.iterdir():
                cipher.decrypt(path, folder / path.name.removesuffix(cipher.SUFFIX), key)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def loaded(
    store: Store,
    backup: Backup,
    server: Server,
    tools: Tools,
    *,
    prefix: str,
    jobs: int,
    report: Report = silent,
) -> Iterator[str]:
    """A new database with the rows of the backup, equal to its manifest; dropped at the end unless it was renamed.

    Raises DrillMismatch if it differs, Failed if pg_restore gave up.
    """
    manifest = backup.sound
    with closing(server.connect()) as session:
        access.require_roles(session)
        options = access.creation_options(manifest["database"], session.info.server_version)
    with closing(server.master()) as session:
        room.require_space(session, manifest)
        room.require_counter(session, manifest, tools)
    with server.scratch(prefix, options=options) as name:
        with store.in_use(backup.path) as held, opened(store, backup) as data:
            _fill(server, tools, name, manifest, data, jobs, held, report)
        if problems := differences(server, name, manifest, report):
            raise DrillMismatch(
                f"What was restored of {backup.id} is not what was backed up ({counted(len(problems), 'difference')},"
                f" as: {problems[0]}): use another backup."
            )
        yield name


def _fill(
    server: Server, tools: Tools, name: str, manifest: Manifest, data: Path, jobs: int, held: int, report: Report
) -> None:
    sizes = {key: table["bytes"] for key, table in manifest["tables"].items()}
    report("Restoring", 0, sum(sizes.values()))
    # A name with `=` in it, or like an URL, would be taken for a whole address.
    address = make_conninfo("", dbname=name)
    arguments = [f"--dbname={address}", "--exit-on-error", "--no-password", str(data)]
    login = {**server.owner, "options": f"{server.owner.get('options', '')} {_QUICKER}"}
    line = of_tables(sizes, "Restoring", report)
    with tempfile.TemporaryDirectory(prefix="trading-restore-") as folder:
        everything, frame, rest = (Path(folder) / part for part in ("everything", "frame", "rest"))
        run(tools, "pg_restore", ["--list", f"--file={everything}", str(data)], {})
        lines = everything.read_bytes().splitlines(keepends=True)
        frame.write_bytes(b"".join(each for each in lines if _FRAME.match(each)))
        rest.write_bytes(b"".join(each for each in lines if not _FRAME.match(each)))
        # The administrator is lent only where extensions ask for one.
        maker = server.administrator if b" EXTENSION - " in frame.read_bytes() else None
        run(tools, "pg_restore", [*arguments, f"--use-list={frame}"], maker or server.owner)
        # Killed, this process leaves pg_restore behind, which holds the backup until it has ended, too.
        more = [f"--use-list={rest}", f"--jobs={jobs}", "--verbose"]
        run(tools, "pg_restore", [*arguments, *more], login, line=line, pass_fds=[held])


def differences(server: Server, name: str, manifest: Manifest, report: Report = silent) -> list[str]:
    """One sentence for each table, sequence, extension or migration that is not as the manifest says."""
    expected = manifest["tables"]
    report("Comparing", 0, sum(table["bytes"] for table in expected.values()))
    with closing(server.connect(name)) as session, session.transaction():
        found = []
        for table, fingerprint in contents.fingerprints(session, contents.tables(session)):
            found.append((table, fingerprint))
            report(f"Comparing {table.key}", expected.get(table.key, {}).get("bytes", 0), None)
        wrong = contents.differing_tables(expected, found)
        # Older backups say nothing of them.
        if manifest.get("large_objects", there := asdict(contents.large_objects(session))) != there:
            wrong.append("the large objects are others")
        places = manifest["sequences"]
        wrong += contents.differing_sequences(places["first"], places["last"], contents.sequences(session))
        wrong += [
            f"extension {extension} is missing"
            for extension in manifest["extensions"].keys() - facts.extensions(session).keys()
        ]
        if facts.migrations(session) != manifest["migrations"]:
            wrong.append("the migrations applied are others")
    return wrong


def prove(name: str, manifest: Manifest, *, migrate: bool) -> dict[str, Any]:
    """Run what an operator would ask of the live database in `name`; raises VerificationFailed where it does not hold.

    With `migrate` a backup of older code is brought to this code first. Returns what was run.
    """
    done: dict[str, Any] = {"migrated": 0, "books_rules": 0, "audit": None}
    with connected_to(name):
        if migrate and (missing := missing_migrations(manifest)):
            _call("migrate", interactive=False)
            done["migrated"] = len(missing)
        _call("migrate", check_unapplied=True)
        report = verify_books()
        done["books_rules"] = len(report.findings)
        if report.broken:
            raise VerificationFailed(f"The books in the backup do not hold: {counted(report.broken, 'broken row')}.")
        _call("verify_audit")
        done["audit"] = "holds"
    return done


def _call(command: str, **options: Any) -> None:
    """Run a command without its output. Raises Failed, as it does, or where it would exit."""
    silence = io.StringIO()
    try:
        call_command(command, verbosity=0, stdout=silence, stderr=silence, **options)
    except SystemExit as end:
        if end.code:
            raise Failed(f"{command} fails in what was restored, as where migrations are missing in it.") from None
