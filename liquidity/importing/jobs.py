"""From names on a command line to jobs: what is read, as which format, into which table."""

import difflib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from config.commands import Failed
from liquidity.importing import formats, loader
from liquidity.importing.loader import Target
from liquidity.importing.rows import LeftOut, Rows
from liquidity.importing.simulation import simulated
from liquidity.importing.sources import SourceFile
from liquidity.models import LiquidityProvider
from liquidity.partitions import LP_QUOTES
from trading.models import Instrument
from trading.partitions import PARTITIONED as TRADING_PARTITIONED

INSTRUMENT_MARKS = next(each for each in TRADING_PARTITIONED if each.table == "instrument_marks")
FILE_FORMATS = {"ticks": formats.ticks, "histdata": formats.histdata, "marks": formats.marks}


@dataclass
class Job:
    """One file, or one pair of files, that is loaded wholly or not at all."""

    sources: list[SourceFile]
    rows: Callable[[], Rows]
    target: Target
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def name(self) -> str:
        return " + ".join(str(source.path) for source in self.sources) or "simulation"

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(source.size for source in self.sources)

    def run(self, *, max_partitions: int, dry_run: bool) -> dict[str, Any]:
        """Check all rows and, unless it is a dry run, store them; return what was read and done."""
        started = time.perf_counter()
        checked = loader.check(self.rows())
        try:
            if not checked.count:
                raise Failed(f"{self.name} holds no rows to load.")
            loaded = None if dry_run else loader.load(checked, self.target, max_partitions=max_partitions)
        finally:
            checked.close()
        seconds = time.perf_counter() - started
        return {
            "source": self.name,
            "rows_read": checked.count,
            "rows_added": loaded.added if loaded else 0,
            "rows_already_there": loaded.already_there if loaded else 0,
            "crossed_left_out": self.left_out.crossed,
            "unpaired_left_out": self.left_out.unpaired,
            "partitions_created": loaded.partitions if loaded else 0,
            "first": checked.first,
            "last": checked.last,
            "seconds": round(Decimal(seconds), 3),
            "rows_per_second": round(checked.count / seconds),
        }


def quotes_of(provider: str, symbol: str) -> Target:
    """Quotes of a provider for an instrument; raises `Failed` for an unknown name."""
    return Target(
        partitioning=LP_QUOTES,
        moment="quoted_at",
        values=("bid", "ask"),
        source={
            "provider_id": _named(LiquidityProvider, "name", provider).pk,
            "instrument_id": instrument(symbol).pk,
        },
        empty_columns=("bid_size", "ask_size"),
    )


def marks_of(symbol: str) -> Target:
    """Marks of an instrument; raises `Failed` for an unknown symbol."""
    return Target(
        partitioning=INSTRUMENT_MARKS,
        moment="marked_at",
        values=("mid",),
        source={"instrument_id": instrument(symbol).pk},
        facts={"source": "import"},
    )


def instrument(symbol: str) -> Instrument:
    """The instrument of this symbol; raises `Failed` with the nearest symbols if there is none."""
    return _named(Instrument, "symbol", symbol)


def file_jobs(format_name: str, paths: Iterable[Path], target: Target) -> list[Job]:
    """A job per file; a file that cannot be read is refused before the first one is loaded."""
    parse = FILE_FORMATS[format_name]
    sources = [SourceFile(path) for path in paths]
    return [Job([source], partial(parse, source), target) for source in sources]


def bars_job(bid: Path, ask: Path, target: Target, *, skip_unpaired: bool) -> Job:
    """One job for the two sides."""
    bids, asks, left_out = SourceFile(bid), SourceFile(ask), LeftOut()

    def rows() -> Rows:
        return formats.bars(bids, asks, left_out, skip_unpaired=skip_unpaired)

    return Job([bids, asks], rows, target, left_out)


def simulation_job(symbol: str, target: Target, *, count: int, seed: int, start: datetime) -> Job:
    """A job without a file."""
    tick_size = instrument(symbol).tick_size

    def rows() -> Rows:
        return simulated(symbol=symbol, tick_size=tick_size, count=count, seed=seed, start=start)

    return Job([], rows, target)


def _named(model: Any, column: str, name: str) -> Any:
    found = model.objects.filter(**{column: name}).first()
    if found is None:
        known = sorted(model.objects.values_list(column, flat=True))
        folded = {each.casefold(): each for each in known}
        near = [folded[each] for each in difflib.get_close_matches(name.casefold(), folded, n=3)]
        if near:
            suggestion = f"did you mean {' or '.join(near)}?"
        else:
            suggestion = f"known are {', '.join(known[:20])}." if known else "there is none yet: run seed_test_data."
        raise Failed(f"There is no {model._meta.verbose_name} {name!r}; {suggestion}")
    return found
