"""Run a command and turn what went wrong outside it into one sentence and an exit code."""

import sys

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.core.management import ManagementUtility
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError

from config.commands.failures import EnvironmentFailed, Failed

ENVIRONMENT = EnvironmentFailed.returncode


def run(argv: list[str]) -> int:
    """Run `argv` as manage.py does. `--traceback` shows the whole error instead of the sentence."""
    try:
        from django.conf import settings

        settings.INSTALLED_APPS  # noqa: B018 - reading one setting loads them all, and finds what is wrong
        ManagementUtility(argv).execute()
    except Failed as error:
        return _fail(argv, str(error), error.returncode)
    except ImproperlyConfigured as error:
        return _fail(argv, str(error), ENVIRONMENT)
    except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
        return _fail(argv, explain(error), ENVIRONMENT)
    except (DatabaseError, psycopg.Error) as error:
        return _fail(argv, f"The database refused: {_first_line(error)}", 1)
    except KeyboardInterrupt:
        return _fail(argv, "Interrupted; what was not committed was rolled back.", 130)
    except BrokenPipeError:
        # The reader of a pipe has gone (`| head`): nothing is left to say to anybody.
        sys.stderr.close()
        return 1
    return 0


def explain(error: Exception) -> str:
    """A sentence, with the next step, for an error of connecting to or talking with the server."""
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


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _fail(argv: list[str], sentence: str, code: int) -> int:
    if "--traceback" in argv:
        raise  # called from an except block only
    print(sentence, file=sys.stderr)
    return code
