"""Who acts, from where and why: what a transaction tells the audit log about itself.

A context belongs to a thread or an asynchronous task; `audit.connections` sends it to the server.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

#: Programs that serve requests.
SERVERS = ("gunicorn", "uvicorn", "daphne", "hypercorn")


@dataclass(frozen=True, kw_only=True)
class Context:
    """All of it is optional. `user` may be a function: who a request's user is, is looked up when he first writes."""

    user: UUID | str | Callable[[], UUID | str | None] | None = None
    ip: str | None = None
    user_agent: str = ""
    session: str = ""
    request: str = ""
    service: str = ""
    reason: str = ""

    def text(self) -> str:
        """As `audit.context` has it: a JSON object of what is known."""
        user = self.user() if callable(self.user) else self.user
        known = {
            "user": str(user) if user else "",
            "ip": self.ip,
            "user_agent": self.user_agent,
            "session": self.session,
            "request": self.request,
            "service": self.service,
            "reason": self.reason,
        }
        # PostgreSQL has no character 0, and what a client sends may have one.
        values = {key: value.replace("\0", "") for key, value in known.items() if value}
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


_current: ContextVar[Context | None] = ContextVar("audit_context", default=None)


def current() -> Context:
    """The context of this thread or task; outside of every `acting` the service that this process is."""
    return _current.get() or process_context()


@contextmanager
def acting(**changes: Any) -> Iterator[Context]:
    """Within the block, what is written is written by this: `with acting(user=user.pk, reason="asked by phone"): …`.

    What is not named stays as it is around the block. Holds for transactions that begin within it, and from the next
    statement on for one that is open already.
    """
    context = replace(current(), **changes)
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def service_name() -> str:
    """What this process is: the command of manage.py, `web`, or the name of the program."""
    path = Path(sys.argv[0] if sys.argv else "")
    # `python -m program`
    program = path.parent.name if path.name == "__main__.py" else path.name.removesuffix(".py")
    if program in ("manage", "trading-database", "django-admin", "django") and len(sys.argv) > 1:
        return sys.argv[1][:64]
    return "web" if program in SERVERS else program[:64] or "python"


@cache
def process_context() -> Context:
    """What is written outside of every `acting` is written by this."""
    return Context(service=service_name())
