"""What the guarded ledger costs: post_journal against a bare INSERT of the same rows."""

import json
from collections.abc import Callable

from ops.bench.cluster import Cluster
from ops.bench.measure import Benchmark

#: Three legs on the seeded accounts, in one currency.
LEGS = {"LIVE-100001": "-2", "MARGIN-300001": "1", "HOUSE-USD": "1"}
UNGUARDED = (
    "ALTER TABLE journals DISABLE TRIGGER USER",
    "ALTER TABLE account_transactions DISABLE TRIGGER USER",
    "ALTER TABLE accounts DISABLE TRIGGER USER",
    "ALTER TABLE accounts DROP CONSTRAINT accounts_head_fk",
    "ALTER TABLE account_transactions DROP CONSTRAINT account_transactions_chain_fk",
)


def _guarded(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    connection = cluster.connect(database)
    rows = connection.execute("SELECT account_number, id::text FROM accounts").fetchall()
    ids = {str(number): str(key) for number, key in rows}
    legs = json.dumps([{"account": ids[name], "type": "correction", "amount": amount} for name, amount in LEGS.items()])

    def work() -> None:
        with connection:
            for number in range(units):
                connection.execute("SELECT post_journal('correction', %s, %s)", [f"bench:{number}", legs], prepare=True)

    return work


def _bare(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    """The same rows of the same tables in one statement, without triggers, chain and head."""
    connection = cluster.connect(database)
    for statement in UNGUARDED:
        connection.execute(statement)
    names, amounts = list(LEGS), [float(amount) for amount in LEGS.values()]
    statement = (
        "WITH legs AS (SELECT id, currency, balance, last_seq, amount FROM unnest(%s::text[], %s::numeric[])"
        " AS leg (name, amount) JOIN accounts ON account_number = name),"
        " journal AS (INSERT INTO journals (kind, idempotency_key) VALUES ('correction', %s) RETURNING id),"
        " entries AS (INSERT INTO account_transactions"
        " (journal_id, account_id, currency, seq, transaction_type, amount, balance_before, balance_after)"
        " SELECT journal.id, legs.id, currency, last_seq + 1, 'correction', amount,"
        " balance, balance + amount FROM legs, journal)"
        " UPDATE accounts SET balance = accounts.balance + amount, last_seq = accounts.last_seq + 1"
        " FROM legs WHERE legs.id = accounts.id"
    )

    def work() -> None:
        with connection:
            for number in range(units):
                connection.execute(statement, [names, amounts, f"bench:{number}"], prepare=True)

    return work


LEDGER = Benchmark(
    name="ledger",
    sentence="post_journal of three legs against a bare INSERT of the same rows, without chain and triggers",
    unit="journals",
    units=lambda quick: 500 if quick else 10_000,
    subject=_guarded,
    baseline=_bare,
    floor=0.1,
)
