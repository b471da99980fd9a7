"""What each role may do in the back office, as data: add, change, delete and view on the models of an app."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.contrib.auth import get_permission_codename

from accounts.choices import Role

VIEW = ("view",)
EVERYTHING = ("add", "change", "delete", "view")
DOMAIN = ("accounts", "trading", "liquidity", "risk", "audit")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """`actions` on `models` of `app`; without `models` on all of them, but never on those in `but`."""

    app: str
    actions: tuple[str, ...]
    models: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    def permissions(self) -> Iterator[str]:
        """Names such as `trading.view_order`."""
        for model in apps.get_app_config(self.app).get_models():
            name = model._meta.model_name
            if name not in self.but and (not self.models or name in self.models):
                for action in self.actions:
                    yield f"{self.app}.{get_permission_codename(action, model._meta)}"


def _on_all(actions: tuple[str, ...], *, but: tuple[str, ...] = ()) -> tuple[Grant, ...]:
    return tuple(Grant(app=app, actions=actions, but=but) for app in DOMAIN)


ROLE_GRANTS: dict[Role, tuple[Grant, ...]] = {
    Role.USER: (),
    Role.TRADER: (),
    Role.RISK_MANAGER: (*_on_all(VIEW), Grant(app="risk", actions=EVERYTHING)),
    Role.COMPLIANCE_OFFICER: (
        *_on_all(VIEW),
        Grant(app="accounts", actions=("add", "change"), models=("clientidentity", "clientclassification")),
        # Of a user only the KYC fields: the admin's form shows the others read-only.
        Grant(app="accounts", actions=("change",), models=("user",)),
        Grant(app="audit", actions=("add",), models=("complianceevent",)),
    ),
    # Who may do what is decided by a super admin only.
    Role.ADMIN: (
        *_on_all(EVERYTHING, but=("userrole",)),
        Grant(app="accounts", actions=VIEW, models=("userrole",)),
    ),
    Role.SUPER_ADMIN: (
        *_on_all(EVERYTHING),
        Grant(app="auth", actions=VIEW),
        Grant(app="admin", actions=VIEW),
    ),
}


@cache
def permissions_of(role: Role) -> frozenset[str]:
    """Names of all that a role may do, such as `risk.change_risklimit`."""
    return frozenset(name for grant in ROLE_GRANTS[role] for name in grant.permissions())
