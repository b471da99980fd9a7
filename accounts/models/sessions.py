"""Where people are or were logged in."""

from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import models
from django.db.models import F, Q

from config.database.constraints import requires
from config.database.models import MutableEntity


class UserSession(MutableEntity):
    """One stay from log-in to log-out; without `ended_at` it goes on."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sessions", db_index=False
    )
    session_id = models.CharField(max_length=128, help_text="Digest of the session's key, never the key itself.")
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.TextField(blank=True, db_default="")
    device_fingerprint = models.CharField(max_length=128, blank=True, db_default="")
    started_at = models.DateTimeField(db_default=TransactionNow())
    last_seen_at = models.DateTimeField(db_default=TransactionNow())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(MutableEntity.Meta):
        db_table = "user_sessions"
        constraints = [
            models.UniqueConstraint(fields=["session_id"], name="user_sessions_session_id_uniq"),
            requires("user_sessions", "session_id", ~Q(session_id=""), "A session has an id."),
            requires(
                "user_sessions",
                "seen_after_start",
                Q(last_seen_at__gte=F("started_at")),
                "A session is not seen before it starts.",
            ),
            requires(
                "user_sessions",
                "ended_after_start",
                Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                "A session does not end before it starts.",
            ),
        ]
        indexes = [
            # A user's sessions, newest first: his page in the admin.
            models.Index("user", F("started_at").desc(), name="user_sessions_user_idx"),
            # Sessions that go on, for the admin's filter and for ending those that nobody uses.
            models.Index(fields=["last_seen_at"], name="user_sessions_live_idx", condition=Q(ended_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} from {self.ip_address or 'unknown'}"
