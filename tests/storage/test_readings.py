"""Readings: of one account, newest first, bounded for each device."""

import asyncio

import pytest

from server.storage import Cellar, memory_readings, sql_readings
from server.storage.readings import Reading
from tests.storage.story import NOW, Opened, tell


def a_reading(number: int, device: str = "tv-1", account: str = "ann", stream: str = "temperature") -> Reading:
    return Reading(f"{device}-{number}", device, account, stream, number / 8, NOW + number)


def test_readings_come_back_newest_first_as_they_were(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        readings = [a_reading(n, stream=("temperature", "humidity")[n % 2]) for n in range(20)]
        await asyncio.gather(*map(store.readings.add, readings))
        await store.readings.add(a_reading(99, device="tv-2"))
        await store.readings.add(a_reading(99, device="tv-3", account="bob"))
        newest = readings[::-1]
        listed = store.readings.list
        assert list(await listed("ann")) == [a_reading(99, device="tv-2"), *newest]
        assert list(await listed("ann", "tv-1")) == newest
        assert list(await listed("ann", "tv-1", "humidity", limit=3)) == newest[::2][:3]
        assert list(await listed("ann", "tv-1", before=NOW + 10, limit=4)) == newest[10:14]
        assert list(await listed("bob", "tv-1")) == []
        assert list(await listed("nobody")) == []
        assert len(await listed("ann", limit=0)) == 1

    tell(database_url, story)


def test_a_device_keeps_only_its_newest_readings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (memory_readings, sql_readings):
        monkeypatch.setattr(module, "KEPT_PER_DEVICE", 50)

    async def story(store: Cellar, _: Opened) -> None:
        await store.readings.add(a_reading(1, device="tv-2"))
        for n in range(60):
            await store.readings.add(a_reading(n))
        kept = await store.readings.list("ann", "tv-1", limit=1_000)
        assert [reading.at - NOW for reading in kept] == list(range(59, 9, -1))
        assert len(await store.readings.list("ann", "tv-2")) == 1

    tell(database_url, story)


def test_readings_that_are_deleted_are_gone_and_no_others(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        for n in range(4):
            await store.readings.add(a_reading(n, stream=("temperature", "humidity")[n % 2]))
        await store.readings.add(a_reading(5, device="tv-2"))
        await store.readings.add(a_reading(6, device="tv-1", account="bob"))
        delete, listed = store.readings.delete, store.readings.list
        assert await delete("ann", "tv-1", "humidity") == 2
        assert await delete("ann", "tv-1", "humidity") == 0
        assert [reading.stream for reading in await listed("ann", "tv-1")] == ["temperature"] * 2
        await store.readings.add(a_reading(7))
        assert await delete("ann", "nothing") == 0
        assert await delete("ann") == 4
        assert (list(await listed("ann")), len(await listed("bob"))) == ([], 1)

    tell(database_url, story)
