"""What only the exported head finds, and what becomes of a bad export."""

import base64
import json
import ssl
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from audit.models import AuditSeal
from audit.sealing import chain
from audit.sealing.tree import node_of, root_of
from config.database.owner import connected_as_owner
from tests.audit.sealing.conftest import change
from tests.databases import Database

Tamper = Callable[..., list[dict[str, Any]]]


def named(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(found["problem"], found["table"], found["key"]) for found in report["findings"] if found["key"]}


def remake_the_chain(database: Database, table: str) -> None:
    """What an intruder does who knows all this: new lists, roots and hashes, from the rows as they are now."""
    from audit.sealing.tables import sealed_tables

    (sealed_table,) = [each for each in sealed_tables() if each.name == table]
    with connected_as_owner(), connection.cursor() as cursor:
        for name in ("audit_seals", "audit_seal_chunks"):
            cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_previous_hash_fk")
        cursor.execute("ALTER TABLE audit_seals DROP CONSTRAINT audit_seals_successor_uniq")
        layout = sealed_table.layout(cursor)
        previous = None
        for seal in list(chain.seals(cursor)):
            values = {**vars(seal), "previous_hash": previous}
            if seal.sealed_table == table and seal.lo is not None and seal.row_count:
                condition = f"t.txid >= {seal.lo} AND t.txid < {seal.hi} AND {layout.in_period_sql(seal.period)}"
                cursor.execute(layout.chunks_sql(bucket="0", condition=condition, lists=True))
                found = cursor.fetchall()
                values |= {"root": root_of([bytes(row[3]) for row in found]), "row_count": sum(row[2] for row in found)}
                cursor.execute("DELETE FROM audit_seal_chunks WHERE seal_id = %s", [seal.id])
                for row in found:
                    cursor.execute(
                        "INSERT INTO audit_seal_chunks (seal_id, number, row_count, node, keys, prefixes)"
                        " VALUES (%s, %s, %s, %s, %s, %s)",
                        [seal.id, *row[1:]],
                    )
            previous = chain.Seal(**values).computed_hash
            cursor.execute(
                "UPDATE audit_seals SET root = %s, row_count = %s, previous_hash = %s, hash = %s WHERE id = %s",
                [values["root"], values["row_count"], values["previous_hash"], previous, seal.id],
            )
        cursor.execute(
            "ALTER TABLE audit_seals ADD CONSTRAINT audit_seals_successor_uniq"
            " UNIQUE NULLS NOT DISTINCT (previous_hash)"
        )
        for name in ("audit_seals", "audit_seal_chunks"):
            cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")


def cut_the_chain(tamper: Tamper) -> set[str]:
    """The newest seals and all that they cover, as if it had never been; returns the events that are gone."""
    (last,) = tamper("audit_seals", "SELECT max(id) AS id FROM audit_seals WHERE sealed_table = 'risk_events'")
    cut = tamper("audit_seals", f"SELECT sealed_table, lo FROM audit_seals WHERE id >= {last['id']} AND row_count > 0")
    gone = set()
    for seal in cut:
        table = seal["sealed_table"]
        key = "txid || '/' || number" if table == "audit_contexts" else "id::text"
        rows = tamper(table, f"DELETE FROM {table} WHERE txid >= {seal['lo']} RETURNING {key} AS key")
        gone |= {row["key"] for row in rows}
    tamper("audit_seals", f"DELETE FROM audit_seals WHERE id >= {last['id']}")
    return gone


@pytest.mark.parametrize("action", ["changed", "removed"])
def test_a_chain_that_was_made_anew_is_found_by_the_anchor_only(
    sealed: Database, anchored: Path, tamper: Tamper, run: Any, action: str
) -> None:
    (row,) = tamper("risk_events", "SELECT min(id) AS id FROM risk_events")
    statement = {
        "changed": f"UPDATE risk_events SET description = 'forged' WHERE id = {row['id']}",
        "removed": f"DELETE FROM risk_events WHERE id = {row['id']}",
    }[action]
    tamper("risk_events", statement)
    remake_the_chain(sealed, "risk_events")
    # The first of the two tamperings that the database alone does not show.
    assert run("verify_audit")["total"] == 0
    report = run("verify_audit", "--anchor", str(anchored), code=4)
    problem = {"changed": "altered", "removed": "missing"}[action]
    assert named(report) == {(problem, "risk_events", str(row["id"]))}
    assert [found["problem"] for found in report["findings"] if not found["key"]] == ["anchor"]


def test_a_tail_cut_with_its_seals_is_found_by_the_anchor_only(
    sealed: Database, anchored: Path, tamper: Tamper, run: Any
) -> None:
    sealed.rows("INSERT INTO risk_events (event_type) VALUES ('stop_out'), ('stop_out')")
    run("seal_audit")
    gone = cut_the_chain(tamper)
    assert len(gone) == 2
    # The second one.
    assert run("verify_audit")["total"] == 0
    report = run("verify_audit", "--anchor", str(anchored), code=4)
    assert named(report) == {("missing", "risk_events", key) for key in gone}
    assert "later ones were cut off" in next(
        found["sentence"] for found in report["findings"] if found["problem"] == "anchor"
    )


def test_every_run_adds_a_head_and_the_lists_of_new_seals(anchored: Path, run: Any) -> None:
    assert len(anchored.read_text().splitlines()) == 1
    run("seal_audit")  # nothing new: the same head is not written twice
    assert len(anchored.read_text().splitlines()) == 1
    change()
    head = run("seal_audit")["head"]
    first, *_, last = (json.loads(line)["statement"] for line in anchored.read_text().splitlines())
    assert first != last
    assert f"seal {head['seal']}\nhash {head['hash']}\n" in last
    lists = [json.loads(line) for line in anchored.with_name("anchor.jsonl.rows").read_text().splitlines()]
    assert sum(chunk["number"] == 0 for chunk in lists) == AuditSeal.objects.filter(row_count__gt=0).count()
    report = run("verify_audit", "--anchor", str(anchored))
    assert (report["anchors"], report["total"]) == (len(anchored.read_text().splitlines()), 0)


def test_openssl_verifies_the_signature(anchored: Path, tmp_path: Path) -> None:
    line = json.loads(anchored.read_text())
    (tmp_path / "statement").write_text(line["statement"])
    (tmp_path / "signature").write_bytes(base64.b64decode(line["signature"]))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "statement"]
    result = subprocess.run([*command, "-sigfile", "signature"], cwd=tmp_path, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    (tmp_path / "statement").write_text(line["statement"].replace("seal ", "seal 1"))
    result = subprocess.run([*command, "-sigfile", "signature"], cwd=tmp_path, capture_output=True, check=False)
    assert result.returncode != 0


def test_forged_lines_are_reported_and_not_used(anchored: Path, run: Any) -> None:
    good = anchored.read_text()
    line = json.loads(good)
    forged = [
        {**line, "statement": line["statement"].replace("hash ", "hash 0")},
        {**line, "signature": base64.b64encode(bytes(64)).decode()},
        {**line, "signature": "not base64 at all"},
        {"statement": line["statement"]},
        [],
    ]
    anchored.write_text(good + "".join(json.dumps(each) + "\n" for each in forged) + "no JSON\n")
    report = run("verify_audit", "--anchor", str(anchored), code=4)
    assert [found["sentence"] for found in report["findings"]] == [
        f"anchor.jsonl, line {number}: its signature is not one of this key; it was not used." for number in range(2, 8)
    ]
    assert report["anchors"] == 1


def test_a_head_that_another_key_has_signed_is_not_taken(anchored: Path, run: Any, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(other)], check=True)
    public = tmp_path / "other.pub"
    subprocess.run(["openssl", "pkey", "-in", str(other), "-pubout", "-out", str(public)], check=True)
    report = run("verify_audit", "--anchor", str(anchored), "--public-key", str(public), code=4)
    assert (report["anchors"], [found["problem"] for found in report["findings"]]) == (0, ["anchor"])


def test_without_a_key_that_only_its_owner_reads_there_is_no_anchor(
    anchored: Path, run: Any, settings: Any, tmp_path: Path, capsys: Any
) -> None:
    before = anchored.read_text()
    change()
    key = Path(settings.AUDIT_SIGNING_KEY_FILE)
    key.chmod(0o640)
    assert run("seal_audit", code=3) == {}
    settings.AUDIT_SIGNING_KEY_FILE = str(tmp_path / "missing.pem")
    assert run("seal_audit", code=3) == {}
    settings.AUDIT_SIGNING_KEY_FILE = ""
    assert run("seal_audit", code=3) == {}
    settings.AUDIT_SIGNING_KEY_FILE = settings.AUDIT_PUBLIC_KEY_FILE
    Path(settings.AUDIT_PUBLIC_KEY_FILE).chmod(0o600)
    assert run("seal_audit", code=3) == {}
    assert anchored.read_text() == before
    # The rows were sealed nevertheless, and the next run exports the head.
    key.chmod(0o600)
    settings.AUDIT_SIGNING_KEY_FILE = str(key)
    assert run("seal_audit")["seals"] == 0
    assert len(anchored.read_text().splitlines()) == 2


def test_an_anchor_that_cannot_be_written_is_a_failure(anchored: Path, run: Any, settings: Any) -> None:
    change()
    for target in ("http://127.0.0.1:9/anchor", "https://127.0.0.1:9/anchor", "/nowhere/anchor"):
        settings.AUDIT_ANCHOR = target
        assert run("seal_audit", code=3) == {}


def test_an_anchor_is_not_checked_without_a_public_key(anchored: Path, run: Any, settings: Any) -> None:
    assert run("verify_audit", "--anchor", str(anchored), "--public-key", "", code=2) == {}
    assert run("verify_audit", "--anchor", str(anchored), "--public-key", str(anchored), code=3) == {}
    assert run("verify_audit", "--anchor", "/nowhere/anchor", code=3) == {}


def test_a_node_is_no_leaf() -> None:
    assert node_of([bytes(32)]) != bytes(32)


def test_a_head_is_posted_to_an_https_address(
    anchored: Path, run: Any, settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    certificate = tmp_path / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", str(tmp_path / "server.key")]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-out", str(certificate)]
    subprocess.run([*command, *subject], check=True, capture_output=True)
    received: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(201)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Nothing on the tests' output."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, tmp_path / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        settings.AUDIT_ANCHOR = f"https://localhost:{server.server_port}/anchors"
        # Nobody vouches for the certificate.
        assert run("seal_audit", code=3) == {}
        assert received == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        head = run("seal_audit")["head"]
    finally:
        server.shutdown()
        server.server_close()
    line = received[-1]
    copy = tmp_path / "received.jsonl"
    copy.write_text(line + "\n")
    assert f"seal {head['seal']}\n" in json.loads(line)["statement"]
    assert run("verify_audit", "--anchor", str(copy))["anchors"] == 1
