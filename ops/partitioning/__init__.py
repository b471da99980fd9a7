"""Periods of partitioned tables come and go: plan, print, apply (`partitions`)."""
