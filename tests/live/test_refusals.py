"""A flood of strangers is no flood of writes, and none of it is dropped in silence."""

import asyncio
from collections.abc import Coroutine, Sequence

from server.live.refusals import ELSEWHERE, IN_ALL, NETWORKS, PER_NETWORK, Refusals
from server.oauth.event import Event, Origin, happened
from server.oauth.store import StorageError
from server.storage.memory import MemoryStore

NOW = 1_800_000_000_000 // 60_000 * 60_000
MINUTE = 60_000


class Book(MemoryStore):
    """A storage that may be away, and counts how often it was written to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False
        self.writes = 0

    async def record(self, events: Sequence[Event]) -> None:
        self.writes += 1
        if self.is_away:
            raise StorageError("away")
        await super().record(events)

    async def told(self) -> list[Event]:
        return [each.event for each in await self.events_after(0, 1_000_000)]


class Story:
    """Refusals over a book, with their background."""

    def __init__(self) -> None:
        self.book = Book()
        self.tasks: list[asyncio.Task[None]] = []
        self.refusals = Refusals(self.book, self._later)

    def _later(self, work: Coroutine[object, object, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    def refuse(self, times: int, address: str = "192.0.2.1", at: int = NOW) -> None:
        for _ in range(times):
            self.refusals.note(happened("refused", "stranger", at, Origin(address), detail="invalid_client at /token"))

    async def settle(self) -> None:
        await asyncio.gather(*self.tasks, return_exceptions=True)


def total(told: Sequence[Event]) -> int:
    return sum(event.times for event in told)


def test_a_few_refusals_are_written_one_by_one_in_one_go() -> None:
    async def story() -> None:
        it = Story()
        it.refuse(PER_NETWORK)
        assert await it.book.told() == [], "nobody waits for the storage"
        await it.settle()
        assert [event.times for event in await it.book.told()] == [1] * PER_NETWORK
        assert it.book.writes == 1
        assert it.refusals.is_settled

    asyncio.run(story())


def test_a_network_that_floods_is_counted_and_the_count_is_one_event_of_that_network() -> None:
    async def story() -> None:
        it = Story()
        it.refuse(10_000)
        it.refuse(3, "198.51.100.7")
        await it.settle()
        assert len(await it.book.told()) == PER_NETWORK + 3, "others are written still"
        it.refusals.sweep(NOW + MINUTE)
        await it.settle()
        told = await it.book.told()
        assert (told[-1].address, told[-1].times) == ("192.0.2.1", 10_000 - PER_NETWORK)
        assert total(told) == 10_003
        it.refuse(1, at=NOW + MINUTE)
        await it.settle()
        assert (await it.book.told())[-1].times == 1, "a new minute, a new share"

    asyncio.run(story())


def test_addresses_of_one_network_have_one_share() -> None:
    async def story() -> None:
        it = Story()
        for number in range(1_000):
            it.refuse(1, f"2001:db8::{number:x}")
        await it.refusals.finish(NOW)
        told = await it.book.told()
        assert (len(told), total(told)) == (PER_NETWORK + 1, 1_000)

    asyncio.run(story())


def test_a_flood_from_everywhere_is_bounded_too_and_counted_whole() -> None:
    async def story() -> None:
        it = Story()
        for number in range(20_000):
            it.refuse(1, f"10.{number // 65_536}.{number // 256 % 256}.{number % 256}")
        await it.settle()
        assert len(await it.book.told()) == IN_ALL
        it.refusals.sweep(NOW + MINUTE)
        await it.settle()
        told = await it.book.told()
        assert len(told) == IN_ALL + NETWORKS + 1
        assert total(told) == 20_000
        assert told[-1].address == ELSEWHERE

    asyncio.run(story())


def test_what_a_storage_that_is_away_could_not_take_is_counted() -> None:
    async def story() -> None:
        it = Story()
        it.book.is_away = True
        it.refuse(5)
        await it.settle()
        it.book.is_away = False
        it.refusals.sweep(NOW + MINUTE)
        await it.settle()
        assert [event.times for event in await it.book.told()] == [5]

    asyncio.run(story())


def test_the_counts_of_the_last_minute_are_written_at_the_end() -> None:
    async def story() -> None:
        it = Story()
        it.refuse(100)
        await it.refusals.finish(NOW + 1)
        assert total(await it.book.told()) == 100
        it.book.is_away = True
        it.refuse(1, "192.0.2.2")
        await it.refusals.finish(NOW + 2)  # an end that cannot write is an end still

    asyncio.run(story())
