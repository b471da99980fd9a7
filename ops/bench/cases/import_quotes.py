"""What import_quotes costs against a bare COPY of the same rows."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from config.database.partitions import ensure_partitions
from liquidity.importing.simulation import simulated
from liquidity.models import LiquidityProvider
from liquidity.partitions import LP_QUOTES
from ops.bench.cluster import Cluster
from ops.bench.measure import Benchmark
from trading.models import Instrument

START = datetime(2024, 1, 2, tzinfo=UTC)
PROVIDER, SYMBOL = "OANDA", "EURUSD"


def _lines(units: int) -> str:
    rows = simulated(symbol=SYMBOL, tick_size=Decimal("0.00001"), count=units, seed=1, start=START)
    return "".join(batch.text for batch in rows)


def _command(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    folder = tempfile.TemporaryDirectory(prefix="trading-bench-")
    path = Path(folder.name) / "ticks.csv"
    path.write_text("timestamp,bid,ask\n" + _lines(units).replace("\t", ","))

    def work() -> None:
        options = {"provider": PROVIDER, "instrument": SYMBOL, "format": "ticks", "stdout": StringIO()}
        call_command("import_quotes", str(path), **options)
        folder.cleanup()

    return work


def _bare_copy(cluster: Cluster, database: str, units: int) -> Callable[[], object]:
    """Into the same table with its indexes and partitions, but without its triggers; nothing is checked."""
    text = _lines(units)
    last = datetime.fromisoformat(text.rstrip("\n").rpartition("\n")[2].split("\t")[0])
    ensure_partitions(LP_QUOTES, START, last.replace(tzinfo=last.tzinfo or UTC))
    provider = LiquidityProvider.objects.get(name=PROVIDER).pk
    instrument = Instrument.objects.get(symbol=SYMBOL).pk
    data = text.replace("\n", f"\t{provider}\t{instrument}\n").encode()
    connection = cluster.connect(database)
    connection.execute("ALTER TABLE lp_quotes DISABLE TRIGGER USER")

    def work() -> None:
        statement = "COPY lp_quotes (quoted_at, bid, ask, provider_id, instrument_id) FROM STDIN"
        with connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(data)

    return work


IMPORT_QUOTES = Benchmark(
    name="import_quotes",
    sentence="import_quotes of a tick file against a bare COPY of its rows, without triggers and checks",
    unit="rows",
    units=lambda quick: 50_000 if quick else 1_000_000,
    subject=_command,
    baseline=_bare_copy,
    floor=0.15,
)
