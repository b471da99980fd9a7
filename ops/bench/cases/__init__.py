"""All benchmarks, by name; a new one is a module here and a line below."""

from collections.abc import Callable, Sequence

from ops.bench.cases.audit import audits
from ops.bench.cases.backup import BACKUP, MANIFEST
from ops.bench.cases.flow import flow
from ops.bench.cases.guards import guards
from ops.bench.cases.history import AUDIT_HISTORY
from ops.bench.cases.import_quotes import IMPORT_QUOTES
from ops.bench.cases.keys import KEYS
from ops.bench.cases.ledger import LEDGER
from ops.bench.cases.migrate import MIGRATE
from ops.bench.cases.seals import SEALING, VERIFY_AUDIT
from ops.bench.cases.writers import audit_writers
from ops.bench.measure import Benchmark

#: Of benchmarks in which several clients work at once.
CLIENTS, QUICK_CLIENTS = 4, 2

#: From the numbers of clients, and whether it is a quick run, to groups of benchmarks that share their subject.
Groups = Callable[[Sequence[int], bool], list[list[Benchmark]]]


def alone(benchmark: Benchmark) -> Groups:
    """A benchmark with one client."""
    return lambda clients, quick: [[benchmark]]


BENCHMARKS: dict[str, Groups] = {
    **{
        each.name: alone(each)
        for each in (
            AUDIT_HISTORY,
            BACKUP,
            IMPORT_QUOTES,
            KEYS,
            LEDGER,
            MANIFEST,
            MIGRATE,
            SEALING,
            VERIFY_AUDIT,
        )
    },
    "audit": audits,
    "audit_writers": audit_writers,
    "flow": flow,
    "guards": guards,
}
#: What a quick run measures unless it is told which.
QUICK = ("backup", "import_quotes", "keys", "ledger", "migrate", "verify_audit", "flow")
