"""`porchlight audit`: what was decided, by whom, about whom, from where: a table, lines of JSON, or as it happens."""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from server.house import wall_clock
from server.oauth.account import tidy_username
from server.oauth.event import WORDS, Recorded, Sought

from .command import Desk, Misused, storage_arguments, with_store

NAME: Final = "audit"
HELP: Final = "show what was decided: by whom, about whom, from where"
LOOK_EVERY: Final = 1.0  # seconds between two looks for more
PORTION: Final = 1_000
UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
COLUMNS: Final = (("UTC", 19), ("WHAT", 15), ("ACTOR", 8), ("PERSON", 16), ("APP", 16), ("DEVICE", 20), ("ADDRESS", 15))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="AGO", help="only since then: 90s, 15m, 24h, 30d or 8w ago")
    parser.add_argument("--what", nargs="+", action="extend", default=[], metavar="WORD", help="only these events")
    parser.add_argument("--client", default="", metavar="ID", help="only about this app")
    parser.add_argument("--account", default="", metavar="NAME", help="only about this person, by user name or id")
    parser.add_argument("--device", default="", metavar="ID", help="only about this device")
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="the newest N of them (default: 100)")
    parser.add_argument("--after", type=int, metavar="NUMBER", help="all that follow this event, instead of the newest")
    parser.add_argument("--follow", action="store_true", help="go on with what happens, until interrupted")
    storage_arguments(parser)


def run(args: argparse.Namespace) -> int:
    unknown = [word for word in args.what if word not in WORDS]
    if unknown:
        raise Misused(f"--what: there is no event {unknown[0]}; the words are: {', '.join(WORDS)}")
    if not 1 <= args.limit <= 1_000_000:
        raise Misused("--limit: write a number from 1 to 1000000")
    since = wall_clock() - _ago(args.since) if args.since else 0
    return with_store(args, lambda desk: _show(args, desk, since))


def _ago(text: str) -> int:
    """Milliseconds of a duration such as 24h."""
    read = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    if read is None:
        raise Misused("--since: write how long ago, such as 90s, 15m, 24h, 30d or 8w")
    return int(read[1]) * UNITS[read[2]]


async def _show(args: argparse.Namespace, desk: Desk, since: int) -> int:
    named = await desk.store.find_account_by_username(tidy_username(args.account)) if args.account else None
    sought = Sought(since, tuple(args.what), args.client, named.account_id if named else args.account, args.device)
    page = _Page(desk, is_json=args.json)
    if args.after is None:
        last = await desk.store.last_event()
        await page.write(reversed(await desk.store.events(sought, args.limit)), last)
    else:
        page.last = args.after
        while await page.write_on(sought):
            continue
    if not args.follow:
        return 0
    while True:
        if not await page.write_on(sought):
            await asyncio.sleep(LOOK_EVERY)


class _Page:
    """What is written to standard output: `last` is the number of the event that was looked at last."""

    def __init__(self, desk: Desk, *, is_json: bool) -> None:
        self._desk, self._is_json = desk, is_json
        self._names: dict[str, str] = {}
        self._has_head = is_json
        self.last = 0

    async def write(self, events: Iterable[Recorded], last: int) -> None:
        for recorded in events:
            # What was written after `last` was read is left for later.
            if recorded.number <= last:
                self._print(_json(recorded) if self._is_json else await self._line(recorded))
        sys.stdout.flush()
        self.last = last

    async def write_on(self, sought: Sought) -> bool:
        """Write what follows, a portion of it; whether there was any."""
        found: Sequence[Recorded] = await self._desk.store.events_after(self.last, PORTION)
        if found:
            await self.write([each for each in found if sought.is_met(each.event)], found[-1].number)
        return bool(found)

    def _print(self, line: str) -> None:
        if not self._has_head:
            print(_row([name for name, _ in COLUMNS], "DETAIL"))
            self._has_head = True
        print(line)

    async def _line(self, recorded: Recorded) -> str:
        event = recorded.event
        person = await self._name(event.account_id)
        cells = [_instant(event.at)[:19].replace("T", " "), event.what, event.actor, person, event.client_id]
        times = f"{event.times} times: " if event.times > 1 else ""
        return _row([*cells, event.device_id, event.address], times + event.detail)

    async def _name(self, account_id: str) -> str:
        """The user name of an account, or its id when it is gone."""
        if account_id and account_id not in self._names:
            account = await self._desk.store.find_account(account_id)
            self._names[account_id] = account.username if account else account_id
        return self._names.get(account_id, "")


def _row(cells: Sequence[str], detail: str) -> str:
    padded = [(cell or "-").ljust(width) for cell, (_, width) in zip(cells, COLUMNS, strict=True)]
    return "  ".join((*padded, detail or "-"))


def _json(recorded: Recorded) -> str:
    return json.dumps({"number": recorded.number, **asdict(recorded.event), "at": _instant(recorded.event.at)})


def _instant(at: int) -> str:
    """UTC in ISO 8601, with milliseconds."""
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
