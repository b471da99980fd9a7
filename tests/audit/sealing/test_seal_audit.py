"""What is sealed, when, and what keeps it from being sealed."""

import hashlib
import threading
import time
from typing import Any

import psycopg
import pytest

from audit.models import AuditSeal, AuditSealChunk, SystemEvent
from audit.sealing.chain import seals
from audit.sealing.sealer import seal
from audit.sealing.tables import sealed_tables
from audit.sealing.tree import EMPTY_ROOT, WIDTH, root_of
from config.commands import EnvironmentFailed
from config.database.owner import connected_as_owner
from tests.audit.sealing.conftest import change
from tests.databases import Database
from tests.migrations.schema import APPEND_ONLY

OWN = {"audit_seals", "audit_seal_chunks"}


def test_every_append_only_table_is_sealed() -> None:
    names = [table.name for table in sealed_tables()]
    assert sorted(names) == sorted(set(APPEND_ONLY) - OWN)
    # Written with the seal of the log, it is sealed in the same run.
    assert names[-1] == "audit_row_hashes"


def test_every_sealed_column_has_a_type_of_postgresql_itself(owner_sql: Any) -> None:
    """Others have another number in every database, and the hash covers it."""
    names = [table.name for table in sealed_tables()]
    assert (
        owner_sql(
            "SELECT attrelid::regclass::text, attname FROM pg_attribute"
            " WHERE attrelid::regclass::text = ANY (%s) AND attnum > 0 AND atttypid >= 16384",
            [names],
        )
        == []
    )


def test_all_rows_are_sealed_once(books: Database, run: Any) -> None:
    first = run("seal_audit")
    counts = {table.name: books.rows(f"SELECT count(*) AS n FROM {table.name}")[0]["n"] for table in sealed_tables()}
    audited = {row["table_name"] for row in books.rows("SELECT DISTINCT table_name FROM audit_log")}
    assert counts["audit_row_hashes"] == len(audited)
    assert first["tables"] == {name: count for name, count in counts.items() if count}
    assert first["tables"].keys() >= {"audit_log", "journals", "account_transactions", "risk_events", "system_events"}
    assert run("seal_audit")["rows"] == 0
    # The next rows make the next seal, and nothing else does.
    change()
    again = run("seal_audit")
    assert (again["tables"], again["seals"]) == ({"audit_contexts": 1, "audit_log": 1, "audit_row_hashes": 1}, 3)
    last = AuditSeal.objects.latest("id")
    assert (last.id, bytes(last.hash).hex()) == (again["head"]["seal"], again["head"]["hash"])
    assert last.id == AuditSeal.objects.count()
    report = run("verify_audit")
    assert (report["total"], report["unsealed"], report["rows"]) == (0, 0, sum(counts.values()) + 3)


def test_a_seal_is_what_its_description_says(sealed: Database) -> None:
    """Rows, tree and chain are computed here again, from the rows' bytes and nothing of ours."""
    with sealed.connect() as connection:
        cursor = connection.cursor(row_factory=psycopg.rows.tuple_row)
        previous = "0" * 64
        for seal in seals(cursor):
            text = (
                f"seal {seal.id}\nprevious {previous}\nkind {seal.kind}\ntable {seal.sealed_table or '-'}\n"
                f"period {seal.period or '-'}\ntransactions {'-' if seal.lo is None else f'{seal.lo} {seal.hi}'}\n"
                f"rows {seal.row_count}\nroot {seal.root.hex()}\n"
                f"details {hashlib.sha256(seal.details.encode()).hexdigest()}\n"
                f"time {seal.sealed_at:%Y-%m-%dT%H:%M:%S.%f}Z\n"
            )
            previous = hashlib.sha256(text.encode()).hexdigest()
            assert seal.hash.hex() == previous
        ledger = next(seal for seal in seals(cursor) if seal.sealed_table == "account_transactions" and seal.row_count)
        found = cursor.execute(
            "SELECT record_send(t) FROM account_transactions t WHERE txid < %s ORDER BY txid, id", [ledger.hi]
        ).fetchall()
    leaves = b"".join(hashlib.sha256(row).digest() for (row,) in found)
    assert (ledger.root, ledger.row_count) == (hashlib.sha256(b"\x01" + leaves).digest(), len(found))


@pytest.mark.parametrize("count", [0, 1, 2, WIDTH, WIDTH + 1, WIDTH * WIDTH + 1])
def test_the_root_covers_every_node_in_order(count: int) -> None:
    nodes = [number.to_bytes(32) for number in range(count)]
    root = root_of(nodes)
    assert len(root) == 32
    assert (root == EMPTY_ROOT) == (count == 0)
    if count > 1:
        assert root not in {root_of(nodes[:-1]), root_of([nodes[1], nodes[0], *nodes[2:]])}


def test_many_rows_of_one_transaction_make_one_seal_of_many_chunks(books: Database, run: Any) -> None:
    run("seal_audit")
    books.rows(
        "INSERT INTO risk_events (event_type, description)"
        " SELECT 'margin_call', n::text FROM generate_series(1, 2500) n"
    )
    assert run("seal_audit")["tables"] == {"risk_events": 2500}
    seal = AuditSeal.objects.latest("id")
    chunks = AuditSealChunk.objects.filter(seal_id=seal.id).order_by("number")
    assert [chunk.row_count for chunk in chunks] == [1024, 1024, 452]
    assert [(len(chunk.keys), len(chunk.prefixes)) for chunk in chunks] == [(8192, 8192), (8192, 8192), (3616, 3616)]
    assert run("verify_audit")["total"] == 0


def test_rows_of_several_months_are_sealed_by_month(books: Database, run: Any) -> None:
    """So that a month can be dropped as a whole."""
    run("seal_audit")
    books.rows(
        "INSERT INTO system_events (created_at, event_type, message)"
        " SELECT date_trunc('month', now(), 'UTC') + n * interval '1 month', 'error', 'of another month'"
        " FROM generate_series(0, 2) n, generate_series(1, 2)"
    )
    run("seal_audit")
    added = AuditSeal.objects.filter(sealed_table="system_events", row_count=2)
    assert len({seal.period for seal in added}) == len(added) == 3
    assert len({(seal.lo, seal.hi) for seal in added}) == 1
    assert run("verify_audit")["total"] == 0


def test_late_commits_are_missed_by_no_seal(books: Database, run: Any) -> None:
    """Writers commit in another order than they begin, while seals are made one after the other."""
    stop = threading.Event()
    written: list[int] = []
    lock = threading.Lock()

    def write(number: int) -> None:
        with books.connect(autocommit=False) as connection:
            while not stop.is_set():
                cursor = connection.execute("INSERT INTO risk_events (event_type) VALUES ('margin_call') RETURNING id")
                key = cursor.fetchone()["id"]  # type: ignore[index]
                time.sleep(0.004 * number)
                if key % 7 == 0:
                    connection.rollback()
                    continue
                connection.commit()
                with lock:
                    written.append(key)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    sealed = sum(run("seal_audit", at_once=True)["tables"].get("risk_events", 0) for _ in range(6))
    stop.set()
    for writer in writers:
        writer.join()
    sealed += run("seal_audit")["tables"].get("risk_events", 0)
    assert len(written) > 100
    assert sealed == len(written) + 5
    report = run("verify_audit")
    assert (report["total"], report["unsealed"]) == (0, 0)


def test_a_transaction_that_runs_delays_what_follows_and_is_reported(books: Database, run: Any) -> None:
    run("seal_audit")
    with books.connect(autocommit=False) as slow:
        slow.execute("INSERT INTO risk_events (event_type) VALUES ('stop_out')")
        change()
        time.sleep(0.2)
        # The change is committed, but a row of an older transaction may still come: it waits.
        report = run("seal_audit", "--max-delay", "0.1", code=1, at_once=True)
        assert report["tables"] == {}
        assert report["delayed_by"]["holder"].startswith("session ")
        assert run("seal_audit", "--max-delay", "600", at_once=True)["delayed_by"] is None
        slow.commit()
    event = SystemEvent.objects.get(service="seal_audit")
    assert event.severity == "warning"
    # The alarm is a row as well.
    assert run("seal_audit")["tables"] == {
        "audit_contexts": 1,
        "audit_log": 1,
        "audit_row_hashes": 1,
        "risk_events": 1,
        "system_events": 1,
    }
    assert run("verify_audit")["total"] == 0


def test_sealing_waits_for_no_writer_and_no_writer_for_it(books: Database, run: Any) -> None:
    with books.connect(autocommit=False) as writer:
        writer.execute("INSERT INTO risk_events (event_type) VALUES ('stop_out')")
        writer.execute("SELECT * FROM accounts FOR UPDATE")
        run("seal_audit", at_once=True)
        writer.execute("INSERT INTO risk_events (event_type) VALUES ('stop_out')")
        writer.commit()


def test_two_sealers_do_not_run_at_once(books: Database, run: Any) -> None:
    from audit.sealing.chain import LOCK
    from config.database.locks import exclusive

    with connected_as_owner(), exclusive(LOCK, what="A test"):
        assert run("seal_audit", code=5, at_once=True) == {}


def test_a_delay_is_a_number_of_seconds(run: Any) -> None:
    assert run("seal_audit", "--max-delay", "0", code=2, at_once=True) == {}


def test_a_server_that_counts_from_a_lower_number_is_refused(sealed: Database, run: Any) -> None:
    """As after a restore into another server: new rows would bear numbers that are sealed already."""
    sealed.rows(
        "INSERT INTO audit_seals (id, kind, sealed_table, lo, hi, root, previous_hash, hash)"
        " SELECT id + 1, 'rows', 'trades', 1000000000, 5000000000, root, hash, sha256('a')"
        " FROM audit_seals ORDER BY id DESC LIMIT 1"
    )
    with connected_as_owner(), pytest.raises(EnvironmentFailed, match=r"pg_resetwal -e 2 "):
        seal()
