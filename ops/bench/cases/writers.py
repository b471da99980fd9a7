"""What audit and seals together cost many writers of single rows, against a table without either and usual ways.

The writers are processes of the application: each transaction is Django's. By pgbench, whose clients cost next to
nothing, the same is asked of the server alone.
"""

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from audit.sealing.sealer import seal
from config.commands import Failed
from config.database.owner import connected_as_owner
from config.database.roles import BACKEND_LOGIN
from ops.bench.cases.audit import FILL, OTHERS, USER, Work, change_one_by_one, table_with_rows
from ops.bench.cases.seals import WRITERS, seal_while
from ops.bench.clients import Beside, Client, start
from ops.bench.cluster import Cluster
from ops.bench.measure import Benchmark

ROWS = 10_000
WARM_UP = 20
KEYS = """
    CREATE TABLE bench_keys AS SELECT row_number() OVER ()::int AS n, id FROM bench_orders;
    ALTER TABLE bench_keys ADD PRIMARY KEY (n);
    GRANT SELECT ON bench_keys TO trading_app;
    VACUUM ANALYZE
"""
#: The context travels with the first statement, as Django's does.
CONTEXT = f"""SELECT set_config('audit.context', '{{"user":"{USER}"}}', true)\\;"""
UPDATE = f"{FILL} WHERE id = (SELECT id FROM bench_keys WHERE n = {{}})"


def _processes(way: str, cluster: Cluster, database: str, units: int) -> Work:
    _fill(way, cluster, database)

    def write(first: int, count: int) -> None:
        change_one_by_one(way, UPDATE.format("%s"), (turn % ROWS + 1 for turn in range(first, first + count)))

    def writer(number: int) -> Client:
        first = number * ROWS // WRITERS  # a row of its own
        return Client(warm_up=partial(write, first, WARM_UP), work=partial(write, first, units // WRITERS))

    return start([writer(number) for number in range(WRITERS)], beside=_beside(way))


def _pgbench(way: str, cluster: Cluster, database: str, units: int) -> Work:
    _fill(way, cluster, database)
    url = cluster.server.url(user=BACKEND_LOGIN, database=database)
    command = [str(cluster.server.bin_dir / "pgbench"), "--no-vacuum", f"--client={WRITERS}", "--jobs=2"]
    statements = f"\\set n random(1, {ROWS})\nBEGIN;\n{CONTEXT if way else ''}{UPDATE.format(':n')};\nCOMMIT;\n"
    beside = _beside(way)

    def work() -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(statements)
            script.flush()
            arguments = [f"--file={script.name}", f"--transactions={units // WRITERS}", url]
            with _ending_well([*command, *arguments]) as pgbench:
                if beside:
                    beside(lambda: pgbench.poll() is None)

    return work


def _fill(way: str, cluster: Cluster, database: str) -> None:
    table_with_rows(cluster, database, way, ROWS)
    with cluster.connect(database) as owner:
        for statement in KEYS.split(";"):
            owner.execute(statement)


def _beside(way: str) -> Beside | None:
    """The sealer, where there is something to seal; what is there already is sealed at once."""
    if way != "audited":
        return None
    with connected_as_owner():
        seal()
    return seal_while


@contextmanager
def _ending_well(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as pgbench:
        yield pgbench
        _, errors = pgbench.communicate()
        if pgbench.returncode or "aborted" in errors:
            raise Failed(f"pgbench has failed: {errors.strip()}")


def audit_writers(clients: Sequence[int], quick: bool) -> list[list[Benchmark]]:
    """A group for each kind of writers; they are always eight."""

    def benchmark(name: str, writers: Callable[[str, Cluster, str, int], Work], other: str) -> Benchmark:
        return Benchmark(
            name=name + (f"_{other}" if other else ""),
            sentence=f"eight writers of one row each, audited and sealed as by the timer, against {OTHERS[other]}",
            unit="transactions",
            units=lambda quick: 4_000 if quick else 40_000,
            subject=partial(writers, "audited"),
            baseline=partial(writers, other),
            floor=0 if other else 0.4,
            clients=WRITERS,
        )

    kinds = {"audit_writers": _processes, "audit_writers_pgbench": _pgbench}
    return [[benchmark(name, writers, other) for other in OTHERS] for name, writers in kinds.items()]
