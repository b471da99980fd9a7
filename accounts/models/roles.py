"""Who was which role when."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Func, Q

from accounts.choices import Role
from accounts.triggers import role_grant
from audit.capture import audited
from config.database.constraints import one_of, requires
from config.database.models import MutableEntity


class UserRole(MutableEntity):
    """A period in which a user holds a role: from `granted_at` until before `expires_at` (none: for good).

    Periods of the same role do not overlap, and nobody grants a role to himself. Who grants, or prolongs, a role of the
    back office may do so then: a superuser or super admin; only the very first one's come from the system. A role is
    revoked by ending its period, so that it stays known who held it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="roles", db_index=False)
    role = models.CharField(max_length=20, choices=Role)
    granted_at = models.DateTimeField(db_default=TransactionNow(), editable=False)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="granted_roles",
        null=True,
        blank=True,
        db_index=False,
        help_text="Empty where the system itself granted the role.",
    )
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta(MutableEntity.Meta):
        db_table = "user_roles"
        triggers = [*MutableEntity.Meta.triggers, role_grant(), *audited(critical=True)]
        constraints = [
            ExclusionConstraint(
                name="user_roles_period_excl",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (
                        Func(
                            F("granted_at"),
                            F("expires_at"),
                            RangeBoundary(),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message="The user holds this role already in that period.",
            ),
            one_of("user_roles", "role", Role),
            requires(
                "user_roles",
                "granted_by_another",
                ~Q(granted_by=F("user")),
                "Nobody grants a role to himself.",
            ),
            requires(
                "user_roles",
                "expires_after_grant",
                Q(expires_at__isnull=True) | Q(expires_at__gt=F("granted_at")),
                "A role ends after it began.",
            ),
        ]
        indexes = [
            # `active_roles`, on every request of the back office: answered from the index alone.
            models.Index(fields=["user"], include=["role", "granted_at", "expires_at"], name="user_roles_user_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.role} since {self.granted_at:%Y-%m-%d}"
