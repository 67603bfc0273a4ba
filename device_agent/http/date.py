"""The server's clock, by the `Date` of its answers (RFC 9110 section 6.6.1): a device may have none that is right."""

import time

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = 86_400
LONGEST_AGE = 10_000_000  # seconds; more is nonsense


class ServerClock:
    """What time it is at the server: its last `Date`, and what has passed since. The device's own until one was heard.

    Milliseconds since 1970, good to about two seconds.
    """

    def __init__(self) -> None:
        self._ahead: int | None = None

    def now(self) -> int:
        """The instant at the server."""
        return _passed() + self.ahead()

    def ahead(self) -> int:
        """How far the server is ahead of the clock that only counts forward; changes when it is heard anew."""
        return time.time_ns() // 1_000_000 - _passed() if self._ahead is None else self._ahead

    def hear(self, headers: dict[str, str]) -> None:
        """Take the time from an answer (header names in lower case); one without a good date changes nothing."""
        said = read_date(headers.get("date", ""))
        age = headers.get("age", "0")  # an answer from a cache carries the date of its making
        if said is not None and age.isdecimal() and int(age) < LONGEST_AGE:
            self._ahead = (said + int(age)) * 1_000 - _passed()


def _passed() -> int:
    return time.monotonic_ns() // 1_000_000


def read_date(text: str) -> int | None:
    """`Sun, 06 Nov 1994 08:49:37 GMT` as seconds since 1970; None for anything else."""
    words = text.replace(":", " ").split()
    if len(words) != 8 or words[7] != "GMT" or words[2] not in _MONTHS:
        return None
    numbers = (words[1], words[3], *words[4:7])
    if not all(word.isascii() and word.isdecimal() and len(word) < 5 for word in numbers):
        return None
    day, year, hour, minute, second = (int(word) for word in numbers)
    if not (1 <= day <= 31 and year >= 1970 and hour < 24 and minute < 60 and second < 62):
        return None
    return _days(year, _MONTHS.index(words[2]) + 1, day) * _DAY + hour * 3_600 + minute * 60 + second


def _days(year: int, month: int, day: int) -> int:
    # Years that begin in March have their leap day at the end; every 400 of them are 146,097 days.
    year -= month < 3
    since_march = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + since_march - 719_468
