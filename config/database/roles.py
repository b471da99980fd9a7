"""The database's roles and their time-outs: the declaration, and how it reads in libpq options and in SQL.

Rights are given to group roles, which nobody can log in as. A login role is a member of exactly one of them, so a
server may have as many logins as it likes without a grant being repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """What a session may wait for, in milliseconds; 0 means without limit."""

    statement_timeout: int
    lock_timeout: int
    idle_in_transaction_session_timeout: int

    def settings(self) -> Iterator[tuple[str, str]]:
        """Yield (name of the setting, value in milliseconds as text)."""
        for field in fields(self):
            yield field.name, str(getattr(self, field.name))


@dataclass(frozen=True, kw_only=True)
class GroupRole:
    """A NOLOGIN role that carries rights."""

    name: str
    timeouts: Timeouts
    createdb: bool = False
    #: The group role that may hand objects to this one, as their owner.
    granted_to: str = ""
    #: Whether it is shown what other roles' sessions do (`SEES_SESSIONS`).
    sees_sessions: bool = False


@dataclass(frozen=True, kw_only=True)
class LoginRole:
    """A role that people and programs connect as: member of one group, with the time-outs of that group.

    With `acts_as_group` every session starts as the group itself, so that what it creates belongs to the
    group.
    """

    name: str
    group: GroupRole
    acts_as_group: bool = False

    def settings(self) -> Iterator[tuple[str, str]]:
        """Yield (name, value) of all that `ALTER ROLE … SET` gives to this login."""
        yield from self.group.timeouts.settings()
        if self.acts_as_group:
            yield "role", self.group.name


_READING = Timeouts(statement_timeout=300_000, lock_timeout=5_000, idle_in_transaction_session_timeout=300_000)

OWNER = GroupRole(
    name="trading_owner",
    # A migration may run as long as it must, but never stand for long in front of those who trade.
    timeouts=Timeouts(statement_timeout=0, lock_timeout=10_000, idle_in_transaction_session_timeout=0),
    # The test suite and the rehearsal of migrations make databases of their own.
    createdb=True,
    # Who holds up a migration or the sealing of the logs must be named.
    sees_sessions=True,
)
APP = GroupRole(
    name="trading_app",
    timeouts=Timeouts(statement_timeout=30_000, lock_timeout=5_000, idle_in_transaction_session_timeout=60_000),
)
READONLY = GroupRole(name="trading_readonly", timeouts=_READING)
AUDITOR = GroupRole(name="trading_auditor", timeouts=_READING)

# Owns the functions that write the audit log, and is nobody: only they may insert there.
AUDIT_OWNER = GroupRole(name="trading_audit_owner", timeouts=_READING, granted_to=OWNER.name)

#: PostgreSQL's own role whose members are shown it.
SEES_SESSIONS = "pg_read_all_stats"

GROUPS: tuple[GroupRole, ...] = (OWNER, APP, READONLY, AUDITOR, AUDIT_OWNER)

MIGRATOR_LOGIN = "trading_migrator"
BACKEND_LOGIN = "trading_backend"

LOGINS: dict[str, LoginRole] = {
    login.name: login
    for login in (
        LoginRole(name=MIGRATOR_LOGIN, group=OWNER, acts_as_group=True),
        LoginRole(name=BACKEND_LOGIN, group=APP),
    )
}


def libpq_options(role: str) -> str:
    """Render the time-outs of a group role for libpq's `options`: `-c statement_timeout=30000 -c …`.

    Raises KeyError for a role that is not declared here.
    """
    timeouts = {group.name: group.timeouts for group in GROUPS}[role]
    return " ".join(f"-c {name}={value}" for name, value in timeouts.settings())


def alter_role_set(role: str, settings: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Render (name, value) pairs as one `ALTER ROLE … SET …` statement each, quoted."""
    quoted_role = role.replace('"', '""')
    for name, value in settings:
        quoted_value = value.replace("'", "''")
        yield f"ALTER ROLE \"{quoted_role}\" SET {name} = '{quoted_value}'"
