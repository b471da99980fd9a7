"""The formats: one small parser each, from the blocks of a file to batches of rows; a wrong line is refused.

A block is read by one regular expression that fits whole lines only, so that PostgreSQL reads exactly what was
checked here. Only a block in which something is wrong is gone through line by line, to say which and why.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from operator import ge
from typing import NamedTuple, NoReturn

from liquidity.importing.rows import Batch, LeftOut, Rows
from liquidity.importing.sources import SourceFile

TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
ZONE = r"Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9]"
PRICE = r"[0-9]{1,16}(?:\.[0-9]{1,8})?"
VOLUME = r"[0-9]+(?:\.[0-9]+)?"

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
#: A clock may be wrong by a day; what is later is a mistake, and would sit in the catch-all partition.
FUTURE = timedelta(days=1)
#: A bid and an ask bar close with their last quotes, which need not be of the same moment, so a few pairs are
#: crossed in honest files. More than this share are a mistake: most often the two files are swapped.
CROSSED_SHARE = Decimal("0.05")
PAIRS_AT_ONCE = 10_000

Fields = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """How a line looks: `line` finds its fields, the last of which are the `prices`."""

    columns: tuple[str, ...]
    has_header: bool
    line: re.Pattern[str]
    moments: Callable[[list[Fields]], list[datetime]]
    prices: tuple[str, ...]
    time: re.Pattern[str]
    time_example: str
    #: Each line is later than the one before it.
    rising: bool = False


def _iso_moments(rows: list[Fields]) -> list[datetime]:
    """A time without a zone is UTC."""
    moments = [datetime.fromisoformat(f"{row[0]}{row[1] or 'Z'}") for row in rows]
    if all(moment.tzinfo is UTC for moment in moments):
        return moments
    return [moment.astimezone(UTC) for moment in moments]


def _est_moments(rows: list[Fields]) -> list[datetime]:
    """Fixed Eastern Standard Time: five hours behind UTC, in summer too."""
    behind = timedelta(hours=5)
    return [datetime.fromisoformat(f"{row[0]}T{row[1]}.{row[2]}Z") + behind for row in rows]


ISO_TIME = re.compile(f"(?:{TIME})(?:{ZONE})?")
TICKS = Layout(
    columns=("timestamp,bid,ask",),
    has_header=True,
    line=re.compile(rf"^({TIME})({ZONE})?,({PRICE}),({PRICE})\n", re.MULTILINE),
    moments=_iso_moments,
    prices=("bid", "ask"),
    time=ISO_TIME,
    time_example="2013-01-31 17:00:00.123+00:00",
)
BARS = Layout(
    columns=("timestamp,open,high,low,close", "timestamp,open,high,low,close,volume"),
    has_header=True,
    line=re.compile(rf"^({TIME})({ZONE})?,{PRICE},{PRICE},{PRICE},({PRICE})(?:,{VOLUME})?\n", re.MULTILINE),
    moments=_iso_moments,
    prices=("close",),
    time=ISO_TIME,
    time_example="2013-01-31 17:00:00+00:00",
    rising=True,
)
HISTDATA = Layout(
    columns=("timestamp,bid,ask,volume",),
    has_header=False,
    line=re.compile(rf"^([0-9]{{8}}) ([0-9]{{6}})([0-9]{{3}}),({PRICE}),({PRICE}),{VOLUME}\n", re.MULTILINE),
    moments=_est_moments,
    prices=("bid", "ask"),
    time=re.compile("[0-9]{8} [0-9]{9}"),
    time_example="20130131 170000123",
)


def ticks(source: SourceFile) -> Rows:
    """`timestamp,bid,ask`: the top of book at each change."""
    for block in _checked(source, TICKS):
        yield Batch(block.moments, block.text.replace(",", "\t"))


def histdata(source: SourceFile) -> Rows:
    """`YYYYMMDD HHMMSSmmm,bid,ask,volume` without a header, in fixed EST."""
    for block in _checked(source, HISTDATA):
        lines = [f"{day}T{clock}.{milli}-05\t{bid}\t{ask}\n" for day, clock, milli, bid, ask in block.rows]
        yield Batch(block.moments, "".join(lines))


def marks(source: SourceFile) -> Rows:
    """Bars of one side; the close is the mark."""
    for block in _checked(source, BARS):
        yield Batch(block.moments, "".join([f"{time}{zone}\t{close}\n" for time, zone, close in block.rows]))


def bars(bid_source: SourceFile, ask_source: SourceFile, left_out: LeftOut, *, skip_unpaired: bool = False) -> Rows:
    """One-minute bars of both sides, joined on the timestamp; the close is the quote.

    Crossed pairs are left out while they are few (see CROSSED_SHARE). A bar without its other side is refused, or,
    with `skip_unpaired`, left out.
    """
    moments: list[datetime] = []
    lines: list[str] = []
    pairs, first_crossed = 0, None
    for moment, time, bid, ask, line in _pairs(bid_source, ask_source, left_out, skip_unpaired=skip_unpaired):
        pairs += 1
        if _crossed(bid, ask):
            left_out.crossed += 1
            first_crossed = first_crossed or (line, bid, ask)
            continue
        moments.append(moment)
        lines.append(f"{time}\t{bid}\t{ask}\n")
        if len(lines) == PAIRS_AT_ONCE:
            yield Batch(moments, "".join(lines))
            moments, lines = [], []
    if first_crossed and left_out.crossed > pairs * CROSSED_SHARE:
        line, bid, ask = first_crossed
        bid_source.refuse(
            line,
            f"the bid {bid} is above the ask {ask}, as in {left_out.crossed} of {pairs} bars:"
            " are --bid and --ask swapped?",
        )
    if lines:
        yield Batch(moments, "".join(lines))


def _bars(source: SourceFile) -> Iterator[tuple[datetime, Fields, int]]:
    """Each bar's moment, fields and line number."""
    for block in _checked(source, BARS):
        yield from zip(block.moments, block.rows, count(block.number), strict=False)


def _pairs(
    bid_source: SourceFile, ask_source: SourceFile, left_out: LeftOut, *, skip_unpaired: bool
) -> Iterator[tuple[datetime, str, str, str, int]]:
    """The bars that both files have: moment, its text, bid, ask, line. Both rise in time: one look ahead is enough."""

    def alone(source: SourceFile, bar: tuple[datetime, Fields, int], other: SourceFile) -> None:
        if not skip_unpaired:
            source.refuse(bar[2], f"{other.path} has no bar of {bar[0]}; --skip-unpaired leaves such bars out")
        left_out.unpaired += 1

    bids, asks = _bars(bid_source), _bars(ask_source)
    bid, ask = next(bids, None), next(asks, None)
    while bid and ask:
        if bid[0] == ask[0]:
            moment, (time, zone, bid_close), line = bid
            yield moment, time + zone, bid_close, ask[1][2], line
            bid, ask = next(bids, None), next(asks, None)
        elif bid[0] < ask[0]:
            alone(bid_source, bid, ask_source)
            bid = next(bids, None)
        else:
            alone(ask_source, ask, bid_source)
            ask = next(asks, None)
    while bid:
        alone(bid_source, bid, ask_source)
        bid = next(bids, None)
    while ask:
        alone(ask_source, ask, bid_source)
        ask = next(asks, None)


class _Block(NamedTuple):
    """Lines that are right: the number of the first one, the text, its fields and moments."""

    number: int
    text: str
    rows: list[Fields]
    moments: list[datetime]


def _checked(source: SourceFile, layout: Layout) -> Iterator[_Block]:
    latest = datetime.now(UTC) + FUTURE
    previous = EARLIEST - FUTURE
    for number, text in source.blocks(layout.columns if layout.has_header else ()):
        rows = layout.line.findall(text)
        try:
            moments = layout.moments(rows)
        except (ValueError, OverflowError):
            moments = []
        if len(moments) != text.count("\n") or not _plainly_right(rows, moments, layout, previous, latest):
            _look_closely(source, number, text, layout, previous, latest)
        previous = moments[-1]
        yield _Block(number, text, rows, moments)


def _plainly_right(
    rows: list[Fields], moments: list[datetime], layout: Layout, previous: datetime, latest: datetime
) -> bool:
    """Whether all is right for sure; as floats, for speed, so that a bid equal to its ask is looked at closely."""
    columns = list(zip(*rows, strict=True))[-len(layout.prices) :]
    prices = [list(map(float, column)) for column in columns]
    return (
        min(moments) >= EARLIEST
        and max(moments) <= latest
        and all(min(column) > 0 for column in prices)
        and not (len(prices) == 2 and any(map(ge, *prices)))
        and not (layout.rising and any(map(ge, [previous, *moments], moments)))
    )


def _look_closely(
    source: SourceFile, number: int, text: str, layout: Layout, previous: datetime, latest: datetime
) -> None:
    """Refuse the first wrong line, if there is one."""
    for line_number, line in enumerate(text.split("\n")[:-1], start=number):
        found = layout.line.fullmatch(f"{line}\n")
        if found is None:
            _explain(source, line_number, line, layout)
        fields = found.groups(default="")
        prices = fields[-len(layout.prices) :]
        try:
            (moment,) = layout.moments([fields])
        except (ValueError, OverflowError):
            source.refuse(line_number, f"{line.split(',')[0]} is no time of the calendar")
        if not EARLIEST <= moment <= latest:
            source.refuse(line_number, f"{moment} is {'before 1970' if moment < EARLIEST else 'in the future'}")
        if layout.rising and moment <= previous:
            source.refuse(line_number, f"{moment} does not come after the line before it: sort the file")
        for name, price in zip(layout.prices, prices, strict=True):
            if not Decimal(price):
                source.refuse(line_number, f"the {name} is not greater than zero")
        if len(prices) == 2 and _crossed(*prices):
            source.refuse(line_number, f"the bid {prices[0]} is above the ask {prices[1]}")
        previous = moment


def _crossed(bid: str, ask: str) -> bool:
    """Whether bid > ask: as floats for speed, exactly where floats cannot tell the two apart."""
    low, high = float(bid), float(ask)
    return low > high or (low == high and bid != ask and Decimal(bid) > Decimal(ask))


def _explain(source: SourceFile, number: int, line: str, layout: Layout) -> NoReturn:
    """Say why a line does not fit its layout."""
    source.refuse_if_not_text(number, line)
    if not line:
        source.refuse(number, "the line is empty")
    values = line.split(",")
    names = next((each.split(",") for each in layout.columns if each.count(",") == line.count(",")), None)
    if names is None:
        source.refuse(number, f"{len(values)} fields instead of {' or '.join(layout.columns)}")
    for name, value in zip(names, values, strict=True):
        shown = repr(value[:40])
        if name == "timestamp":
            if not layout.time.fullmatch(value):
                source.refuse(number, f"{shown} is no time like {layout.time_example}")
        elif name == "volume":
            if not re.fullmatch(VOLUME, value):
                source.refuse(number, f"the volume {shown} is not a number")
        elif not re.fullmatch(PRICE, value):
            if re.fullmatch(r"[0-9]+\.[0-9]{9,}", value):
                source.refuse(number, f"the {name} {shown} has more than 8 decimals")
            if re.fullmatch(r"-[0-9]+(\.[0-9]+)?", value):
                source.refuse(number, f"the {name} {shown} is not greater than zero")
            source.refuse(number, f"the {name} {shown} is not a price like 1.57585")
    source.refuse(number, f"{line[:80]!r} does not look like {' or '.join(layout.columns)}")
