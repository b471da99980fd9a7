from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection
from rich.progress import Progress
from rich.table import Column, Table

from config.commands import EnvironmentFailed, ProjectCommand, UsageFailed
from config.commands.numbers import finite
from ops.simulation.cast import has_traded
from ops.simulation.day import simulate
from ops.simulation.report import as_json

MOST_CLIENTS = 64


class Command(ProjectCommand):
    """Clients of the simulation's own trade over the latest quotes; what they do stays, and is booked as anybody's.

    At the end of the day all open positions of the database are valued and charged the swap of the night, and all
    orders that have ended are expired. Ctrl-C ends it with what was done until then.
    """

    help = (
        "Trades for a day over the quotes that are loaded, by several connections at once; prints speed and latencies."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--orders", type=int, default=1_000, metavar="N", help="in all (default 1000)")
        parser.add_argument("--clients", type=int, default=2, metavar="N", help="connections at once (default 2)")
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="another number, another day (default 1)")
        parser.add_argument(
            "--night",
            type=_date,
            metavar="DATE",
            help="whose swaps are charged at the end (default today, UTC, which takes the schema owner's login)",
        )
        parser.add_argument("--acknowledged", type=Path, metavar="FILE", help="append each acknowledged event, as JSON")
        parser.add_argument(
            "--reconnect", type=finite, default=0, metavar="SECONDS", help="wait so long for a server that is gone"
        )
        parser.add_argument("--once", action="store_true", help="do nothing where a simulation has traded before")
        parser.add_argument("--noinput", action="store_false", dest="interactive", help="do not ask")

    def handle(self, *, orders: int, clients: int, seed: int, **options: Any) -> None:
        if orders < 1 or not 1 <= clients <= MOST_CLIENTS or options["reconnect"] < 0:
            raise UsageFailed(
                f"--orders is at least 1, --clients between 1 and {MOST_CLIENTS}, --reconnect at least 0."
            )
        if options["once"] and has_traded():
            self.emit({"traded": False})
            return
        name = connection.settings_dict["NAME"]
        self.confirm(
            f"{orders:,} simulated orders will be booked in {name}, and stay.", interactive=options["interactive"]
        )
        with Progress(console=self.notes, disable=not self.notes.is_terminal, transient=True) as progress:
            task = progress.add_task("Trading", total=orders)
            outcome = simulate(
                orders=orders,
                clients=clients,
                seed=seed,
                night=options["night"],
                patience=options["reconnect"],
                acknowledged=options["acknowledged"],
                advance=lambda count: progress.advance(task, count),
            )
        self.emit({"traded": True, "orders": orders, "seed": seed, **as_json(outcome)})
        if outcome.interruption:
            raise outcome.interruption
        if outcome.gave_up:
            raise EnvironmentFailed(
                f"{len(outcome.gave_up)} clients gave up; what was acknowledged stays. {outcome.gave_up[0]}"
            )

    def render(self, result: Mapping[str, Any]) -> None:
        if not result["traded"]:
            self._line("A simulation has traded here before: nothing was done.")
            return
        accepted, refused = sum(result["accepted"].values()), sum(sum(r.values()) for r in result["refused"].values())
        retries = sum(result["retries"].values())
        self._line(
            f"Run {result['run']}: {accepted:,} business events accepted, {refused:,} refused, {result['skipped']:,}"
            f" skipped, {retries:,} retries, {result['reconnects']:,} reconnects"
        )
        self._line(f"{result['events_per_second']:,} events/s by {result['clients']} clients in {result['seconds']} s")
        columns = ("count", "p50", "p95", "p99", "max")
        table = Table("milliseconds", *(Column(name, justify="right") for name in columns), box=None)
        for kind, latency in result["latency_ms"].items():
            times = [f"{latency[name]:.1f}" for name in columns[1:]]
            table.add_row(kind, f"{latency['count']:,}", *times)
        self.console.print(table, soft_wrap=True, highlight=False, markup=False)
        for kind, reasons in result["refused"].items():
            for reason, count in reasons.items():
                self._line(f"refused: {kind}: {reason}: {count:,}")
        self._line(f"plan {result['plan']}")

    def _line(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date like 2026-01-31") from None
