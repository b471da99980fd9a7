"""How this app's large tables are cut."""

from config.database.partitions import Interval, RangePartitioning

#: A month is always premade; with what is kept, a query that names no time still looks into about 100 partitions.
LP_QUOTES = RangePartitioning("lp_quotes", Interval.DAY, 35, retention=60)

PARTITIONED = [LP_QUOTES]
