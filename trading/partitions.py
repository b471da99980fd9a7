"""How the app's partitioned tables are cut."""

from config.database.partitions import Interval, RangePartitioning

PARTITIONED = [RangePartitioning("instrument_marks", Interval.MONTH, 3, retention=84)]
