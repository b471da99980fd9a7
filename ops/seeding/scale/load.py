"""Loads a simulated history of 90 days: rows are made in one thread and copied by another."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from django.db import ProgrammingError, connection, transaction
from psycopg.errors import InsufficientPrivilege

from accounts.choices import AccountType
from accounts.models import Account
from config.commands import EnvironmentFailed, Failed
from config.database.owner import connected_as_owner
from config.database.partitions import ensure_partitions
from liquidity.models import SorRule
from liquidity.partitions import PARTITIONED as LIQUIDITY_PARTITIONS
from ops.seeding.additions import Additions
from ops.seeding.books import HOUSE_ACCOUNTS
from ops.seeding.lock import hold_seed_lock
from ops.seeding.scale.books import Books, Chain
from ops.seeding.scale.clients import ARRIVALS, NUMBER_FORMAT, PER_SCALE, Client, make_clients, open_houses
from ops.seeding.scale.market import Markets
from ops.seeding.scale.prices import QUOTE_DAYS, marks, quotes
from ops.seeding.scale.tables import (
    ACCOUNTS,
    CLIENT_TABLES,
    INSTRUMENT_MARKS,
    LOADED_PAST_TRIGGERS,
    LP_QUOTES,
    ORDERS,
    TRADING_TABLES,
    Table,
)
from ops.seeding.scale.trading import Simulation
from ops.seeding.scale.triggers import triggers_off
from ops.seeding.scale.wire import Keys, micros_of
from ops.seeding.tables import data_tables
from trading.partitions import PARTITIONED as TRADING_PARTITIONS

HISTORY = timedelta(days=90)
ORDERS_PER_SCALE = 100_000
#: Orders whose rows are in memory at once: some ten megabytes of text.
BATCH_ORDERS = 5_000
CLIENT_CHUNK = 5_000

Lines = dict[Table, list[str]]
Item = TypeVar("Item")


def refuse_second_load() -> None:
    """Raise `Failed` where a simulated history has been loaded."""
    if Account.all_objects.filter(account_number=NUMBER_FORMAT.format(1)).exists():
        raise Failed("A simulated history is loaded already: empty the database first with --reset.")


def load(
    *, scale: float, seed: int, until: datetime | None = None, advance: Callable[[float], None] = lambda share: None
) -> Additions:
    """Load the history of the 90 days before `until` (now), some 100,000 orders times `scale`; return rows per table.

    The same scale, seed and end give the same history. One transaction, but for the partitions it needs, which are
    made before. `advance` is told the share of the whole (0 to 1) that each step was.

    It stands on what `seed_small_broker` has written, and runs as the owner of the tables, past the triggers that would
    write what is loaded as well. Keys and CHECKs hold for every row, and others wait until it is done.

    Raises `Failed` where a history is loaded already or the small broker is not complete, `Locked` while another run
    seeds this database, `EnvironmentFailed` without the owner's rights.
    """
    until = (until or datetime.now(UTC)).replace(microsecond=0)
    added = Additions()
    try:
        with connected_as_owner():
            _ensure_partitions(until)
            with transaction.atomic():
                hold_seed_lock()
                refuse_second_load()
                with triggers_off(table.name for table in LOADED_PAST_TRIGGERS):
                    _without_limits()
                    _load(added, scale=scale, seed=seed, until=until, advance=advance)
            _analyze()
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            raise EnvironmentFailed(
                "Only the owner of the tables may load a history: let MIGRATE_DATABASE_URL log in as that role."
            ) from error
        raise
    return added


def _without_limits() -> None:
    """A load takes as long as it takes.

    Foreign keys are checked by statement, so that no list of rows that are still to be checked grows in the server's
    memory: but for the heads of chains, whose events come after them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS orders_head_fk, positions_head_fk DEFERRED")


def _ensure_partitions(until: datetime) -> None:
    for partitioning in [*TRADING_PARTITIONS, *LIQUIDITY_PARTITIONS]:
        history = timedelta(days=QUOTE_DAYS) if partitioning.table == LP_QUOTES.name else HISTORY
        ensure_partitions(partitioning, until - history, until)


def _load(added: Additions, *, scale: float, seed: int, until: datetime, advance: Callable[[float], None]) -> None:
    start, end = micros_of(until - HISTORY), micros_of(until)
    random = Random(seed)  # noqa: S311 - a simulation must be repeatable
    keys = Keys(random)
    books = Books(keys)
    # Whoever stands for the house in the small broker.
    admin = Account.all_objects.get(account_number=HOUSE_ACCOUNTS["USD", AccountType.LIVE]).user_id.hex
    opening: Lines = defaultdict(list)
    # Before the first client comes.
    houses = open_houses(opening, owner=admin, keys=keys, micros=start - ARRIVALS)
    _copy(added, [ACCOUNTS], opening)
    markets = Markets(start=start, end=end, random=random)
    clients: list[Client] = []
    arrivals = make_clients(
        max(5, round(PER_SCALE * scale)),
        markets=markets,
        houses=houses,
        books=books,
        keys=keys,
        random=random,
        start=start,
        granted_by=admin,
        chunk=CLIENT_CHUNK,
    )
    for newcomers, lines in _ahead(arrivals):
        clients += newcomers
        _copy(added, CLIENT_TABLES, lines)
    advance(0.02)
    simulation = Simulation(
        clients=clients,
        markets=markets,
        books=books,
        keys=keys,
        random=random,
        start=start,
        end=end,
        rules={rule.rule_name: rule.pk.hex for rule in SorRule.objects.all()},
    )
    orders = ORDERS_PER_SCALE * scale
    for lines in _ahead(simulation.batches(round(orders), size=BATCH_ORDERS)):
        _copy(added, TRADING_TABLES, lines)
        _check_heads()
        advance(0.85 * len(lines.get(ORDERS, ())) / orders)
    _close_books(clients, houses.values())
    for lines in _ahead(marks(markets, scale=scale, start=start, end=end)):
        _copy(added, [INSTRUMENT_MARKS], lines)
    for lines in _ahead(quotes(markets, scale=scale, end=end, random=random)):
        _copy(added, [LP_QUOTES], lines)
    advance(0.13)


def _ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The items, the next of which is made in a thread while the caller, and the server, are busy with the last."""
    with ThreadPoolExecutor(max_workers=1) as worker:
        upcoming = worker.submit(next, items, None)
        while (item := upcoming.result()) is not None:
            upcoming = worker.submit(next, items, None)
            yield item


def _copy(added: Additions, tables: list[Table], lines: Lines) -> None:
    for table in tables:
        if rows := lines.get(table):
            with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(table.copy) as copy:
                copy.write("".join(rows))
            added[table.name] += len(rows)


def _check_heads() -> None:
    """Now, before the list of heads to be checked grows; those of the next batch are deferred again.

    Heads of positions wait until the end: a position's events lie in later batches.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS orders_head_fk IMMEDIATE; SET CONSTRAINTS orders_head_fk DEFERRED")


def _close_books(clients: list[Client], houses: Iterable[Chain]) -> None:
    """Write the heads of all chains, and the valuation of the clients' accounts."""
    heads = [
        (
            client.chain.id,
            client.chain.balance,
            client.chain.seq,
            client.unrealized,
            client.margin_used,
            client.realized,
        )
        for client in clients
    ]
    heads += [(house.id, house.balance, house.seq, 0, 0, 0) for house in houses]
    for first in range(0, len(heads), CLIENT_CHUNK):
        with connection.cursor() as cursor:
            cursor.execute(_CLOSE, [list(column) for column in zip(*heads[first : first + CLIENT_CHUNK], strict=True)])


_CLOSE = """
    UPDATE accounts
       SET balance = cents / 100.0,
           last_seq = seq,
           equity = (cents + unrealized) / 100.0,
           unrealized_pnl = unrealized / 100.0,
           realized_pnl = realized / 100.0,
           margin_used = margin / 100.0,
           margin_available = (cents + unrealized - margin) / 100.0,
           margin_level = (cents + unrealized) * 100.0 / nullif(margin, 0)
      FROM unnest(%s::uuid[], %s::numeric[], %s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[])
        AS head (account_id, cents, seq, unrealized, margin, realized)
     WHERE accounts.id = head.account_id
"""


def _analyze() -> None:
    """Statistics of the new rows."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(data_tables())}")
