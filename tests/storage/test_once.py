"""What may be shown once: of many who show it at the same moment, one is the first; a restart forgets nothing."""

import asyncio

from server.storage import Cellar
from tests.storage.story import NOW, Opened, tell

KEY = b"k" * 32


def test_dpop_04_of_fifty_who_show_the_same_proof_one_is_the_first(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        taken = await asyncio.gather(*(store.take_once(KEY, NOW + 1_000) for _ in range(50)))
        assert sorted(taken) == [False] * 49 + [True]
        assert await store.take_once(b"other" + bytes(27), NOW + 1_000)

    tell(database_url, story)


def test_dpop_04_a_restart_does_not_forget_a_proof(shared_url: str) -> None:
    async def before(store: Cellar, _: Opened) -> None:
        assert await store.take_once(KEY, NOW + 1_000)

    async def after(store: Cellar, _: Opened) -> None:
        assert not await store.take_once(KEY, NOW + 1_000)

    tell(shared_url, before)
    tell(shared_url, after)


def test_it_is_swept_when_it_could_not_be_shown_any_more(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        assert await store.take_once(KEY, NOW + 1_000)
        assert await store.sweep(NOW + 999) == 0
        assert not await store.take_once(KEY, NOW + 1_000)
        assert await store.sweep(NOW + 1_000) == 1
        assert await store.take_once(KEY, NOW + 2_000)

    tell(database_url, story)
