"""Which code runs."""

import subprocess
from importlib import metadata

from django.conf import settings

PACKAGE = "trading-engine-database"


def code_revision() -> str:
    """The commit that is checked out, `-dirty` behind it where something is changed.

    Where the code was installed without its history it is `CODE_REVISION` or, without that, the package's version;
    empty if nobody knows.
    """
    if settings.CODE_REVISION:
        return str(settings.CODE_REVISION)
    try:
        result = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],  # noqa: S607 - whichever is there
            cwd=settings.SOURCE_DIR,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        return result.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        pass
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return ""
