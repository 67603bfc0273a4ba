"""Guess budgets: never overdrawn by parallel tries, given back when right, kept over a restart."""

import asyncio

from server.oauth.guess import Budget
from server.storage import Cellar
from tests.storage.story import NOW, Opened, tell

SESSION, SERVICE = Budget("code/session/ab", 5, 1_000), Budget("code/service", 30, 10_000)


def test_dev_33_a_hundred_parallel_tries_never_overdraw_the_budget(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        waits = await asyncio.gather(*(store.take_tries((SESSION, SERVICE), NOW) for _ in range(100)))
        assert sorted(waits) == [0] * 5 + [1_000] * 95
        others = [Budget(f"code/session/{n}", 5, 1_000) for n in range(60)]
        waits = await asyncio.gather(*(store.take_tries((SERVICE, other), NOW) for other in others))
        assert waits.count(0) == 25, "a refused try takes nothing from the other budgets"

    tell(database_url, story)


def test_a_right_try_is_given_back(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        for _ in range(40):
            assert await store.take_tries((SESSION, SERVICE), NOW) == 0
            await store.give_back_tries((SESSION, SERVICE))
        await store.give_back_tries((SESSION, SERVICE))
        for _ in range(5):
            assert await store.take_tries((SESSION,), NOW) == 0
        assert await store.take_tries((SESSION,), NOW + 400) == 600

    tell(database_url, story)


def test_a_window_that_is_over_begins_anew(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        for moment in (NOW, NOW + 1_000):
            for _ in range(5):
                assert await store.take_tries((SESSION,), moment) == 0
            assert await store.take_tries((SESSION,), moment) > 0

    tell(database_url, story)


def test_dev_33_a_restart_gives_nobody_new_tries(shared_url: str) -> None:
    async def before(store: Cellar, _: Opened) -> None:
        for _ in range(5):
            assert await store.take_tries((SESSION,), NOW) == 0

    async def after(store: Cellar, _: Opened) -> None:
        assert await store.take_tries((SESSION,), NOW + 100) == 900

    tell(shared_url, before, after)
