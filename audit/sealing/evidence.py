"""The lists of sealed rows, outside of the database beside the anchor: they name a row after the chain was made anew.

A line of JSON is one chunk: which seal and window it belongs to, its rows' keys, and the first eight bytes of each
row's hash (both compressed, in base64): about twenty bytes a row.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audit.sealing.findings import Findings
from audit.sealing.rows import compare_lists, split
from audit.sealing.tables import Layout
from audit.sealing.windows import Window
from config.commands import EnvironmentFailed
from config.files import append

_CHUNKS = """
    SELECT s.id, s.sealed_table, s.period, s.lo, s.hi, s.row_count, c.number, c.keys, c.prefixes,
           (SELECT l.details FROM audit_seals l
             WHERE l.kind = 'layout' AND l.sealed_table = s.sealed_table AND l.id < s.id ORDER BY l.id DESC LIMIT 1)
      FROM audit_seals s JOIN audit_seal_chunks c ON c.seal_id = s.id
     WHERE s.id > %s ORDER BY s.id, c.number
"""


def lists_path(anchor: Path) -> Path:
    """Where the lists of an anchor file are: `anchor.jsonl` has `anchor.jsonl.rows`."""
    return anchor.with_name(f"{anchor.name}.rows")


def export_lists(cursor: Any, anchor: Path) -> None:
    """Append the chunks of the seals that the file does not have yet."""
    path = lists_path(anchor)
    cursor.execute(_CHUNKS, [_last_seal(path)])
    lines = []
    for seal, table, period, lo, hi, count, number, keys, prefixes, layout in cursor.fetchall():
        place = {"seal": seal, "table": table, "period": period, "lo": lo, "hi": hi, "rows": count, "number": number}
        lines.append(
            json.dumps({**place, "layout": layout, "keys": _packed(bytes(keys)), "prefixes": _packed(bytes(prefixes))})
        )
    if not lines:
        return
    try:
        append(path, "\n".join(lines) + "\n")
    except OSError as error:
        raise EnvironmentFailed(
            f"The lists of rows could not be written to {path} ({error.strerror}): correct AUDIT_ANCHOR."
        ) from None


def name_rows_by_lists(anchor: Path, findings: Findings, *, dropped: set[tuple[str, str]]) -> None:
    """Compare every exported list with the rows that are there; periods that were dropped are passed over."""
    for layout, period, window, chunks in _exported(lists_path(anchor)):
        if (layout.table, period) not in dropped:
            compare_lists(layout, period, window, iter(chunks), findings)


def _exported(path: Path) -> Iterator[tuple[Layout, str, Window, list[dict[bytes, bytes]]]]:
    """The lists of one seal after the other."""
    if not path.exists():
        return
    current: dict[int, dict[str, Any]] = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            try:
                chunk = json.loads(line)
            except ValueError:
                continue  # cut off by a crash; the next run has written it again
            if current and next(iter(current.values()))["seal"] != chunk["seal"]:
                yield _of_one_seal(current)
                current = {}
            current[chunk["number"]] = chunk
    if current:
        yield _of_one_seal(current)


def _of_one_seal(chunks: dict[int, dict[str, Any]]) -> tuple[Layout, str, Window, list[dict[bytes, bytes]]]:
    first = chunks[min(chunks)]
    layout = Layout.from_json(first["table"], first["layout"])
    window = Window(first["seal"], first["lo"], first["hi"], first["rows"], b"", layout, recent=True)
    pieces = [
        split(layout, _unpacked(chunks[number]["keys"]), _unpacked(chunks[number]["prefixes"]))
        for number in sorted(chunks)
    ]
    return layout, first["period"], window, pieces


def _last_seal(path: Path) -> int:
    """The seal of the last whole line; 0 where there is none."""
    last = 0
    if path.exists():
        with path.open("rb") as file:
            # A line is at most some ten kilobytes.
            file.seek(max(0, path.stat().st_size - 1_000_000))
            for line in file.read().split(b"\n"):
                try:
                    last = int(json.loads(line)["seal"])
                except (ValueError, KeyError, TypeError):
                    continue
    return last


def _packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
