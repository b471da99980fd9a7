"""A simulated trading day: the market opens, clients trade at once, the back office closes the day."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from django.db import connection
from django.utils.crypto import get_random_string

from ops.simulation.acknowledged import Acknowledgments
from ops.simulation.cast import assemble
from ops.simulation.client import Client, Tally
from ops.simulation.desk import Desk
from ops.simulation.market import read_market
from ops.simulation.plan import close_of_day, mark, shares
from ops.simulation.processes import Part, play_together

RUN_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the clients have seen, and what the office that opens and closes the day.

    `seconds` are those of the clients. `digest` is one of all plans.
    """

    run: str
    night: date
    clients: list[Tally]
    office: Tally
    seconds: float
    digest: str
    interruption: KeyboardInterrupt | None

    @property
    def gave_up(self) -> list[str]:
        """Why clients ended before their plans did."""
        return [tally.gave_up for tally in (*self.clients, self.office) if tally.gave_up]


def simulate(
    *,
    orders: int,
    clients: int,
    seed: int,
    run: str = "",
    night: date | None = None,
    patience: float = 0,
    acknowledged: Path | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> Outcome:
    """Trade for a day on the default database: `orders` in all, `clients` connections at once.

    `run` begins every key and is used once (default: drawn at random). `night` is charged with swaps at the end
    (default: today's, UTC). `patience`: for how many seconds a client waits for a server that is gone, to try the same
    event again. `acknowledged`: the file to which every acknowledged event is appended. `advance` is told of orders
    sent.

    What is guaranteed: the same seed, orders, clients and quotes give the same plan of each client, whatever the
    database answers. With one client the same start gives the same end, but for ids and times. Each client trades on
    accounts of his own, so that several clients differ in what they share only: who comes first at the house's
    accounts, and at which mark profit is converted.

    Raises Failed without quotes or the house's accounts.
    """
    run = run or get_random_string(8, RUN_LETTERS)
    night = night or datetime.now(UTC).date()
    market = read_market()
    acknowledgments = Acknowledgments(acknowledged)
    casts = assemble(clients, market)
    everybody = replace(casts[0], accounts=[account for cast in casts for account in cast.accounts])
    desk = Desk(everybody, market, name=f"{run}-0", night=night)
    office = Client(desk, number=0, patience=patience, acknowledgments=acknowledgments)
    # Nothing can be valued or converted before the first mark.
    office.play(mark(path, 0) for path in market)
    parts = [
        Part(
            number=number,
            seed=seed,
            orders=share,
            run=run,
            night=night,
            patience=patience,
            market=market,
            cast=cast,
            database=dict(connection.settings_dict),
            acknowledged=acknowledged,
        )
        for number, (cast, share) in enumerate(zip(casts, shares(orders, clients), strict=True), start=1)
    ]
    played = play_together(parts, advance)
    if not played.interruption and not any(tally.gave_up for tally in played.tallies):
        office.play(close_of_day(market, len(everybody.accounts)))
    acknowledgments.close()
    return Outcome(
        run=run,
        night=night,
        clients=played.tallies,
        office=office.tally,
        seconds=played.seconds,
        digest=hashlib.sha256("".join(tally.digest for tally in played.tallies).encode()).hexdigest(),
        interruption=played.interruption,
    )
