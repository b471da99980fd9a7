"""What keys of version 7 cost against random ones."""

from collections.abc import Callable

from ops.bench.cluster import Cluster
from ops.bench.measure import Benchmark


def _insert(key: str) -> Callable[[Cluster, str, int], Callable[[], object]]:
    def prepare(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
        connection = cluster.connect(database)
        connection.execute("CREATE TABLE bench_keys (id uuid PRIMARY KEY, n integer)")

        def work() -> None:
            with connection:
                connection.execute(f"INSERT INTO bench_keys SELECT {key}, n FROM generate_series(1, {units}) n")

        return work

    return prepare


KEYS = Benchmark(
    name="keys",
    sentence="INSERT with uuidv7() against INSERT with gen_random_uuid()",
    unit="rows",
    units=lambda quick: 50_000 if quick else 1_000_000,
    subject=_insert("uuidv7()"),
    baseline=_insert("gen_random_uuid()"),
    floor=0.2,
)
