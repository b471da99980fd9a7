"""Sends the context of `audit.context` along with what is written through Django's connections.

A session begins with the context of its process, the name of a service. A statement that may write under another
context is preceded, in the same message to the server, by `SET LOCAL audit.context`: both are one transaction, it costs
no round trip, and the setting ends with the transaction. The BEGIN of a transaction that begins with such a statement
travels along, and saves one. Within an open transaction the context is told once, and again when it has changed or a
savepoint was rolled back, which takes the setting along.

Behind a pooler in transaction mode (DB_TRANSACTION_POOLING) a session is many clients', and nothing is left to it.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.signals import connection_created
from django.dispatch import receiver
from psycopg import ClientCursor, sql
from psycopg.pq import TransactionStatus

from audit.context import current, process_context

#: Statements that may change a row. Those of the ORM that only read name quoted columns, or begin with an aggregate.
WRITES = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|MERGE|WITH|SELECT\s+(?:[\w\s,.*]+\sFROM\s+)?(?!COUNT|MAX|MIN|SUM|AVG)\w+\s*\()",
    re.IGNORECASE,
)
ROLLS_BACK = re.compile(r"\s*ROLLBACK\s+TO", re.IGNORECASE)
#: After a savepoint was rolled back, the setting is what it was before.
UNKNOWN = "unknown"


class SendContext:
    """An execute wrapper of one connection. `session` is what the session says where a transaction says nothing."""

    def __init__(self, connection: Any, session: str | None) -> None:
        self.connection = connection
        self.session = session
        #: What the open transaction says.
        self.told = session

    def __call__(self, execute: Callable[..., Any], statement: Any, params: Any, many: bool, context: Any) -> Any:
        text = statement if isinstance(statement, str) else statement.as_string(self.connection.connection)
        self._notice_new_transaction()
        if not WRITES.match(text):
            if ROLLS_BACK.match(text):
                self.told = UNKNOWN
            return execute(statement, params, many, context)
        said = current().text()
        if said == self.told:
            return execute(statement, params, many, context)
        if many or not isinstance(context["cursor"].cursor, ClientCursor):
            # One statement per message: the context goes ahead in a message of its own.
            with self.told_first(said, in_pipeline=not many):
                return execute(statement, params, many, context)
        ahead = [f"SET LOCAL audit.context = {self._quoted(said)}"]
        begins = self._may_begin()
        if begins:
            ahead.insert(0, "BEGIN")
        prefix = "; ".join([*ahead, ""])
        message = (prefix.replace("%", "%%") if params is not None else prefix) + text
        with self._no_begin() if begins else nullcontext():
            result = execute(message, params, many, context)
        # The answers to what went ahead are of no interest.
        for _ in ahead:
            context["cursor"].nextset()
        if not self.connection.autocommit:
            self.told = said
        return result

    @contextmanager
    def told_first(self, said: str, *, in_pipeline: bool = False) -> Iterator[None]:
        """Within the block the transaction says `said`; where none is open, the block is one.

        In a pipeline both messages travel together, and are one transaction without BEGIN and COMMIT.
        """
        if not self.connection.autocommit:
            self._notice_new_transaction()
            if said != self.told:
                with self.connection.wrap_database_errors:
                    self.connection.connection.execute(self._setting(said))
                self.told = said
            yield
        elif in_pipeline:
            with self.connection.wrap_database_errors, self.connection.connection.pipeline():
                self.connection.connection.execute(self._setting(said))
                yield
        else:
            with transaction.atomic(using=self.connection.alias), self.told_first(said):
                yield

    def _notice_new_transaction(self) -> None:
        if self._is_idle():
            self.told = self.session

    def _may_begin(self) -> bool:
        """Whether the next message is the first of a transaction, and a plain BEGIN is what opens it."""
        return not self.connection.autocommit and self._is_idle() and self.connection.connection.isolation_level is None

    @contextmanager
    def _no_begin(self) -> Iterator[None]:
        """Within the block the driver sends no BEGIN of its own ahead, which would be another round trip."""
        driver = self.connection.connection
        driver._autocommit = True  # its property could not be put back: that is refused within a transaction
        try:
            yield
        finally:
            driver._autocommit = False

    def _is_idle(self) -> bool:
        return bool(self.connection.connection.pgconn.transaction_status == TransactionStatus.IDLE)

    def _setting(self, said: str) -> str:
        # As a query: in a pipeline, where nothing has said BEGIN, SET LOCAL would be without effect.
        return f"SELECT set_config('audit.context', {self._quoted(said)}, true)"

    def _quoted(self, said: str) -> str:
        return sql.quote(said, self.connection.connection)


def copying(cursor_class: type[Any], sender: SendContext) -> type[Any]:
    """A cursor class whose COPY, which passes by Django's wrappers, tells the context, too."""

    class Cursor(cursor_class):
        without_context = cursor_class
        session_context = sender.session

        @contextmanager
        def copy(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
            with sender.told_first(current().text()), super().copy(*args, **kwargs) as copy:
                yield copy

    return Cursor


@receiver(connection_created, dispatch_uid="audit.send_context")
def install(connection: Any, **kwargs: Any) -> None:
    """A new session, or one from the pool, tells from now on who writes."""
    driver = connection.connection
    session = None if settings.DATABASE_TRANSACTION_POOLING else process_context().text()
    # A session from the pool has the class of its last user.
    before = driver.cursor_factory
    if session is not None and getattr(before, "session_context", None) != session:
        driver.execute("SELECT set_config('audit.context', %s, false)", [session])
    sender = SendContext(connection, session)
    wrappers = [wrapper for wrapper in connection.execute_wrappers if not isinstance(wrapper, SendContext)]
    connection.execute_wrappers[:] = [sender, *wrappers]
    driver.cursor_factory = copying(getattr(before, "without_context", before), sender)
