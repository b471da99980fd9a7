"""Options that the commands on migrations have in common."""

from argparse import ArgumentParser

from config.commands.numbers import not_negative
from ops.migrating.deployment import LOCK_WAIT_SECONDS
from ops.migrating.patience import MAX_RETRY_SECONDS


def add_lock_wait(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--lock-wait",
        type=not_negative,
        default=LOCK_WAIT_SECONDS,
        metavar="SECONDS",
        help=f"how long to wait for another deployer to end (default {LOCK_WAIT_SECONDS:g})",
    )


def add_max_retry_time(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--max-retry-time",
        type=not_negative,
        default=MAX_RETRY_SECONDS,
        metavar="SECONDS",
        help=f"how long to come back for a lock that another session holds (default {MAX_RETRY_SECONDS:g})",
    )
