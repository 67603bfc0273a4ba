"""What guessing is worth: 1,000 networks try 10,000 codes while 1,000 are alive (RFC 8628 section 5.1).

The tries go through the server's own desk, with its budgets. The chance of one hit is computed, and measured where it
can be: the attacker is told the first half of every code, so that the space is 160,000 times smaller and hits are seen.
"""

import asyncio
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from server.checks import checked
from server.desk.desk import HouseDesk
from server.house import House
from server.oauth.device import DeviceAuthorization
from server.oauth.secret import digest
from server.oauth.user_code import LETTERS
from server.settings import Settings
from server.storage import open_storage
from web_verify.desk import Asking, Problem, Visitor

NETWORKS: Final = 1_000
TRIES: Final = 10_000
ALIVE: Final = 1_000
KNOWN: Final = "BCDF"  # the half of each code that the attacker is told, when hits are to be seen
NOW: Final = 1_700_000_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many tries were made, how many of them were looked at at all, and how many found a code."""

    tries: int
    looked_at: int
    hits: int

    def chance(self, known: int) -> float:
        """The chance of one hit or more, computed, with so many letters of each code known."""
        return 1 - (1 - ALIVE / float(len(LETTERS.alphabet)) ** (LETTERS.length - known)) ** self.looked_at

    def expected(self, known: int) -> float:
        """The hits to be expected."""
        return self.looked_at * ALIVE / float(len(LETTERS.alphabet)) ** (LETTERS.length - known)


async def attack(seed: int, known: str = "") -> Outcome:
    """Ten minutes of an attacker who is everywhere and keeps no cookie, against a fresh server."""
    luck = Random(seed)
    settings = checked(Settings(database_url="memory:", issuer="https://tv.example.com"))
    store = open_storage(settings.storage_url)
    house = House(settings, store, store.readings, lambda: NOW)
    await store.open(house.hear)
    await house.sign_ins.load(NOW)
    for number, code in enumerate(_codes(luck, known)):
        begun = DeviceAuthorization(number.to_bytes(32, "big"), b"", "tv", (), NOW, NOW + 600_000)
        await house.sign_ins.start(replace(begun, user_code_hash=digest("user_code", code)))
    desk, hits, looked_at = HouseDesk(house), 0, 0
    for number in range(TRIES):
        network = number % NETWORKS
        visitor = Visitor(f"{number:043d}", f"198.18.{network // 250}.{network % 250 + 1}")
        found = await desk.look_up(visitor, _draw(luck, known))
        stopped = isinstance(found, Problem) and found.why in ("sign_in", "too_many")
        looked_at += not stopped
        hits += isinstance(found, Asking) or (isinstance(found, Problem) and found.why == "expired")
    await asyncio.sleep(0)  # what was begun in the background begins before it is ended
    await house.close()
    return Outcome(TRIES, looked_at, hits)


def _codes(luck: Random, known: str) -> set[str]:
    codes: set[str] = set()
    while len(codes) < ALIVE:
        codes.add(_draw(luck, known))
    return codes


def _draw(luck: Random, known: str) -> str:
    return known + "".join(luck.choices(LETTERS.alphabet, k=LETTERS.length - len(known)))


def main() -> None:
    """Print what is computed and what is measured."""
    whole = asyncio.run(attack(1))
    print(
        f"{TRIES} tries from {NETWORKS} networks, {ALIVE} codes alive: {whole.looked_at} looked at, {whole.hits} hits"
    )
    print(f"chance of one hit in ten minutes, computed: {whole.chance(0):.2e}")
    runs = [asyncio.run(attack(seed, KNOWN)) for seed in range(20)]
    seen, expected = sum(run.hits for run in runs), sum(run.expected(len(KNOWN)) for run in runs)
    scale = len(LETTERS.alphabet) ** len(KNOWN)
    print(f"half of each code known, {len(runs)} runs: {seen} hits seen, {expected:.1f} expected")
    print(f"chance of one hit in ten minutes, from those seen: {seen / len(runs) / scale:.2e}")


if __name__ == "__main__":
    main()
