"""When an instrument is traded."""

from contextlib import suppress
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import FieldError
from django.db import models
from django.db.models import F, Func, Q

from config.database.constraints import one_of, requires
from config.database.models import MutableEntity
from trading.choices import SessionKind, Weekday


class InstrumentSession(MutableEntity):
    """A weekly session in which an instrument is open, or a holiday (or a part of one) on which it is closed.

    Times are minutes from midnight in the instrument's time zone, the end excluded: 0 to 1440 is the whole
    day, and what passes midnight is two sessions. Sessions of one weekday, and holidays of one date, do not
    overlap.
    """

    instrument = models.ForeignKey(
        "trading.Instrument", on_delete=models.PROTECT, db_index=False, related_name="sessions"
    )
    kind = models.CharField(max_length=16, choices=SessionKind, db_default=SessionKind.WEEKLY)
    weekday = models.SmallIntegerField(choices=Weekday, null=True, blank=True, help_text="ISO: Monday is 1.")
    holiday_date = models.DateField(null=True, blank=True)
    start_minute = models.SmallIntegerField(db_default=0, help_text="Minutes from midnight.")
    end_minute = models.SmallIntegerField(db_default=1440, help_text="Minutes from midnight, excluded.")
    name = models.CharField(max_length=64, blank=True, db_default="", help_text="For example Christmas Day.")

    class Meta(MutableEntity.Meta):
        db_table = "instrument_sessions"
        constraints = [
            one_of("instrument_sessions", "kind", SessionKind),
            requires(
                "instrument_sessions",
                "day_by_kind",
                (~Q(kind=SessionKind.WEEKLY) | Q(weekday__isnull=False, holiday_date__isnull=True))
                & (~Q(kind=SessionKind.HOLIDAY) | Q(weekday__isnull=True, holiday_date__isnull=False)),
                "A weekly session has a weekday, a holiday has a date.",
            ),
            requires("instrument_sessions", "weekday", Q(weekday__range=(1, 7)), "Weekdays are 1 (Monday) to 7."),
            requires(
                "instrument_sessions",
                "minutes",
                Q(start_minute__gte=0, end_minute__lte=1440, start_minute__lt=F("end_minute")),
                "A session starts before it ends, within one day.",
            ),
            # Also serve "is this instrument open at this minute?".
            ExclusionConstraint(
                name="instrument_sessions_weekly_excl",
                expressions=[
                    ("instrument", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (Func(F("start_minute"), F("end_minute"), function="int4range"), RangeOperators.OVERLAPS),
                ],
                condition=Q(kind=SessionKind.WEEKLY),
                violation_error_message="Sessions of one weekday do not overlap.",
            ),
            ExclusionConstraint(
                name="instrument_sessions_holiday_excl",
                expressions=[
                    ("instrument", RangeOperators.EQUAL),
                    ("holiday_date", RangeOperators.EQUAL),
                    (Func(F("start_minute"), F("end_minute"), function="int4range"), RangeOperators.OVERLAPS),
                ],
                condition=Q(kind=SessionKind.HOLIDAY),
                violation_error_message="Closures of one date do not overlap.",
            ),
        ]

    def validate_constraints(self, exclude: Any = None) -> None:
        """Without a kind that is one, Django fails at the rules of each kind; the form has refused it by then."""
        with suppress(FieldError):
            super().validate_constraints(exclude)

    def __str__(self) -> str:
        day = f"weekday {self.weekday}" if self.kind == SessionKind.WEEKLY else str(self.holiday_date)
        return f"{self.get_kind_display()}: {day}, minutes {self.start_minute} to {self.end_minute}"
