"""A developer's own PostgreSQL server: roles, databases and the `.env` that leads to them."""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from config.database.provision import Report, provision
from config.database.roles import BACKEND_LOGIN, MIGRATOR_LOGIN

#: Where the test suite meets; it makes its databases beside it.
TEST_DATABASE = "test_trading"


@dataclass(frozen=True)
class Server:
    """Where the server listens and who administers it; the password is libpq's business (PGPASSWORD, ~/.pgpass)
    unless it was typed in."""

    host: str
    port: int
    admin: str
    password: str | None = None

    @property
    def conninfo(self) -> str:
        user = quote(self.admin, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        if self.host.startswith("/"):
            return f"postgresql://{user}@:{self.port}/postgres?host={quote(self.host, safe='')}"
        return f"postgresql://{user}@{self.host}:{self.port}/postgres"

    def login(self, user: str, database: str, password: str | None = None) -> str:
        """The address of one login role; with its password as it goes into `.env`."""
        if password:
            user = f"{user}:{quote(password, safe='')}"
        where = f":{self.port}" if self.host.startswith("/") else f"{self.host}:{self.port}"
        query = f"?host={quote(self.host, safe='')}" if self.host.startswith("/") else ""
        return f"postgresql://{user}@{where}/{database}{query}"


def prepare_server(server: Server, *, database: str, env_file: Path, example: Path) -> Report:
    """Make roles, databases and extensions, then write `env_file` (mode 0600) from `example`.

    Passwords that the file already has are kept, so that running it again changes nothing. Raises ProvisionError;
    then the file is not written.
    """
    addresses = {"DATABASE_URL": BACKEND_LOGIN, "MIGRATE_DATABASE_URL": MIGRATOR_LOGIN}
    known = _passwords(env_file)
    passwords = {login: known.get(login) or secrets.token_urlsafe(24) for login in addresses.values()}
    report = provision(server.conninfo, databases=(database, TEST_DATABASE), logins=passwords)
    text = (env_file if env_file.exists() else example).read_text(encoding="utf-8")
    for variable, login in addresses.items():
        line = f"{variable}={server.login(login, database, passwords[login])}"
        pattern = re.compile(rf"^#?{variable}=.*$", re.MULTILINE)
        found = pattern.search(text)
        text = f"{text[: found.start()]}{line}{text[found.end() :]}" if found else f"{text}\n{line}\n"
    temporary = env_file.with_name(env_file.name + ".new")
    temporary.touch(mode=0o600)
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(env_file)
    return report


def _passwords(env_file: Path) -> dict[str, str]:
    """Login role → password, as far as the addresses of an earlier run name them."""
    if not env_file.exists():
        return {}
    addresses = re.findall(r"^(?:MIGRATE_)?DATABASE_URL=(.+)$", env_file.read_text(encoding="utf-8"), re.MULTILINE)
    parts = [urlsplit(address.strip()) for address in addresses]
    return {part.username: unquote(part.password) for part in parts if part.username and part.password}
