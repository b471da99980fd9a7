"""Calls of the API."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from audit.choices import HttpMethod
from config.database.constraints import between, not_negative, one_of, requires
from config.database.fields import CreatedAtField
from config.database.models import ByRange, PartitionedLog


class ApiAccessLog(PartitionedLog):
    """One call: who, what, how it went, how long it took; no body, no query string: they may hold secrets."""

    created_at = CreatedAtField()
    user_id = models.UUIDField(null=True)
    api_key_id = models.UUIDField(null=True)
    endpoint = models.CharField(max_length=500, help_text="Path without the query string.")
    method = models.CharField(max_length=8, choices=HttpMethod)
    status_code = models.SmallIntegerField()
    response_time_ms = models.IntegerField("response time", help_text="Milliseconds.")
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.TextField(db_default="")
    request_id = models.CharField(max_length=64, db_default="")
    error = models.TextField(db_default="")

    class Meta(PartitionedLog.Meta):
        db_table = "api_access_log"
        verbose_name = "API call"
        constraints = [
            one_of("api_access_log", "method", HttpMethod),
            between("api_access_log", "status_code", 100, 599),
            not_negative("api_access_log", "response_time_ms"),
            requires(
                "api_access_log",
                "endpoint_without_query",
                ~Q(endpoint__contains="?"),
                "A query string may hold secrets.",
            ),
        ]
        indexes = [
            # One user's calls, newest first.
            models.Index(
                "user_id",
                F("created_at").desc(),
                name="api_access_user_idx",
                condition=Q(user_id__isnull=False),
            ),
            # One key's calls, newest first: what a revoked key was used for.
            models.Index(
                "api_key_id",
                F("created_at").desc(),
                name="api_access_key_idx",
                condition=Q(api_key_id__isnull=False),
            ),
            # The server's own errors: the rare rows.
            models.Index(F("created_at").desc(), name="api_access_errors_idx", condition=Q(status_code__gte=500)),
            # Everything of a period: reports.
            BrinIndex(fields=["created_at", "txid"], name="api_access_time_brin_idx"),
        ]

    class PartitioningMeta(ByRange):
        key = ["created_at"]

    def __str__(self) -> str:
        return f"{self.method} {self.endpoint} {self.status_code}"
