"""Values in the text format of COPY, made quickly: times, keys, and decimals as whole numbers with an exponent."""

from datetime import UTC, datetime
from random import Random

NULL = r"\N"

#: Microseconds.
MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: Prices and quantities are whole numbers of 1e-8 everywhere in this package, and written as `{value}e-8`.
UNIT = 100_000_000

_minutes: dict[int, str] = {}


def moment(micros: int) -> str:
    """Microseconds since 1970 as a timestamp in UTC. What a minute's timestamps share is made once."""
    minute, rest = divmod(micros, MINUTE)
    prefix = _minutes.get(minute)
    if prefix is None:
        if len(_minutes) > 100_000:
            _minutes.clear()
        prefix = _minutes[minute] = datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%d %H:%M:")
    return f"{prefix}{rest / SECOND:09.6f}+00"


def optional_moment(micros: int | None) -> str:
    """The same, or NULL."""
    return NULL if micros is None else moment(micros)


def micros_of(when: datetime) -> int:
    """Microseconds since 1970."""
    return int(when.timestamp()) * SECOND + when.microsecond


class Keys:
    """UUIDs of version 7 for given times, as the database makes them: ordered to a quarter of a microsecond."""

    def __init__(self, random: Random) -> None:
        self._bits = random.getrandbits

    def at(self, micros: int) -> str:
        """A new key of that moment, in 32 hexadecimal digits."""
        millis, rest = divmod(micros, 1000)
        return f"{millis << 80 | (0x7000 | rest * 4096 // 1000) << 64 | 1 << 63 | self._bits(62):032x}"
