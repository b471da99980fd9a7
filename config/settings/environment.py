"""The environment, read here and nowhere else: every wrong or missing variable is one clear sentence."""

import logging
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

PACKAGE_PARENT = Path(__file__).resolve().parent.parent.parent

#: The folder that holds `.env`, `.postgres/` and `backups/`: the checkout, or, where the project is
#: installed as a package, the folder in which the command is run.
PROJECT_DIR = PACKAGE_PARENT if (PACKAGE_PARENT / "pyproject.toml").is_file() else Path.cwd()

#: Not secrets: production refuses to start with them.
DEVELOPMENT_SECRET_KEY = "development-only-key-that-production-settings-refuse"  # noqa: S105
DEVELOPMENT_ENCRYPTION_KEY = "ZGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMhISE="


class Environment(environ.Env):
    """django-environ with sentences: a wrong value names its variable and what was expected."""

    def get_value(
        self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, parse_default: bool = False
    ) -> Any:
        try:
            return super().get_value(var, cast=cast, default=default, parse_default=parse_default)
        except ImproperlyConfigured as error:
            raise ImproperlyConfigured(
                f"{var} is not set: set it in the environment or in {PROJECT_DIR / '.env'} (see .env.example)."
            ) from error
        except (ValueError, TypeError) as error:
            expected = getattr(cast, "__name__", str(cast))
            kinds = {"int": "a whole number", "float": "a number", "bool": "true or false"}
            raise ImproperlyConfigured(
                f"{var} is not {kinds.get(expected, expected)}: correct it in the environment or in .env."
            ) from error

    def boolean(self, var: str, default: bool) -> bool:
        """True or false; any other word is refused (django-environ would read it as false)."""
        text = self.get_value(var, cast=str, default=str(default)).strip().lower()
        if text not in {*self.BOOLEAN_TRUE_STRINGS, "false", "off", "n", "no", "0", ""}:
            raise ImproperlyConfigured(f"{var} is not true or false: correct it in the environment or in .env.")
        return text in self.BOOLEAN_TRUE_STRINGS

    def log_level(self, var: str, default: str) -> str:
        """The name of a level of `logging`, in any case."""
        level = self.get_value(var, cast=str, default=default).strip().upper()
        if level not in logging.getLevelNamesMapping():
            raise ImproperlyConfigured(
                f"{var} is not DEBUG, INFO, WARNING, ERROR or CRITICAL: correct it in the environment or in .env."
            )
        return level

    def secret(self, var: str) -> str:
        """A secret that a command's option names by its variable, so that it stands on no command line."""
        # Read as it is: django-environ takes a value that begins with $ for another variable's name.
        value = self.ENVIRON.get(var, "")
        if not value:
            raise ImproperlyConfigured(f"{var} is not set: put the secret into that variable of the environment.")
        return str(value)

    def database(self, var: str, engine: str) -> dict[str, Any]:
        """A `postgresql://user:password@host:port/name?sslmode=…` address as Django's database settings."""
        return self.database_of(self.get_value(var, cast=str), var, engine)

    def database_of(self, url: str, var: str, engine: str) -> dict[str, Any]:
        """The same for an address that was already read, as one of a list."""
        try:
            scheme, database = urlsplit(url).scheme, urlsplit(url).path.strip("/")
            urlsplit(url).port  # noqa: B018 - reading it is what checks it
        except ValueError:
            scheme, database = "", ""
        if scheme not in {"postgres", "postgresql", "pgsql"} or not database:
            # The value is not repeated: it may hold a password.
            raise ImproperlyConfigured(
                f"{var} is not a PostgreSQL address: write postgresql://user:password@host:5432/database."
            )
        return dict(self.db_url_config(url, engine=engine))


def read_dotenv(path: Path) -> None:
    """Take the variables of the file that the environment does not set. One that is there must be readable."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        # django-environ would pass over it, and the command would run on the embedded server.
        why = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise ImproperlyConfigured(f"{path} cannot be read ({why}): correct it, or its owner and mode.") from error
    environ.Env.read_env(StringIO(text))


env = Environment()
read_dotenv(PROJECT_DIR / ".env")
