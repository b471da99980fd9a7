"""How far a long command is: told in bytes of tables, shown as a bar with the time that is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

#: Told what is being done, the bytes done since the last call, and, at the start, the bytes in all.
Report = Callable[[str, int, int | None], None]

_TABLE = re.compile(r'(?:dumping contents of table|processing data for table) "(.+)"')


def silent(what: str, done: int, total: int | None = None) -> None:
    """Tell nobody."""


@contextmanager
def bar(console: Console) -> Iterator[Report]:
    """A bar on a terminal, nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=None)

        def report(what: str, done: int, total: int | None = None) -> None:
            if total is not None:
                progress.reset(task, total=max(total, 1))
            progress.update(task, advance=done, description=what)

        yield report


def of_tables(sizes: Mapping[str, int], what: str, report: Report) -> Callable[[str], None]:
    """Read the lines of pg_dump or pg_restore (`--verbose`), and report the tables that they begin."""

    def line(text: str) -> None:
        if match := _TABLE.search(text):
            name = match[1].replace('"."', ".")
            report(f"{what} {name}", sizes.get(name, 0), None)

    return line
