"""Instants and durations in words: relative first, then the clock in UTC, since no script asks for the phone's zone.

The order of a date and the names of its months are sentences of the catalogue like any other; digits and the clock of
24 hours are the same everywhere, as the codes beside them are.
"""

from datetime import UTC, datetime

from markupsafe import Markup

from web_verify.words import say, say_count

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


def moment(at: int) -> datetime:
    """Milliseconds since the epoch as a moment in UTC."""
    return datetime.fromtimestamp(at / 1000, UTC)


def clock(at: int, *, to_the_second: bool = False) -> Markup:
    """`14:03 UTC`, or `14:03:07 UTC`."""
    return say("time.clock", clock=moment(at).strftime("%H:%M:%S" if to_the_second else "%H:%M"))


def day(at: int) -> Markup:
    """`3 Mar 2026`, the same in every locale of the server."""
    when = moment(at)
    return say("time.day", day=when.day, month=say(f"month.{when.month}"), year=when.year)


def day_and_clock(at: int) -> Markup:
    """`3 Mar 2026, 14:03 UTC`."""
    return say("time.day_clock", day=day(at), clock=clock(at))


def ago(now: int, at: int) -> Markup:
    """`20 seconds ago`. A moment that lies ahead (a clock that jumped back) is `just now`."""
    passed = now - at
    if passed < SECOND:
        return say("time.now")
    for key, unit, up_to in (("ago.seconds", SECOND, MINUTE), ("ago.minutes", MINUTE, HOUR), ("ago.hours", HOUR, DAY)):
        if passed < up_to:
            return say_count(key, passed // unit)
    return say_count("ago.days", passed // DAY)


def ahead(now: int, at: int) -> Markup:
    """`in 9 minutes`; under a minute in seconds, never less than one."""
    left = at - now
    if left < MINUTE:
        return say_count("in.seconds", max(1, left // SECOND))
    return say_count("in.minutes", left // MINUTE)


def both(now: int, at: int, relative: Markup) -> Markup:
    """Relative words with the absolute time behind them, and the day where it is another one."""
    if moment(now).date() == moment(at).date():
        return say("time.both", ago=relative, clock=clock(at))
    return say("time.both_day", ago=relative, day=day(at), clock=clock(at))


def wait(left: int) -> Markup:
    """`10 minutes`, rounded up so that whoever waits this long is let in."""
    if left < MINUTE:
        return say_count("wait.seconds", max(1, -(-left // SECOND)))
    return say_count("wait.minutes", -(-left // MINUTE))


def days(count: int) -> Markup:
    """`180 days`."""
    return say_count("wait.days", count)
