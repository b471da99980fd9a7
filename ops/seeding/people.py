"""The four people, what they may do, and how the regulator classes those who are clients."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from accounts.choices import ClientClass, KycStatus, Regime, Role
from accounts.models import ClientClassification, User, UserRole
from ops.seeding.additions import Additions


class UserRow(NamedTuple):
    username: str
    first_name: str
    last_name: str
    country: str
    roles: list[Role]
    kyc_level: int
    #: None: not a client.
    client_class: ClientClass | None
    superuser: bool = False


USERS = [
    UserRow("admin", "Ada", "Admin", "DE", [Role.SUPER_ADMIN, Role.ADMIN], 3, None, superuser=True),
    UserRow("trader1", "Tom", "Trader", "DE", [Role.TRADER], 2, ClientClass.RETAIL),
    UserRow("trader2", "Tessa", "Trader", "FR", [Role.TRADER], 3, ClientClass.PROFESSIONAL),
    UserRow("demo", "Dora", "Demo", "NL", [Role.USER], 0, ClientClass.RETAIL),
]

CLASSIFIED_FROM = date(2024, 1, 1)


class Credential(NamedTuple):
    """What somebody new logs in with; it exists here only, the database has a hash."""

    username: str
    email: str
    password: str
    roles: list[str]


def add_people(added: Additions, *, password_for: Callable[[str], str]) -> tuple[dict[str, User], list[Credential]]:
    """The users by name, and the credentials of those who are new. Nobody's password is ever changed.

    `password_for` makes a new user's password from his name.
    """
    users, credentials = {}, []
    for row in USERS:
        user = User.all_objects.filter(username__iexact=row.username).order_by("-deleted_at").first()
        if user is None:
            user, credential = _add_user(row, password_for(row.username))
            credentials.append(credential)
            added[User._meta.db_table] += 1
        users[row.username] = user
    for row in USERS:
        _add_roles_and_class(added, row, users[row.username], granted_by=users["admin"])
    return users, credentials


def _add_user(row: UserRow, password: str) -> tuple[User, Credential]:
    email = f"{row.username}@example.com"
    is_known = row.kyc_level > 0
    user = User.objects.create_user(
        row.username,
        email,
        password,
        first_name=row.first_name,
        last_name=row.last_name,
        country_code=row.country,
        kyc_status=KycStatus.APPROVED if is_known else KycStatus.PENDING,
        kyc_level=row.kyc_level,
        is_verified=is_known,
        is_staff=row.superuser,
        is_superuser=row.superuser,
    )
    return user, Credential(row.username, email, password, [str(role) for role in row.roles])


def _add_roles_and_class(added: Additions, row: UserRow, user: User, *, granted_by: User) -> None:
    for role in row.roles:
        # Nobody grants a role to himself: the first administrator's come from the system.
        added.ensure(UserRole, {"user": user, "role": role}, granted_by=None if user == granted_by else granted_by)
    if row.client_class:
        key = {"user": user, "regime": Regime.ESMA}
        added.ensure(ClientClassification, key, client_class=row.client_class, valid_from=CLASSIFIED_FROM)
