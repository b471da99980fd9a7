from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from config.commands import Failed, ProjectCommand, VerificationFailed
from ops.migrating.deployment import Policy, deployment
from ops.migrating.history import History
from ops.migrating.options import add_lock_wait, add_max_retry_time
from ops.migrating.repair import Repair, apply_repairs, plan_repairs


class Command(ProjectCommand):
    """Finds what interrupted changes of the schema have left, prints how it is put right, and does it.

    INVALID indexes, constraints that are not validated, partitions half attached or detached, migrations that ran and
    are not recorded, records that are there twice. Exit code 1 when a repair failed, 4 when something is left that only
    a person can decide; --dry-run changes nothing.
    """

    help = (
        "Puts right what interrupted migrations have left: invalid indexes, unvalidated constraints, missing records."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print the plan, change nothing")
        add_lock_wait(parser)
        add_max_retry_time(parser)

    def handle(self, *, dry_run: bool, lock_wait: float, max_retry_time: float, **options: Any) -> None:
        policy = Policy(
            lock_wait_seconds=lock_wait, max_retry_seconds=max_retry_time, allow_ahead=True, allow_edited=True
        )
        with deployment(DEFAULT_DB_ALIAS, policy, self._note) as make:
            executor = make(connections[DEFAULT_DB_ALIAS])
            repairs = plan_repairs(executor)
            if not dry_run:
                with executor.short_time_outs():
                    apply_repairs(executor, repairs, executor.history or History(DEFAULT_DB_ALIAS))
        if dry_run:
            self._note("Dry run: nothing was changed.")
        self.emit({"applied": not dry_run, "repairs": [repair.as_json() for repair in repairs]})
        _judge(repairs)

    def _note(self, sentence: str) -> None:
        self.notes.print(sentence, markup=False, soft_wrap=True)

    def render(self, result: Mapping[str, Any]) -> None:
        if not result["repairs"]:
            self.notes.print("There is nothing to repair.")
            return
        for repair in result["repairs"]:
            lines = [
                f"{repair['kind']} {repair['name']}: {repair['sentence']}",
                repair["sql"] and f"→ {repair['sql']};",
            ]
            if repair["result"] != "planned":
                lines.append(repair["result"])
            self.console.print("\n    ".join(filter(None, lines)), soft_wrap=True, highlight=False, markup=False)


def _judge(repairs: list[Repair]) -> None:
    failed = [repair.name for repair in repairs if repair.result.startswith("failed")]
    if failed:
        raise Failed(f"Not repaired: {', '.join(failed)}. See why above, put that right, and run this again.")
    by_hand = [repair.name for repair in repairs if repair.by_hand]
    if by_hand:
        raise VerificationFailed(f"Only a person can decide about {', '.join(by_hand)}: see above.")
