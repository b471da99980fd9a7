"""docs/AUDITORS.md is run as it stands, with nothing but the standard library and openssl."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from audit.models import AuditSeal
from audit.sealing.tables import sealed_tables
from tests.databases import Database

DOCUMENT = Path(settings.SOURCE_DIR) / "docs" / "AUDITORS.md"
_text = DOCUMENT.read_text(encoding="utf-8")


def script(name: str, folder: Path) -> Path:
    """The block of Python that begins with that name."""
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", _text, re.S) if block.startswith(f"# {name}:")]
    (folder / name).write_text(code)
    return folder / name


def run(path: Path, text: str, *, code: int = 0) -> str:
    result = subprocess.run(
        [sys.executable, "-I", "-S", str(path)], input=text, capture_output=True, text=True, check=False
    )
    assert result.returncode == code, result.stderr
    return result.stdout if code == 0 else result.stderr


@pytest.fixture
def exported(sealed: Database) -> str:
    """What the document's query gives."""
    (query,) = re.findall(r'psql -qAtX -c "(select json_build_object.*?from audit_seals order by id)"', _text, re.S)
    rows = sealed.rows(query.replace('\\"', '"'), owner=False)
    return "".join(json.dumps(row["json_build_object"]) + "\n" for row in rows)


def test_the_chain_is_checked_with_the_standard_library(exported: str, tmp_path: Path) -> None:
    head = AuditSeal.objects.latest("id")
    checker = script("chain.py", tmp_path)
    assert run(checker, exported) == f"seal {head.id} hash {bytes(head.hash).hex()}\n"
    lines = exported.splitlines(keepends=True)
    assert "seal 5 is missing" in run(checker, "".join(lines[:4] + lines[5:]), code=1)
    seal = json.loads(lines[6])
    lines[6] = json.dumps({**seal, "rows": seal["rows"] + 1}) + "\n"
    assert "seal 7 was altered" in run(checker, "".join(lines), code=1)


@pytest.mark.parametrize("table", ["audit_log", "account_transactions", "system_events"])
def test_a_root_is_computed_and_its_rows_are_read(sealed: Database, tmp_path: Path, table: str) -> None:
    seal = AuditSeal.objects.filter(sealed_table=table, row_count__gt=0).latest("id")
    layout = json.loads(AuditSeal.objects.get(kind="layout", sealed_table=table).details)
    columns = ", ".join(f"t.{name}" for name, _ in layout["columns"])
    window = f"txid >= {seal.lo} AND txid < {seal.hi}"
    rows = sealed.rows(
        f"SELECT encode(record_send(row({columns})), 'hex') AS line, t.* FROM {table} t WHERE {window}"
        " ORDER BY txid, id"
    )
    text = "".join(row["line"] + "\n" for row in rows)
    assert run(script("root.py", tmp_path), text) == f"{bytes(seal.root).hex()}\n"
    read = run(script("read.py", tmp_path), text).splitlines()
    assert len(read) == seal.row_count == len(rows)
    first = dict(zip((name for name, _ in layout["columns"]), eval(read[0]), strict=True))  # noqa: S307
    assert (first["id"], first["txid"]) == (rows[0]["id"], rows[0]["txid"])
    if table == "account_transactions":
        assert {name: first[name] for name in ("amount", "balance_before", "balance_after")} == {
            name: f"{rows[0][name]:.8f}" for name in ("amount", "balance_before", "balance_after")
        }
        assert first["processed_at"] == rows[0]["processed_at"].isoformat()
    if table == "audit_log":
        assert json.loads(first["changes"]) == rows[0]["changes"]


def test_more_rows_than_a_node_has(tmp_path: Path) -> None:
    from hashlib import sha256

    from audit.sealing.tree import node_of, root_of

    rows = [number.to_bytes(4) for number in range(2500)]
    leaves = [sha256(row).digest() for row in rows]
    expected = root_of([node_of(leaves[:1024]), node_of(leaves[1024:2048]), node_of(leaves[2048:])])
    text = "".join(row.hex() + "\n" for row in rows)
    assert run(script("root.py", tmp_path), text) == f"{expected.hex()}\n"
    assert run(script("root.py", tmp_path), "") == f"{root_of([]).hex()}\n"


def test_every_type_that_is_sealed_can_be_read(owner_sql: Any) -> None:
    """The document's reader knows it; an address and an array are shown in hexadecimal."""
    known = {int(number) for number in re.findall(r"\b(\d+): (?:lambda|bytes|time|numeric)", _text)}
    names = [table.name for table in sealed_tables()]
    used = owner_sql(
        "SELECT DISTINCT atttypid::int AS number FROM pg_attribute WHERE attrelid::regclass::text = ANY (%s)"
        " AND attnum > 0 AND NOT attisdropped",
        [names],
    )
    assert {row["number"] for row in used} - known <= {869, 1009, 1015}
