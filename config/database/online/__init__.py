"""Changes of tables that others read and write meanwhile; each may be interrupted and begun again."""

from config.database.online.backfill import Backfill
from config.database.online.constraints import AddCheckOnline, AddForeignKeyOnline, AddUniqueOnline, SetNotNullOnline
from config.database.online.partitions import AttachPartition
from config.database.online.triggers import ReplaceTrigger

__all__ = [
    "AddCheckOnline",
    "AddForeignKeyOnline",
    "AddUniqueOnline",
    "AttachPartition",
    "Backfill",
    "ReplaceTrigger",
    "SetNotNullOnline",
]
