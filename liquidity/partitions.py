"""How this app's large tables are cut."""

from config.database.partitions import Interval, RangePartitioning

LP_QUOTES = RangePartitioning("lp_quotes", Interval.DAY, 7)

PARTITIONED = [LP_QUOTES]
