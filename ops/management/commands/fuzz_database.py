from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection
from rich.markup import escape
from rich.progress import Progress

from config.commands import ProjectCommand, UsageFailed, VerificationFailed
from config.commands.counting import counted
from ops.bench.cluster import throwaway_cluster
from ops.fuzz.campaign import Outcome, fuzz

#: Databases that exist to be written to at random.
EXPENDABLE = ("test_", "bench_")


class Command(ProjectCommand):
    """Writes at random into every table, as the application's role; what is accepted stays. Then verifies the books.

    For throwaway databases. Exit code 4 when a rule of the books is broken or the database answers with anything but
    acceptance or an orderly refusal.
    """

    help = "Writes at random into a throwaway database and verifies the books. Exit code 4 on a finding."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--statements", type=int, default=20_000, metavar="N", help="in all (default 20000)")
        parser.add_argument("--clients", type=int, default=4, metavar="N", help="connections at once (default 4)")
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="another number, other statements")
        where = parser.add_mutually_exclusive_group()
        where.add_argument(
            "--throwaway", action="store_true", help="on a PostgreSQL of its own, which is removed at the end"
        )
        where.add_argument(
            "--confirm", metavar="NAME", help="the database's name, unless it begins with test_ or bench_"
        )

    def handle(
        self, *, statements: int, clients: int, seed: int, throwaway: bool, confirm: str | None, **options: Any
    ) -> None:
        if statements < 1 or not 1 <= clients <= 64:
            raise UsageFailed("--statements is at least 1, --clients between 1 and 64.")
        with (
            _throwaway_database() if throwaway else _expendable_database(confirm),
            Progress(console=self.notes, disable=not self.notes.is_terminal, transient=True) as progress,
        ):
            task = progress.add_task("Fuzzing", total=statements)
            outcome = fuzz(
                statements=statements,
                clients=clients,
                seed=seed,
                advance=lambda count: progress.advance(task, count),
            )
        self.emit(as_json(outcome) | {"seed": seed, "clients": clients})
        if outcome.books.broken:
            raise VerificationFailed(
                f"The books do not hold: {counted(outcome.books.broken, 'broken row')}."
                " The statements above were accepted last."
            )
        if outcome.findings:
            raise VerificationFailed(
                f"The database answered {counted(len(outcome.findings), 'statement')} with an error of its own."
            )

    def render(self, result: Mapping[str, Any]) -> None:
        accepted = sum(result["accepted"].values())
        self._line(f"{result['statements']:,} statements, {accepted:,} accepted; seed {result['seed']}")
        for state, rules in result["refused"].items():
            self._line(f"{state}: {sum(rules.values()):,} refused by {len(rules)} rules")
        for finding in result["findings"]:
            self._line(f"{finding['sqlstate']} {finding['message']}\n  {finding['statement']}")
        for rule in result["broken"]:
            self._line(f"{rule['rule']}: {rule['sentence']}")
            for row in rule["rows"]:
                self._line(f"  {rule['table']} {row['id']}: {row['problem']}")
            for statement in rule["accepted_last"]:
                self._line(f"  accepted: {statement}")

    def _line(self, text: str) -> None:
        self.console.print(escape(text), highlight=False, soft_wrap=True)


@contextmanager
def _throwaway_database() -> Iterator[None]:
    with throwaway_cluster() as cluster, cluster.database():
        yield


@contextmanager
def _expendable_database(confirm: str | None) -> Iterator[None]:
    name = str(connection.settings_dict["NAME"])
    if not name.startswith(EXPENDABLE) and confirm != name:
        raise UsageFailed(
            f"This fills {name} with random rows that stay: to go on, add --confirm {name}, or --throwaway."
        )
    yield


def as_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome with stable keys."""
    refused: dict[str, dict[str, int]] = {}
    for (state, rule), count in sorted(outcome.refused.items()):
        refused.setdefault(state, {})[rule] = count
    return {
        "statements": outcome.statements,
        "accepted": dict(sorted(outcome.accepted.items())),
        "refused": refused,
        "findings": [vars(finding) for finding in outcome.findings],
        "broken": [
            {
                "rule": found.invariant.name,
                "table": found.invariant.table,
                "sentence": found.invariant.sentence,
                "rows": [{"id": key, "problem": problem} for key, problem in found.rows],
                "accepted_last": outcome.last_accepted(found.invariant.table),
            }
            for found in outcome.books.findings
            if found.broken
        ],
    }
