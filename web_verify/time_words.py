"""How days and clocks are written, in English, under the key a translation will use. Months are short, as in a date."""

from typing import Final

TIME_WORDS: Final[dict[str, str]] = {
    "time.now": "just now",
    "time.both": "{ago} <span>({clock})</span>",
    "time.both_day": "{ago} <span>({day}, {clock})</span>",
    "time.clock": "{clock} UTC",
    "time.day": "{day} {month} {year}",
    "time.day_clock": "{day}, {clock}",
    "month.1": "Jan",
    "month.2": "Feb",
    "month.3": "Mar",
    "month.4": "Apr",
    "month.5": "May",
    "month.6": "Jun",
    "month.7": "Jul",
    "month.8": "Aug",
    "month.9": "Sep",
    "month.10": "Oct",
    "month.11": "Nov",
    "month.12": "Dec",
}

TIME_COUNTED: Final[dict[str, tuple[str, str]]] = {
    "ago.seconds": ("{n} second ago", "{n} seconds ago"),
    "ago.minutes": ("{n} minute ago", "{n} minutes ago"),
    "ago.hours": ("{n} hour ago", "{n} hours ago"),
    "ago.days": ("{n} day ago", "{n} days ago"),
    "in.seconds": ("in {n} second", "in {n} seconds"),
    "in.minutes": ("in {n} minute", "in {n} minutes"),
    "wait.seconds": ("{n} second", "{n} seconds"),
    "wait.minutes": ("{n} minute", "{n} minutes"),
    "wait.days": ("{n} day", "{n} days"),
}
