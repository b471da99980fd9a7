"""Statements of a migration that wait for the last of them: no lock is held while Python thinks about the next one."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class HeldBack(Generic[T]):
    """`change`, which a schema editor makes; called with one, it returns the result of `change`.

    What the editor is to execute is kept, and sent without a pause at the end. A query that somebody asks the
    connection for meanwhile sends what is kept first, so it finds what it would have found. Where there was none, calls
    after the first only send: to think again about a large migration that lost a lock takes seconds.
    """

    def __init__(self, change: Callable[[Any], T]) -> None:
        self._change = change
        self._known: tuple[list[tuple[str, Any]], T] | None = None

    def __call__(self, editor: Any) -> T:
        if self._known is None:
            return self._think_and_send(editor)
        statements, result = self._known
        for statement in statements:
            editor.execute(*statement)
        return result

    def _think_and_send(self, editor: Any) -> T:
        kept: list[tuple[str, Any]] = []
        connection, execute = editor.connection, editor.execute
        sending = asked = False

        def keep(sql: Any, params: Any = ()) -> None:
            kept.append((str(sql), params))

        def send() -> None:
            nonlocal sending
            sending = True
            try:
                while kept:
                    execute(*kept.pop(0))
            finally:
                sending = False

        def before(run: Callable[..., Any], *query: Any) -> Any:
            nonlocal asked
            if not sending:
                asked = True
                send()
            return run(*query)

        editor.execute = keep
        # The first is called before all others: they see the statements one after the other.
        connection.execute_wrappers.insert(0, before)
        try:
            result = self._change(editor)
            if not asked:
                self._known = list(kept), result
            send()
        finally:
            connection.execute_wrappers.remove(before)
            del editor.execute
        return result
