"""Open pages: woken by what concerns them, bounded, and let go when the house closes."""

import asyncio
from dataclasses import replace

from server.live.watchers import IN_ALL, PER_PERSON, Watchers
from server.oauth.store import FOUND, News
from tests.storage.story import a_device, a_family


def test_a_page_is_woken_by_its_own_news_alone() -> None:
    async def story() -> None:
        watchers = Watchers()
        device, family = replace(a_device(), account_id="ann"), a_family()
        code, list_, other = (
            watchers.begin("ann", f"device/{device.code_hash.hex()}"),
            watchers.begin("ann", "account/ann"),
            watchers.begin("bob", "account/bob"),
        )
        assert code is not None
        assert list_ is not None
        assert other is not None
        watchers.hear(News("device", device.code_hash.hex(), device))
        assert [await each.wait(0.01) for each in (code, list_, other)] == [True, True, False]
        watchers.hear(News("family", family.family_id, family))
        assert [await each.wait(0.01) for each in (code, list_, other)] == [False, True, False]
        for news in (News("family", "told-by-another-server"), FOUND):
            watchers.hear(news)
            assert [await each.wait(0.01) for each in (code, list_, other)] == [True, True, True]

    asyncio.run(story())


def test_one_person_and_all_together_hold_so_many_places_and_give_them_back() -> None:
    async def story() -> None:
        watchers = Watchers()
        mine = [watchers.begin("ann", "account/ann") for _ in range(PER_PERSON + 1)]
        assert mine[-1] is None
        first = mine[0]
        assert first is not None
        with first:
            pass
        assert watchers.begin("ann", "account/ann") is not None
        others = [watchers.begin(f"p{n}", "account/p") for n in range(IN_ALL)]
        assert others.count(None) == PER_PERSON
        assert len(watchers) == IN_ALL

    asyncio.run(story())


def test_every_page_is_let_go_when_the_house_closes() -> None:
    async def story() -> None:
        watchers = Watchers()
        watcher = watchers.begin("ann", "account/ann")
        assert watcher is not None
        waiting = asyncio.create_task(watcher.wait(30))
        await asyncio.sleep(0)
        watchers.close()
        assert await waiting
        assert watchers.is_closed
        assert watchers.begin("ann", "account/ann") is None

    asyncio.run(story())
