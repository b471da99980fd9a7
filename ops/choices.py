"""The closed vocabularies of this app: a CHECK in the database holds each of them too."""

from django.db import models


class Direction(models.TextChoices):
    """Which way a migration went."""

    FORWARDS = "forwards", "Forwards"
    BACKWARDS = "backwards", "Backwards"


class RunResult(models.TextChoices):
    """How a run of `migrate` ended."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"


class StepResult(models.TextChoices):
    """What became of one migration in a run."""

    APPLIED = "applied", "Applied"
    UNAPPLIED = "unapplied", "Unapplied"
    FAKED = "faked", "Recorded without running it"
    ACCEPTED = "accepted", "Source accepted as it is now"
    FAILED = "failed", "Failed"
