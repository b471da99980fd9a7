"""The plan from the catalog and the clock: every boundary of periods, whatever the time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.database.partitions import Interval, RangePartitioning
from ops.partitioning.plan import AddPeriods, plan, problems
from ops.partitioning.tables import Partition, TableState


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def state(interval: Interval, catch_all_from: str, *, premake: int = 2, rows: bool = False) -> TableState:
    partitioning = RangePartitioning("readings", interval, premake)
    return TableState(partitioning, (Partition("readings_catch_all", day(catch_all_from), None),), rows)


def added(interval: Interval, catch_all_from: str, now: datetime, *, premake: int = 2) -> list[str]:
    """The names of the partitions that are planned."""
    found = []
    for step in plan(state(interval, catch_all_from, premake=premake), now=now):
        assert isinstance(step, AddPeriods)
        bounds = [step.periods[0][0], *(end for _, end in step.periods)]
        assert [start for start, _ in step.periods] == bounds[:-1], "without a gap"
        found += [step.partitioning.partition_name(start) for start, _ in step.periods]
    return [name.removeprefix("readings_p") for name in found]


@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_is_added_when_its_first_second_has_come_and_not_before(month: int) -> None:
    begins = Interval.MONTH.shift(day("2027-01-01"), month - 1)
    covered = Interval.MONTH.shift(begins, 2)
    until = covered.date().isoformat()
    assert added(Interval.MONTH, until, begins - timedelta(microseconds=1)) == []
    assert added(Interval.MONTH, until, begins) == [f"{covered:%Y_%m}"]


def test_days_pass_the_end_of_the_year_and_the_leap_day() -> None:
    assert added(Interval.DAY, "2027-12-30", day("2027-12-30")) == ["2027_12_30", "2027_12_31", "2028_01_01"]
    assert added(Interval.DAY, "2028-02-28", day("2028-02-28")) == ["2028_02_28", "2028_02_29", "2028_03_01"]
    assert added(Interval.DAY, "2027-02-28", day("2027-02-27")) == ["2027_02_28", "2027_03_01"]
    assert added(Interval.DAY, "2100-02-28", day("2100-02-28"))[1] == "2100_03_01", "no leap year"


def test_weeks_begin_on_monday_also_over_the_new_year() -> None:
    assert added(Interval.WEEK, "2026-12-21", day("2026-12-27")) == ["2026_12_21", "2026_12_28", "2027_01_04"]
    assert Interval.WEEK.start(day("2027-01-03")) == day("2026-12-28")
    assert Interval.WEEK.start(day("2027-01-04")) == day("2027-01-04")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York", "Australia/Lord_Howe", "Europe/London"])
def test_the_clock_of_whoever_calls_changes_nothing(zone: str) -> None:
    """Also at the two turns of daylight saving time, and where the local date is another one."""
    for text in ("2027-03-14T07:00", "2027-03-28T01:00", "2027-10-31T00:30", "2026-12-31T23:59", "2027-01-01T00:00"):
        moment = day(text)
        for interval in Interval:
            assert interval.start(moment.astimezone(ZoneInfo(zone))) == interval.start(moment)


def test_periods_of_every_length_follow_each_other_for_years() -> None:
    for interval in Interval:
        partitioning = RangePartitioning("readings", interval, 1)
        first = interval.start(day("2023-12-15"))
        periods = partitioning.periods(first, day("2029-01-01"))
        assert all(start == interval.start(start) and interval.start(end) == end for start, end in periods)
        assert len({partitioning.partition_name(start) for start, _ in periods}) == len(periods)
        assert interval.shift(periods[-1][1], -len(periods)) == first


def test_nothing_is_planned_twice() -> None:
    assert added(Interval.MONTH, "2027-04-01", day("2027-01-31")) == []


@pytest.mark.parametrize(
    ("now", "covered", "complains"),
    [
        ("2027-01-31T12:00", "2027-02-28", True),  # a month after 31 January is 28 February, noon
        ("2027-01-31T00:00", "2027-02-28", False),
        ("2028-01-31T12:00", "2028-03-01", False),
        ("2027-12-15T00:00", "2028-01-15", False),
        ("2027-12-15T00:01", "2028-01-15", True),
    ],
)
def test_less_than_a_month_ahead_is_a_problem(now: str, covered: str, *, complains: bool) -> None:
    assert bool(list(problems(state(Interval.DAY, covered), now=day(now)))) is complains


def test_rows_in_the_catch_all_are_a_problem() -> None:
    (problem,) = problems(state(Interval.MONTH, "2028-01-01", rows=True), now=day("2027-01-01"))
    assert problem.startswith("readings: the catch-all, from 2028-01-01 on, holds rows")
