"""What audit and seals together cost many writers of single rows, by pgbench, against a table without either."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from audit.sealing.sealer import seal
from config.commands import Failed
from config.database.owner import connected_as_owner
from config.database.roles import BACKEND_LOGIN
from ops.bench.cases.audit import COLUMNS, FILL, USER, table_with
from ops.bench.cases.seals import WRITERS, seal_while
from ops.bench.cluster import Cluster
from ops.bench.measure import Benchmark

ROWS = 10_000
KEYS = """
    CREATE TABLE bench_keys AS SELECT row_number() OVER ()::int AS n, id FROM bench_orders;
    ALTER TABLE bench_keys ADD PRIMARY KEY (n);
    GRANT SELECT ON bench_keys TO trading_app;
    VACUUM ANALYZE
"""
#: The context travels with the first statement, as Django's does.
CONTEXT = f"""SELECT set_config('audit.context', '{{"user":"{USER}"}}', true)\\;"""


def _script(way: str) -> str:
    update = f"{FILL} WHERE id = (SELECT id FROM bench_keys WHERE n = :n)"
    return f"\\set n random(1, {ROWS})\nBEGIN;\n{CONTEXT if way else ''}{update};\nCOMMIT;\n"


def _writers(way: str, cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    application = table_with(cluster, database, way)
    application.execute(f"INSERT INTO bench_orders ({COLUMNS}) SELECT {COLUMNS} FROM bench_rows LIMIT {ROWS}")
    with cluster.connect(database) as owner:
        for statement in KEYS.split(";"):
            owner.execute(statement)
    url = cluster.server.url(user=BACKEND_LOGIN, database=database)
    command = [str(cluster.server.bin_dir / "pgbench"), "--no-vacuum", f"--client={WRITERS}", "--jobs=2"]

    def work() -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(_script(way))
            script.flush()
            arguments = [f"--file={script.name}", f"--transactions={units // WRITERS}", url]
            with _ending_well([*command, *arguments]) as pgbench:
                if way:
                    seal_while(lambda: pgbench.poll() is None)

    if way:
        with connected_as_owner():
            seal()
    return work


@contextmanager
def _ending_well(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as pgbench:
        yield pgbench
        _, errors = pgbench.communicate()
        if pgbench.returncode or "aborted" in errors:
            raise Failed(f"pgbench has failed: {errors.strip()}")


AUDIT_WRITERS = Benchmark(
    name="audit_writers",
    sentence="eight writers of one row each, audited and sealed in the timer's interval, against a table without",
    unit="transactions",
    units=lambda quick: 4_000 if quick else 40_000,
    subject=partial(_writers, "audited"),
    baseline=partial(_writers, ""),
    floor=0.4,
    clients=WRITERS,
)
