"""Group commit: many callers, few commits, and nobody suffers from another's fault."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from server.oauth.store import CodeTaken, NameTaken, StorageError
from server.storage import Cellar, sqlite
from server.storage.readings import Reading
from tests.postgres import Cluster
from tests.storage.story import NOW, Opened, a_device, a_hash, approve, opened, tell
from tests.storage.test_people import ANN, TV


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every commit that SQLite's writer makes."""
    seen: list[str] = []
    make: Callable[[sqlite.Sqlite], object] = sqlite.Sqlite.writer

    def counted(self: sqlite.Sqlite) -> object:
        engine = make(self)
        event.listen(engine, "commit", lambda _: seen.append("commit"))
        return engine

    monkeypatch.setattr(sqlite.Sqlite, "writer", counted)
    return seen


def test_many_sign_ins_at_once_share_a_few_commits(tmp_path: Path, commits: list[str]) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        commits.clear()
        await asyncio.gather(*(store.add_device(a_device()) for _ in range(500)))
        assert len(await store.unexpired_devices(NOW)) == 500
        assert len(commits) < 50

    tell(f"sqlite:///{tmp_path}/porchlight.db", story)


def test_nobody_of_a_small_crowd_has_a_commit_of_their_own(tmp_path: Path, commits: list[str]) -> None:
    """One by one, the first would be written alone, while the others wait for that."""

    async def story(store: Cellar, _: Opened) -> None:
        commits.clear()
        await asyncio.gather(*(store.add_device(a_device()) for _ in range(6)))
        assert len(commits) == 1

    tell(f"sqlite:///{tmp_path}/porchlight.db", story)


def test_all_kinds_of_work_at_once_end_as_if_alone(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        first = a_device()
        await store.add_device(first)
        await store.add_client(TV)
        calls = [
            *(store.add_device(a_device()) for _ in range(10)),
            store.add_client(TV),
            store.change_device(first.code_hash, approve),
            store.change_device(a_hash(), approve),
            store.add_device(a_device(user_code_hash=first.user_code_hash)),
            store.add_account(ANN),
            *(store.add_device(a_device()) for _ in range(10)),
            store.end_family("nobody", NOW),
        ]
        ends = await asyncio.gather(*calls, return_exceptions=True)
        faults = {at: type(end) for at, end in enumerate(ends) if isinstance(end, Exception)}
        assert faults == {10: NameTaken, 12: AssertionError, 13: CodeTaken}
        assert ends[11] == approve(first)
        assert len(await store.unexpired_devices(NOW)) == 21
        assert await store.find_account("acc-1") == ANN

    tell(database_url, story)


def test_who_stops_waiting_stops_nobody_else(shared_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        many = [a_device() for _ in range(20)]
        calls = [asyncio.ensure_future(store.add_device(one)) for one in many]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        await asyncio.gather(*calls[1::2])
        there = {one.code_hash for one in await store.unexpired_devices(NOW)}
        assert {one.code_hash for one in many[1::2]} <= there

    tell(shared_url, story)


def test_a_value_that_the_database_cannot_hold_fails_its_caller_alone(postgres: Cluster) -> None:
    async def story() -> None:
        async with opened(postgres.database()) as it:
            many = [a_device() for _ in range(20)]
            many[5] = a_device(claimed_name="a\0b")
            many[9] = a_device(claimed_name="half a pair: \ud83d")
            ends = await asyncio.gather(*map(it.store.add_device, many), return_exceptions=True)
            assert [at for at, end in enumerate(ends) if end is not None] == [5, 9]
            assert {type(end) for end in ends if end is not None} == {StorageError}
            assert len(await it.store.unexpired_devices(NOW)) == 18

    asyncio.run(story())


def test_two_servers_count_the_readings_of_one_device_together(shared_url: str) -> None:
    async def story() -> None:
        async with opened(shared_url) as here, opened(shared_url) as there:
            for n in range(0, 60, 2):  # in many small transactions, so that they do meet
                pair = (Reading(f"r{m}", "tv-1", "ann", "t", m, NOW + m) for m in (n, n + 1))
                await asyncio.gather(*(it.store.readings.add(r) for it, r in zip((here, there), pair, strict=True)))
            assert [reading.value for reading in await here.store.readings.list("ann")] == list(range(59, -1, -1))

    asyncio.run(story())
