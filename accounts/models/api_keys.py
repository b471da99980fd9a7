"""Keys by which programs act for a user."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.triggers import key_changed
from audit.capture import audited
from config.database.constraints import requires
from config.database.models import MutableEntity


class ApiKey(MutableEntity):
    """Right of a program to act for a user; usable until it expires or is revoked.

    Only the SHA-256 of the key is stored, so the key can be shown once and never again; `prefix` is its
    beginning, by which people tell keys apart.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_keys", db_index=False
    )
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, help_text="First characters of the key.")
    key_hash = models.CharField(max_length=64, help_text="SHA-256 of the key in lower-case hexadecimal.")
    scopes = ArrayField(
        models.TextField(),
        default=list,
        blank=True,
        db_default=models.Value([], output_field=ArrayField(models.TextField())),
        help_text="What the key may be used for; none: nothing.",
    )
    allowed_ips = ArrayField(
        models.GenericIPAddressField(),
        default=list,
        blank=True,
        db_default=models.Value([], output_field=ArrayField(models.GenericIPAddressField())),
        help_text="Addresses that may use the key; none: all.",
    )
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(MutableEntity.Meta):
        db_table = "api_keys"
        triggers = [*MutableEntity.Meta.triggers, *key_changed(), *audited(secret=("key_hash",), critical=True)]
        verbose_name = "API key"
        constraints = [
            # Also how a request finds its key.
            models.UniqueConstraint(fields=["key_hash"], name="api_keys_key_hash_uniq"),
            requires(
                "api_keys",
                "key_hash_format",
                Q(key_hash__regex="^[0-9a-f]{64}$"),
                "Only the SHA-256 of a key is stored.",
            ),
            requires("api_keys", "prefix", ~Q(prefix=""), "A key shows its first characters."),
            requires(
                "api_keys",
                "expires_after_creation",
                Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
                "A key expires after it was made.",
            ),
            requires(
                "api_keys",
                "revoked_after_creation",
                Q(revoked_at__isnull=True) | Q(revoked_at__gte=F("created_at")),
                "A key is revoked after it was made.",
            ),
        ]
        indexes = [
            # A user's usable keys; a name is given once among them.
            models.Index(fields=["user", "name"], name="api_keys_user_live_idx", condition=Q(revoked_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
