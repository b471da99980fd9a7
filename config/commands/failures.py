"""Expected failures of a command: one sentence for the reader, one exit code for the script that called it."""


class Failed(Exception):
    """The work was refused or went wrong; nothing was changed. Exit code 1.

    Not a CommandError: Django would print the class's name before the sentence.
    """

    returncode = 1


class UsageFailed(Failed):
    """The options do not fit together. Exit code 2, as argparse's own."""

    returncode = 2


class EnvironmentFailed(Failed):
    """No server, a wrong version, a missing tool or right. Exit code 3."""

    returncode = 3


class VerificationFailed(Failed):
    """What was checked does not hold. Exit code 4."""

    returncode = 4


class Locked(Failed):
    """Another run holds the lock. Exit code 5."""

    returncode = 5


class NoSpace(Failed):
    """A disk is full, or would be before the work is done. Exit code 6."""

    returncode = 6


class VersionSkew(Failed):
    """Server, tools, code and data are of versions that do not fit together. Exit code 7."""

    returncode = 7


class DrillMismatch(Failed):
    """What was restored differs from what was backed up. Exit code 8."""

    returncode = 8
