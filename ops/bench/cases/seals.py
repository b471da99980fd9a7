"""What seals cost: verifying rows against hashing them once, and writing with a sealer beside it against without."""

import threading
import time
from collections.abc import Callable

from audit.sealing.sealer import seal
from audit.sealing.verifier import verify
from config.commands import Failed
from config.database.owner import connected_as_owner
from ops.bench.cluster import Cluster
from ops.bench.measure import Benchmark

WRITERS = 8
#: As the timer that is shipped does.
SECONDS_BETWEEN_SEALS = 60.0

#: Rows of an update of two columns, twenty in each transaction, with its context.
FILL = """
    WITH said AS (INSERT INTO audit_contexts (txid, created_at, number, service, db_user)
                  VALUES (pg_current_xact_id()::text::bigint, clock_timestamp(), 1, 'bench', session_user))
    INSERT INTO audit_log (table_name, record_id, action, changes)
    SELECT 'bench', uuidv7(), 'UPDATE',
           '{"status": ["new", "filled"], "filled_quantity": ["0.00000000", "1.00000000"]}'
      FROM generate_series(1, 20) n
"""
CONTEXT = """SELECT set_config('audit.context', '{"service": "bench"}', true)"""


def _fill(cluster: Cluster, database: str, units: int) -> None:
    with cluster.connect(database) as connection:
        connection.execute("SET synchronous_commit = off")
        for _ in range(units // 20):
            connection.execute(FILL, prepare=True)
        connection.execute("VACUUM ANALYZE audit_log")


def _verify(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    _fill(cluster, database, units)
    with connected_as_owner():
        seal()

    def work() -> None:
        report = verify()
        if report.findings.total or report.rows < units:
            raise Failed(f"{report.findings.total} findings in {report.rows} rows: this is no measurement.")

    return work


def _hash_once(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    _fill(cluster, database, units)
    connection = cluster.connect(database)
    return lambda: connection.execute("SELECT count(sha256(record_send(t))) FROM audit_log t").fetchone()


VERIFY_AUDIT = Benchmark(
    name="verify_audit",
    sentence="verify_audit of sealed rows of audit_log against hashing them once, without order, tree and chain",
    unit="rows",
    units=lambda quick: 100_000 if quick else 1_000_000,
    subject=_verify,
    baseline=_hash_once,
    floor=0.1,
)


def _writers(cluster: Cluster, database: str, units: int) -> list[threading.Thread]:
    connections = [cluster.connect(database) for _ in range(WRITERS)]
    found = connections[0].execute("SELECT id::text FROM instruments ORDER BY id LIMIT %s", [WRITERS]).fetchall()
    keys = [str(key) for (key,) in found]

    def write(number: int) -> None:
        connection = connections[number]
        for turn in range(units // WRITERS):
            with connection.transaction():
                connection.execute(CONTEXT)
                connection.execute(
                    "UPDATE instruments SET display_name = %s WHERE id = %s",
                    [f"turn {turn}", keys[number]],
                    prepare=True,
                )
                connection.execute(
                    "INSERT INTO risk_events (event_type, description) VALUES ('margin_call', 'bench')", prepare=True
                )

    return [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]


def _with_sealer(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    writers = _writers(cluster, database, units)
    with connected_as_owner():
        seal()

    def work() -> None:
        for writer in writers:
            writer.start()
        seal_while(lambda: any(writer.is_alive() for writer in writers))

    return work


def seal_while(are_writing: Callable[[], bool]) -> None:
    """Seal in the timer's interval and once at the end: each row that was written is sealed within the run.

    So a run of less than a minute has a whole seal, that is more of them than a minute of the timer's.
    """
    with connected_as_owner():
        while are_writing():
            end = time.monotonic() + SECONDS_BETWEEN_SEALS
            while are_writing() and time.monotonic() < end:
                time.sleep(0.05)
            seal()


def _without_sealer(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    writers = _writers(cluster, database, units)

    def work() -> None:
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

    return work


SEALING = Benchmark(
    name="sealing",
    sentence="audited transactions of eight writers sealed in the timer's interval against not sealed",
    unit="transactions",
    units=lambda quick: 4_000 if quick else 40_000,
    subject=_with_sealer,
    baseline=_without_sealer,
    floor=0.3,
    clients=WRITERS,
)
