"""Periods of partitioned tables come and go: plan, print, apply (`partitions`)."""

from collections.abc import Callable

#: Told each part of a step when it is done: whatever happens after that, the next run goes on from there.
Report = Callable[[str], None]
