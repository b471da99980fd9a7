"""Which code runs."""

import subprocess

from django.conf import settings


def code_revision() -> str:
    """The commit that is checked out; `CODE_REVISION` where the code was installed without its history."""
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
    except (OSError, subprocess.SubprocessError):
        return ""
    return result.stdout.strip()
