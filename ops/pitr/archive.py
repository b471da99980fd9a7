"""Where base backups and the log are kept, and how the programs reach the server."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

from config.commands import EnvironmentFailed
from config.database.scratch import Server
from config.files import locked
from ops.backup.tools import Tools, tools_for

#: Of the replication slot, and of the program that reads it: what the server keeps until it was received.
SLOT = "trading_pitr"


@dataclass(frozen=True)
class Archive:
    """The folder for all of it, below BACKUP_DIR; only its owner may enter."""

    folder: Path

    @classmethod
    def below(cls, backups: Path) -> Archive:
        return cls(backups / "pitr")

    @property
    def bases(self) -> Path:
        return self.folder / "base"

    @property
    def wal(self) -> Path:
        """A folder with a number for each log: what one slot has sent, without a gap and in one line."""
        return self.folder / "wal"

    def logs(self) -> list[Path]:
        """The oldest first."""
        return sorted(path for path in self.wal.glob("[0-9]*") if path.is_dir() and path.name.isdigit())

    def log_of(self, name: str | None) -> Path:
        """Where a base backup finds its log; one that was made before there was any has none."""
        return self.wal / (name or "none")

    def begin_log(self) -> None:
        """Make the folder that a new slot is received into."""
        logs = self.logs()
        if not logs or any(logs[-1].iterdir()):
            self.wal.joinpath(f"{int(logs[-1].name) + 1 if logs else 1:06}").mkdir(mode=0o700)

    @property
    def pid_file(self) -> Path:
        return self.folder / "receiver.pid"

    @property
    def log(self) -> Path:
        return self.folder / "receiver.log"

    @property
    def password(self) -> Path:
        """For the program that outlives the command: mode 0600, removed when it is stopped."""
        return self.folder / "receiver.pass"

    def prepare(self) -> None:
        for folder in (self.folder.parent, self.folder, self.bases, self.wal):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def exclusive(self) -> AbstractContextManager[None]:
        """One command at a time. Raises Locked."""
        self.prepare()
        return locked(self.folder, refusal=f"Another command works in {self.folder}: wait until it ends.")


def server_and_tools() -> tuple[Server, Tools]:
    """The server, seen by its administrator, and programs of its own major version.

    Raises EnvironmentFailed where nobody is named who may read the log, or the programs are of another version.
    """
    server = Server.of_settings()
    if server.administrator is None:
        raise EnvironmentFailed(
            "Reading the log of all changes takes a superuser, or a role with REPLICATION: set ADMIN_DATABASE_URL."
        )
    with closing(server.master()) as session:
        version = session.info.server_version
    tools = tools_for(version)
    if tools.major != version // 10_000:
        raise EnvironmentFailed(
            f"A data folder belongs to one major version: install PostgreSQL {version // 10_000}, of which only"
            f" {tools.version} was found, or name its programs in POSTGRES_BIN_DIR."
        )
    return server, tools
