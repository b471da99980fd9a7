"""Where the embedded server keeps its files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from config.database.embedded.failures import EmbeddedServerError
from config.database.embedded.os_user import OsUser

# For the server that root starts: a folder that the server's user can enter whatever the mode of root's home.
STATE_DIR = Path("/var/lib/trading-engine")

#: How a data folder is called that another one has replaced, and that is kept.
ASIDE = "data.before-"

# pg_ctl hands these paths to a shell, between double quotes.
_UNQUOTABLE = frozenset('"$`\\\n')


def digest(root: Path) -> str:
    """Twelve hexadecimal digits that stand for `root`, a resolved path, where its name would be too long."""
    return hashlib.sha256(os.fsencode(root)).hexdigest()[:12]


@dataclass(frozen=True)
class Layout:
    """The files of one server, all below `home`."""

    home: Path

    @property
    def data(self) -> Path:
        """The cluster: whole, or not there."""
        return self.home / "data"

    @property
    def incoming(self) -> Path:
        """The cluster while it is made; left over only by a crash."""
        return self.home / "data.incoming"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def provisioned(self) -> Path:
        """The fingerprint of what was provisioned; inside the cluster, to live and die with it."""
        return self.data / "trading_provisioned"


def layout_for(root: Path, state_dir: Path) -> Layout:
    """Return the layout in `root`, or below `state_dir` where root's server could not get into `root`.

    A cluster that exists decides; without one, the user who would run the server does.
    """
    at_root, aside = Layout(root), Layout(state_dir / digest(root))
    if os.geteuid() != 0:
        if at_root.data.exists() and not os.access(at_root.data, os.X_OK):
            owner_of(at_root)  # says whose it is
        return at_root
    for layout in (at_root, aside):
        if layout.data.exists():
            return layout
    nearest = next(folder for folder in (root, *root.parents) if folder.exists())
    return at_root if OsUser.for_server().can_enter(nearest) else aside


def make_home(layout: Layout) -> None:
    """Make the folder that holds everything, for all to enter: the files in it have their own modes."""
    require_quotable(layout.home)
    missing = [folder for folder in (layout.home, *layout.home.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # whatever the caller's umask


def owner_of(layout: Layout) -> OsUser:
    """The user who runs this server: whoever owns the cluster, or would own a new one."""
    caller = OsUser.current()
    try:
        owner = OsUser.of_uid(layout.data.stat().st_uid)
    except FileNotFoundError:
        return OsUser.for_server()
    if owner.uid == 0 and not any(layout.data.iterdir()):
        return OsUser.for_server()
    if owner.uid == 0:
        raise EmbeddedServerError(
            f"{layout.data} belongs to root, as whom PostgreSQL does not run: give it to another user (chown -R)."
        )
    if caller.uid not in (0, owner.uid):
        raise EmbeddedServerError(
            f"{layout.data} belongs to {owner.name}, not to {caller.name}: run as {owner.name} or root, "
            f"or set EMBEDDED_POSTGRES_DIR to a folder of your own."
        )
    return owner


def require_quotable(path: Path) -> None:
    """Refuse a path that a shell would not take as it is. Raises EmbeddedServerError."""
    found = _UNQUOTABLE.intersection(str(path))
    if found:
        raise EmbeddedServerError(
            f"The path {str(path)!r} has the character {min(found)!r}, which pg_ctl cannot take: "
            f"use another folder (EMBEDDED_POSTGRES_DIR, POSTGRES_BIN_DIR)."
        )
