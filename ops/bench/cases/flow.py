"""What the flow of business events costs with everything that guards it, against five other ways to the same rows."""

from collections.abc import Callable, Sequence
from functools import partial

import psycopg

from ops.bench.clients import Client, start
from ops.bench.cluster import Cluster
from ops.bench.flow import orm, pgbench, services, unguarded
from ops.bench.flow.lives import EVENTS_PER_LIFE, WARM_UP, Life, Trader, lives, open_accounts
from ops.bench.flow.rows import rows
from ops.bench.measure import Benchmark

#: Lives of all clients together. With 1,200 the first use of new files is a tenth of the services' time, or more.
LIVES, QUICK_LIVES = 3_600, 80

Prepare = Callable[[Cluster, str, int], Callable[[], object]]


def prepared(
    play: Callable[[Life], object],
    clients: int,
    change: Callable[[psycopg.Connection], None] | None = None,
) -> Prepare:
    """Clients that `play` on a database that the owner has changed before."""

    def prepare(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
        traders = open_accounts(clients)
        if change:
            with cluster.connect(database) as connection:
                change(connection)
        count = units // EVENTS_PER_LIFE // clients
        return start([_client(trader, play, count) for trader in traders])

    return prepare


def _client(trader: Trader, play: Callable[[Life], object], count: int) -> Client:
    def part(first: int, count: int) -> None:
        for life in lives(trader, first, count):
            play(life)

    return Client(warm_up=partial(part, 0, WARM_UP), work=partial(part, WARM_UP, count))


def _by_pgbench(
    play: Callable[[Cluster, str, int, int], Callable[[], None]],
    clients: int,
    change: Callable[[psycopg.Connection], None] | None = None,
) -> Prepare:
    def prepare(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
        open_accounts(clients)
        if change:
            with cluster.connect(database) as connection:
                change(connection)
        return play(cluster, database, clients, units // EVENTS_PER_LIFE // clients)

    return prepare


def events(clients: int, quick: bool) -> int:
    """About so many business events that each client plays the same even number of lives."""
    return EVENTS_PER_LIFE * clients * ((QUICK_LIVES if quick else LIVES) // clients // 2 * 2)


def left(cluster: Cluster, database: str) -> object:
    with cluster.connect(database) as connection:
        return rows(connection)


def flow(clients: Sequence[int], quick: bool) -> list[list[Benchmark]]:
    """A group for each number of clients; a quick run has only the two baselines whose floors say most."""
    return [_group(number, quick) for number in clients]


def _group(clients: int, quick: bool) -> list[Benchmark]:
    benchmark = partial(
        Benchmark,
        unit="events",
        units=partial(events, clients),
        subject=prepared(services.play, clients),
        clients=clients,
        left=left,
    )
    unguarded_flow = benchmark(
        name="flow_unguarded",
        sentence="submit, acknowledge, fill by the services against the same without triggers, chains and audit",
        baseline=prepared(unguarded.play, clients, unguarded.without_chains),
        floor=0.3,
    )
    orm_flow = benchmark(
        name="flow_orm",
        sentence="the services against naive ORM calls, which write by hand what triggers and chains write and tie",
        baseline=prepared(orm.play, clients, unguarded.by_hand),
        floor=2,
    )
    if quick:
        return [unguarded_flow, orm_flow]
    return [
        unguarded_flow,
        benchmark(
            name="flow_stripped",
            sentence="the services against the same on tables that have neither CHECKs nor foreign keys either",
            baseline=prepared(unguarded.play, clients, unguarded.without_anything),
            floor=0.2,
        ),
        orm_flow,
        benchmark(
            name="flow_pgbench",
            sentence="the services against pgbench with the very same statements",
            baseline=_by_pgbench(pgbench.services, clients),
            floor=0.3,
        ),
        benchmark(
            name="flow_rows",
            sentence="the services against INSERTs and UPDATEs of the same rows by pgbench, on tables without any rule",
            baseline=_by_pgbench(pgbench.rows, clients, unguarded.without_anything),
            floor=0.1,
        ),
    ]
