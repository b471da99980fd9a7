"""Statements of a migration that wait for the last of them: no lock is held while Python thinks about the next one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def held_back(editor: Any) -> Iterator[None]:
    """Within the block what `editor` is to execute is kept, and sent without a pause at the end.

    A query that somebody asks the connection for meanwhile sends what is kept first, so it finds what it would have
    found.
    """
    kept: list[tuple[str, Any]] = []
    connection, execute = editor.connection, editor.execute
    sending = False

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
        if not sending:
            send()
        return run(*query)

    editor.execute = keep
    # The first is called before all others: they see the statements one after the other.
    connection.execute_wrappers.insert(0, before)
    try:
        yield
        send()
    finally:
        connection.execute_wrappers.remove(before)
        del editor.execute
