"""A period as a file: nothing of a row is lost or rounded, whoever reads it."""

import hashlib
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from config.commands import Failed
from config.database.owner import connected_as_owner
from ops.partitioning.archive.columns import columns_of
from ops.partitioning.archive.content import content_of
from ops.partitioning.archive.files import archive, read_back
from tests.databases import PROJECT, Database

#: A column of every kind that our tables have, with the values at the edges of each.
ROWS = """
    CREATE TABLE everything (
      id bigint, small smallint, number integer,
      price numeric(24,8), rate numeric(12,8), wide numeric(60,20), free numeric,
      time timestamptz, day date, yes boolean, raw bytea, name text, code varchar(8), key uuid, address inet,
      facts jsonb, tags text[], share double precision);
    INSERT INTO everything VALUES
      (1, -32768, 2147483647, 9999999999999999.99999999, -0.00000001, 1234567890123456789012345678901234567890.5, 1e-30,
       '2028-02-29 23:59:59.999999+00', '2028-02-29', true, '\\x00ff', 'naïve "quoted" ✓' || chr(10) || '1:a-', 'abc',
       '018f0000-0000-7000-8000-000000000000', '192.0.2.1', '{"a": [1.50, null, "ü"], "b": {}}', '{"x,y",NULL}', 0.1),
      (9223372036854775807, 0, 0, 0, 0, 0, 0, '1969-12-31 23:59:59.999999+00', '1582-10-04', false, '', '', '',
       '00000000-0000-0000-0000-000000000000', '2001:db8::/32', '[]', '{}', 'NaN'),
      (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
"""


@pytest.fixture(scope="module")
def everything(database: Database) -> str:
    with database.connect(owner=True) as owner:
        owner.execute(ROWS)
    return "everything"


@pytest.fixture
def as_owner(database: Database) -> Any:
    with connected_as_owner():
        yield


def test_every_value_comes_back(everything: str, database: Database, as_owner: None, tmp_path: Path) -> None:
    written = archive(everything, tmp_path / "everything.parquet", facts={"table": everything})
    rows = pq.read_table(tmp_path / "everything.parquet").to_pylist()
    expected = database.rows(
        "SELECT id, small, number, price, rate, wide, free::text, time, day, yes, raw, name, code, key::text,"
        " address::text, facts::text, tags::text, share::text FROM everything"
    )
    assert rows == expected
    assert str(rows[0]["price"]) == "9999999999999999.99999999"
    assert rows[0]["rate"] == Decimal("-0.00000001")
    assert rows[0]["time"] == datetime(2028, 2, 29, 23, 59, 59, 999999, tzinfo=UTC)
    manifest = json.loads((tmp_path / "everything.json").read_text(encoding="utf-8"))
    content = (tmp_path / "everything.parquet").read_bytes()
    assert manifest["sha256"] == hashlib.sha256(content).hexdigest() == written.sha256.hex()
    assert (manifest["rows"], manifest["bytes"]) == (3, len(content))
    assert manifest["columns"][3] == {"name": "price", "postgresql": "numeric(24,8)", "parquet": "decimal128(24, 8)"}
    assert pq.ParquetFile(tmp_path / "everything.parquet").metadata.row_group(0).column(0).compression == "ZSTD"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["everything.json", "everything.parquet"]
    assert {oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {"0o600"}


def test_the_hash_depends_on_every_value_and_not_on_the_order(
    everything: str, database: Database, as_owner: None, tmp_path: Path
) -> None:
    archive(everything, tmp_path / "before.parquet", facts={})
    columns = columns_of(everything)
    _, _, before = read_back(tmp_path / "before.parquet", columns)
    database.rows("CREATE TABLE turned AS SELECT * FROM everything ORDER BY id DESC NULLS FIRST")
    assert content_of("turned", columns).hash == before.hash
    changes = [
        "price = price - 0.00000001",
        "time = time + interval '1 microsecond'",
        "yes = NOT yes",
        "raw = raw || '\\x00'",
        "name = name || ' '",
        "code = NULL",
        "facts = '{}'",
        "share = 0.10000000000000002",
    ]
    for change in changes:
        with database.connect(owner=True, autocommit=False) as owner:
            owner.execute(f"CREATE TABLE changed AS SELECT * FROM everything; UPDATE changed SET {change} WHERE id = 1")
            owner.commit()
        assert content_of("changed", columns).hash != before.hash, change
        database.rows("DROP TABLE changed")
    database.rows("INSERT INTO turned SELECT * FROM everything WHERE id = 1")
    twice = content_of("turned", columns)
    database.rows("INSERT INTO turned SELECT * FROM everything WHERE id = 1")
    assert len({before.hash, twice.hash, content_of("turned", columns).hash}) == 3, "a row that occurs twice counts"


def test_what_a_file_cannot_hold_exactly_is_not_written(database: Database, as_owner: None, tmp_path: Path) -> None:
    database.rows("CREATE TABLE odd AS SELECT 'NaN'::numeric(24,8) AS price")
    with pytest.raises(Failed, match="odd holds a value that its file could not hold exactly"):
        archive("odd", tmp_path / "odd.parquet", facts={})
    assert list(tmp_path.iterdir()) == []


def test_an_auditor_checks_a_file_with_what_the_documentation_says(
    everything: str, database: Database, as_owner: None, tmp_path: Path
) -> None:
    """And notices another row, which a new SHA-256 in the manifest does not hide."""
    documentation = (PROJECT / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(import hashlib.*?)```", documentation, re.DOTALL)
    path = tmp_path / "everything.parquet"
    archive(everything, path, facts={})

    def check() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script, str(path.with_suffix(".json"))]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert (check().returncode, check().stderr) == (0, "")
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 2), path)
    manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    manifest.update(rows=2, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    path.with_suffix(".json").write_text(json.dumps(manifest), encoding="utf-8")
    assert check().stderr == "The file is not what its manifest says.\n"
