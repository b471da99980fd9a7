"""What the roles must be. They belong to the server, not to a database: a replay finds them as they are, so the measure
is their declaration in `config.database.roles`."""

from dataclasses import replace

from config.database.roles import GROUPS, LOGINS, OWNER
from ops.drift.catalog import Catalog, Item


def with_declared_roles(reference: Catalog, found: Catalog) -> Catalog:
    """The reference with the roles as they are declared.

    Which of the declared logins a server has is the operator's choice, and so is whether the owner may make
    databases; a time-out that is not set on a login comes with each connection of the project's.
    """
    roles, memberships, settings = (found.kinds.get(kind, {}) for kind in ("role", "membership", "setting"))
    logins = [login for login in LOGINS.values() if login.name in roles]
    expected = {group.name: _attributes(login=False) for group in GROUPS}
    expected |= {login.name: _attributes(login=True) for login in logins}
    if OWNER.name in roles:
        expected[OWNER.name]["CREATEDB"] = roles[OWNER.name].facts["CREATEDB"]
    declared = {f"{name} of {login.name}": value for login in logins for name, value in login.settings()}
    return replace(
        reference,
        kinds={
            **reference.kinds,
            "parameter": {},
            "role": {name: Item(facts) for name, facts in expected.items()},
            "membership": {
                **{
                    f"{member} in {group}": memberships.get(
                        f"{member} in {group}", Item({"admin": False}, sql=f"GRANT {group} TO {member}")
                    )
                    for member, group in (
                        *((login.name, login.group.name) for login in logins),
                        *((group.granted_to, group.name) for group in GROUPS if group.granted_to),
                    )
                },
                **{name: item for name, item in memberships.items() if name in _allowed()},
            },
            "setting": {
                **{
                    name: item
                    for name, item in reference.kinds.get("setting", {}).items()
                    if name.endswith("the database")
                },
                **{name: Item({"value": declared[name]}) for name in settings if name in declared},
            },
        },
    )


def _allowed() -> set[str]:
    """Memberships that a server may or may not have: they take an administrator who may give them."""
    watching = {f"{group.name} in pg_read_all_stats" for group in GROUPS if group.sees_sessions}
    # So that restore_db ends the sessions of other roles.
    return watching | {f"{OWNER.name} in pg_signal_backend"}


def _attributes(*, login: bool) -> dict[str, bool]:
    off = dict.fromkeys(("SUPERUSER", "CREATEDB", "CREATEROLE", "REPLICATION", "BYPASSRLS"), False)
    return {"LOGIN": login, "INHERIT": True, **off}
