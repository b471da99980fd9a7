"""The small broker: everything that a person, a test or a simulation starts from."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from ops.seeding.additions import Additions
from ops.seeding.books import add_books
from ops.seeding.fees import add_fees
from ops.seeding.instruments import add_instruments
from ops.seeding.lock import hold_seed_lock
from ops.seeding.people import Credential, add_people
from ops.seeding.providers import add_providers
from ops.seeding.reference import add_reference
from ops.seeding.risk import add_breakers, add_limits, add_margin_rates, add_scenarios
from ops.seeding.routing import add_profiles, add_rules

PASSWORD_LENGTH = 16


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """What a run has added: rows per table, and the credentials of new users."""

    added: Additions
    credentials: list[Credential]


def random_password(username: str) -> str:
    """A password that nobody has used before: 16 letters and digits, 95 bits."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(PASSWORD_LENGTH))


@transaction.atomic
def seed_small_broker(*, password_for: Callable[[str], str] = random_password) -> Seeded:
    """Add what is missing, in one transaction; a second run adds nothing and changes nothing.

    Raises `Locked` while another run seeds this database.
    """
    hold_seed_lock()
    added = Additions()
    add_reference(added)
    instruments = add_instruments(added)
    users, credentials = add_people(added, password_for=password_for)
    accounts = add_books(added, users)
    add_fees(added, instruments)
    add_providers(added, instruments)
    add_rules(added)
    add_profiles(added, accounts)
    add_margin_rates(added, instruments)
    add_limits(added)
    add_breakers(added)
    add_scenarios(added)
    return Seeded(added=added, credentials=credentials)
