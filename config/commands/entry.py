"""Run a command and turn what went wrong outside it into one sentence and an exit code."""

import errno
import os
import signal
import sys

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.core.management import ManagementUtility
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError

from config.commands.failures import EnvironmentFailed, Failed, NoSpace
from config.commands.signals import Ended, ending_in_order
from config.settings.loading import load_settings

ENVIRONMENT = EnvironmentFailed.returncode

#: What a file or folder that a setting or an option names may be in the way with; anything else is a mistake of ours.
OF_FILES = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ELOOP,
    errno.ENAMETOOLONG, errno.EIO, errno.ESTALE,
)  # fmt: skip

#: SQLSTATE of the server that has no space left.
FULL = "53100"
#: SQLSTATEs that say that the server, not the data, is in the way.
OF_THE_SERVER = {
    "42501": "This role lacks a right: for a change of the schema, set MIGRATE_DATABASE_URL to the owner's login,"
    " or run scripts/setup-dev-db.",
    FULL: "The server's disk is full: free some space there, then run this again.",
    "25006": "This server takes no writes, as a replica does: name the primary in DATABASE_URL.",
}


def run(argv: list[str]) -> int:
    """Run `argv` as manage.py does. `--traceback` shows the whole error instead of the sentence."""
    _replace_closed_streams()
    try:
        load_settings(argv)
        with ending_in_order():
            ManagementUtility(argv).execute()
    except Failed as error:
        return _fail(argv, str(error), error.returncode)
    except ImproperlyConfigured as error:
        return _fail(argv, str(error), ENVIRONMENT)
    except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
        return _fail(argv, explain(error), _code(error, otherwise=ENVIRONMENT))
    except (DatabaseError, psycopg.Error) as error:
        return _fail(argv, explain(error), _code(error, otherwise=1))
    except KeyboardInterrupt as end:
        number = end.number if isinstance(end, Ended) else signal.SIGINT
        return _fail(argv, "Interrupted; what was not committed was rolled back.", 128 + number)
    except BrokenPipeError:
        # The reader of a pipe has gone (`| head`): nothing is left to say to anybody.
        sys.stderr.close()
        return 1
    except OSError as error:
        if isinstance(error.filename, str) and error.errno in OF_FILES:
            sentence = f"{error.filename} cannot be used ({error.strerror}): correct its owner and mode, or"
            return _fail(argv, f"{sentence} name another place in the setting or option that names it.", ENVIRONMENT)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = f" of {error.filename}" if error.filename else ""
        return _fail(argv, f"The disk{where} is full: free some space there, then run this again.", NoSpace.returncode)
    return 0


def _replace_closed_streams() -> None:
    """Python has no object for a stream that the caller has closed (`>&-`); what is written there is for nobody."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - as long as the process


def _code(error: Exception, *, otherwise: int) -> int:
    state = _sqlstate(error)
    return NoSpace.returncode if state == FULL else ENVIRONMENT if state in OF_THE_SERVER else otherwise


def explain(error: Exception) -> str:
    """A sentence, with the next step where there is one, for an error of the database or of reaching it."""
    if sentence := OF_THE_SERVER.get(_sqlstate(error)):
        return f"{sentence} ({_first_line(error)})"
    if "extension" in str(error) and _sqlstate(error) in {"0A000", "58P01"}:
        return (
            "The server lacks an extension: install PostgreSQL's contrib modules there (Debian: postgresql-contrib)."
            f" ({_first_line(error)})"
        )
    if not isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError):
        return f"The database refused: {_first_line(error)}"
    text = str(error).strip()
    causes = {
        "password authentication failed": "The server refused the password: check DATABASE_URL or DB_PASSWORD.",
        "no password supplied": "The server asks for a password: put one into DATABASE_URL or DB_PASSWORD.",
        "Connection refused": "No PostgreSQL server answers: start it, or correct the host and port in DATABASE_URL.",
        "No such file or directory": "No PostgreSQL server answers on that socket: start it, or correct DATABASE_URL.",
        "could not translate host name": "The server's host name is unknown: correct it in DATABASE_URL.",
        "failed to resolve host": "The server's host name is unknown: correct it in DATABASE_URL.",
        "Name or service not known": "The server's host name is unknown: correct it in DATABASE_URL.",
        "timeout expired": "The server did not answer in time: check the host and port in DATABASE_URL.",
        "too many clients": "The server has no connection left: raise max_connections or lower DB_POOL_MAX_SIZE.",
        "does not support SSL": "The server speaks no SSL: set DB_SSLMODE=prefer, or switch SSL on there.",
        "statement timeout": "A statement took longer than its role may: see config/database/roles.py.",
        "lock timeout": "Another session holds a lock for too long: try again later.",
    }
    for sign, sentence in causes.items():
        if sign in text:
            return f"{sentence} ({_first_line(error)})"
    if 'database "' in text and "does not exist" in text:
        return f"The database is missing: scripts/setup-dev-db makes it. ({_first_line(error)})"
    if 'role "' in text and "does not exist" in text:
        return f"The role is missing: scripts/setup-dev-db makes it. ({_first_line(error)})"
    return f"The database server could not be used: {_first_line(error)}"


def _sqlstate(error: BaseException | None) -> str:
    """The server's code for what is at the root of an error."""
    while error is not None:
        if code := getattr(error, "sqlstate", None):
            return str(code)
        error = error.__cause__ or error.__context__
    return ""


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _fail(argv: list[str], sentence: str, code: int) -> int:
    if "--traceback" in argv:
        raise  # called from an except block only
    print(sentence, file=sys.stderr)
    return code
