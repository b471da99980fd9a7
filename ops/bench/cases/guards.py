"""What each guard costs alone: the services with everything against the services without this one."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

from ops.bench import flow
from ops.bench.cases.flow import events, left, prepared
from ops.bench.flow import services
from ops.bench.flow.unguarded import CHAINS, TABLES, drop_constraints
from ops.bench.measure import Benchmark

Change = Callable[[psycopg.Connection], None]


def _without_triggers(connection: psycopg.Connection, name: str) -> None:
    """Drop the triggers of the flow's tables whose name matches."""
    triggers = connection.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
        " WHERE tgrelid = ANY (%s::regclass[]) AND NOT tgisinternal AND tgname ~ %s",
        [list(TABLES), name],
    )
    for table, trigger in triggers.fetchall():
        connection.execute(sql.SQL("DROP TRIGGER {} ON {}").format(sql.Identifier(trigger), sql.Identifier(table)))


def _with_function_of(connection: psycopg.Connection, file: str) -> None:
    """Replace a function by one that writes the same and checks nothing."""
    connection.execute((Path(flow.__file__).parent / "sql" / file).read_text())


#: By name: what is left out, and how. Names of triggers and constraints are regular expressions.
GUARDS: dict[str, tuple[str, Change]] = {
    "checks": ("CHECK constraints", partial(drop_constraints, kinds="c")),
    "keys": (
        "foreign keys that are no chains",
        partial(drop_constraints, kinds="f", name="(?<!_(chain|head|transition))_fk"),
    ),
    "chains": ("the keys of chains, heads and transitions", partial(drop_constraints, kinds="f", name=CHAINS)),
    "order_guard": ("what guard_order() looks at", partial(_with_function_of, file="without_order_guard.sql")),
    "order_events": ("what record_order_event() looks at", partial(_with_function_of, file="without_event_rules.sql")),
    "ledger": ("what post_entries() looks at", partial(_with_function_of, file="without_ledger_rules.sql")),
    "journals": ("the triggers of journals", partial(_without_triggers, name="^journals_")),
    "audit": ("the triggers that log changes", partial(_without_triggers, name="_audit_(insert|update|delete)$")),
    "touch": ("the triggers that keep updated_at", partial(_without_triggers, name="_touch$")),
    "append_only": ("the triggers that refuse changes", partial(_without_triggers, name="_append_only")),
}


def guards(clients: Sequence[int], quick: bool) -> list[list[Benchmark]]:
    """A group for each number of clients. 1 minus a share is what the guard costs of the flow without it."""
    return [
        [
            Benchmark(
                name=f"guards_{name}",
                sentence=f"the services against the services without {what}",
                unit="events",
                units=partial(events, number),
                subject=prepared(services.play, number),
                baseline=prepared(services.play, number, change),
                floor=0,
                clients=number,
                left=left,
            )
            for name, (what, change) in GUARDS.items()
        ]
        for number in clients
    ]
