"""The kinds of tables: every model of the project is one of these."""

from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db import models
from psqlextra.models import PostgresPartitionedModel
from psqlextra.types import PostgresPartitioningMethod

from config.database import triggers
from config.database.fields import CreatedAtField, TransactionField, UpdatedAtField, UUIDKeyField


class Entity(models.Model):
    """A row with a UUID made by the database and the time at which it was written."""

    id = UUIDKeyField()
    created_at = CreatedAtField()

    class Meta:
        abstract = True


class MutableEntity(Entity):
    """An entity that changes; the database keeps `updated_at`."""

    updated_at = UpdatedAtField()

    class Meta:
        abstract = True
        triggers = [triggers.touch()]


class AppendOnlyEntity(Entity):
    """An entity that is written once: UPDATE, DELETE and TRUNCATE are refused."""

    txid = TransactionField()

    class Meta:
        abstract = True
        triggers = triggers.append_only()


class AppendOnlyLog(models.Model):
    """An append-only table of high volume: a bigint identity costs half of a UUID."""

    id = models.BigAutoField(primary_key=True)
    created_at = CreatedAtField()
    txid = TransactionField()

    class Meta:
        abstract = True
        triggers = triggers.append_only()


class PartitionedLog(PostgresPartitionedModel):
    """An append-only table in ranges of time; its primary key is (id, partition key).

    Subclasses name the key in `PartitioningMeta` (a subclass of `ByRange`) and declare the interval in their app's
    `partitions.py`.
    """

    id = models.BigAutoField(primary_key=True)
    txid = TransactionField()

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        triggers = triggers.append_only()


class ByRange:
    """`PartitioningMeta` of a table that is partitioned by range; subclasses set `key = ["column"]`."""

    method = PostgresPartitioningMethod.RANGE
    key: list[str]


class SoftDeletableQuerySet(models.QuerySet[Any]):
    """Rows that are never removed."""

    def delete(self) -> tuple[int, dict[str, int]]:
        """Mark the rows as deleted, as the trigger does for a DELETE in SQL; what points at them stays."""
        count = self.filter(deleted_at__isnull=True).update(deleted_at=TransactionNow())
        return count, {self.model._meta.label: count}

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class ExistingManager(models.Manager.from_queryset(SoftDeletableQuerySet)):  # type: ignore[misc]
    """Hides soft-deleted rows."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(deleted_at__isnull=True)


class SoftDeletableEntity(MutableEntity):
    """A mutable entity whose DELETE only sets `deleted_at`: history keeps what it points at."""

    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ExistingManager()
    all_objects = SoftDeletableQuerySet.as_manager()

    class Meta:
        abstract = True
        triggers = [triggers.touch(), triggers.soft_delete()]

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Mark the row as deleted; nothing is cascaded."""
        result = type(self).all_objects.using(using).filter(pk=self.pk).delete()
        self.refresh_from_db(fields=["deleted_at"], from_queryset=type(self).all_objects.all())
        return result
