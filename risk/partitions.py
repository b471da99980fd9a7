"""How the partitioned tables of risk are cut."""

from config.database.partitions import Interval, RangePartitioning

PARTITIONED = [
    RangePartitioning("position_risk_metrics", Interval.WEEK, 13, retention=52),
    RangePartitioning("portfolio_risk", Interval.WEEK, 13, retention=52),
]
