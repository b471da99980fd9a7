"""All benchmarks, by name; a new one is a module here and a line below."""

from ops.bench.cases.import_quotes import IMPORT_QUOTES
from ops.bench.cases.keys import KEYS
from ops.bench.cases.ledger import LEDGER
from ops.bench.cases.migrate import MIGRATE
from ops.bench.measure import Benchmark

BENCHMARKS: dict[str, Benchmark] = {each.name: each for each in (IMPORT_QUOTES, KEYS, LEDGER, MIGRATE)}
