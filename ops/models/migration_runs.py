"""What `migrate` did to this database: runs, and what became of each migration in them."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from config.database.constraints import not_negative, one_of, positive, requires
from config.database.fields import UUIDKeyField
from config.database.models import AppendOnlyLog
from ops.choices import Direction, RunResult, StepResult

#: SHA-256. The lookup `octets` is audit's.
_DIGEST_BYTES = 32


class MigrationRun(models.Model):
    """One `migrate` that had something to do: its row is there while it runs, and is completed at its end.

    A run whose process or server was killed stays `running` until the next one finds it, under the lock that only
    one of them has.
    """

    id = UUIDKeyField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    direction = models.CharField(max_length=9, choices=Direction)
    result = models.CharField(max_length=11, choices=RunResult, db_default=RunResult.RUNNING)
    error = models.TextField(db_default="", help_text="First line of what went wrong.")
    code_revision = models.CharField(max_length=64, db_default="", help_text="Commit of the code that ran.")
    host = models.CharField(max_length=255)
    waited_ms = models.IntegerField("waited", help_text="Milliseconds that another deployer had to be waited for.")

    class Meta:
        db_table = "migration_runs"
        constraints = [
            one_of("migration_runs", "direction", Direction),
            one_of("migration_runs", "result", RunResult),
            not_negative("migration_runs", "waited_ms"),
            requires(
                "migration_runs",
                "finished",
                Q(result=RunResult.RUNNING, finished_at__isnull=True)
                | (~Q(result=RunResult.RUNNING) & Q(finished_at__isnull=False, finished_at__gte=F("started_at"))),
                "A run that ended says when, one that runs does not.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.direction}: {self.result}"


class MigrationStep(AppendOnlyLog):
    """What became of one migration in a run; written in the migration's own transaction, unless it failed."""

    # Few rows, and none is deleted: no index for the key.
    run = models.ForeignKey(MigrationRun, on_delete=models.PROTECT, related_name="steps", db_index=False)
    app = models.CharField(max_length=255)
    name = models.CharField(max_length=255)
    direction = models.CharField(max_length=9, choices=Direction)
    result = models.CharField(max_length=9, choices=StepResult)
    duration_ms = models.IntegerField("duration", help_text="Milliseconds of the attempt that counts, to its commit.")
    attempts = models.IntegerField(help_text="How often it, or a statement of it, was begun.")
    lock_wait_ms = models.IntegerField(
        "lock wait", help_text="Milliseconds lost to locks that others held: attempts given up, and the pauses after."
    )
    source_sha256 = models.BinaryField(null=True, help_text="SHA-256 of its file and of the SQL files that it runs.")
    sql_sha256 = models.BinaryField(null=True, help_text="SHA-256 of the statements that it ran, in order.")
    error = models.TextField(db_default="", help_text="First line of what went wrong.")

    class Meta(AppendOnlyLog.Meta):
        db_table = "migration_steps"
        constraints = [
            one_of("migration_steps", "direction", Direction),
            one_of("migration_steps", "result", StepResult),
            not_negative("migration_steps", "duration_ms"),
            not_negative("migration_steps", "lock_wait_ms"),
            positive("migration_steps", "attempts"),
            requires(
                "migration_steps",
                "source_length",
                Q(source_sha256__isnull=True) | Q(source_sha256__octets=_DIGEST_BYTES),
                "A SHA-256 has 32 bytes.",
            ),
            requires(
                "migration_steps",
                "sql_length",
                Q(sql_sha256__isnull=True) | Q(sql_sha256__octets=_DIGEST_BYTES),
                "A SHA-256 has 32 bytes.",
            ),
            requires(
                "migration_steps",
                "error",
                Q(Q(result=StepResult.FAILED), ~Q(error="")) | Q(~Q(result=StepResult.FAILED), error=""),
                "What failed says why, and nothing else does.",
            ),
        ]
        indexes = [
            # A migration's last step: whether its source has changed since, and how long it took.
            models.Index("app", "name", F("id").desc(), name="migration_steps_last_idx"),
            # What the sealer reads.
            BrinIndex(fields=["txid"], name="migration_steps_txid_idx", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.app}.{self.name} {self.result}"
