"""Which families have ended and which clients there are: known at once by news, and read again after silence."""

import asyncio
from dataclasses import replace

from server.live.families import Clients, EndedFamilies
from server.oauth.client import Client
from server.oauth.store import News
from server.oauth.token import Family
from server.storage.memory import MemoryStore

NOW = 1_000_000
CLIENT = Client("tv", "Aurora TV", (), (), NOW)


def test_a_family_that_ended_is_known_until_its_tokens_are_dead() -> None:
    ended = EndedFamilies(MemoryStore(), remember_for=900_000)
    ended.hear(News("family", "f"), NOW)
    ended.hear(News("client", "g"), NOW)
    assert "f" in ended
    assert "g" not in ended
    ended.sweep(NOW + 899_999)
    assert "f" in ended
    ended.sweep(NOW + 900_000)
    assert "f" not in ended


def test_after_a_restart_what_ended_lately_is_known() -> None:
    async def story() -> None:
        store = MemoryStore()
        family = Family("f", "tv", "ana", "d", (), NOW, NOW, NOW + 10_000_000, NOW)
        store._families = {"f": replace(family, ended_at=NOW), "g": family}
        ended = EndedFamilies(store, remember_for=900_000)
        await ended.load(NOW + 900_000)
        assert "f" in ended
        assert "g" not in ended
        late = EndedFamilies(store, remember_for=900_000)
        await late.load(NOW + 900_001)
        assert "f" not in late

    asyncio.run(story())


def test_a_client_is_read_once_and_again_after_news() -> None:
    async def story() -> None:
        store = MemoryStore()
        clients = Clients(store)
        await store.open(lambda news: None)
        await store.add_client(CLIENT)
        assert await clients.find("tv") == CLIENT
        assert await clients.find("nobody") is None
        disabled = replace(CLIENT, is_enabled=False)
        await store.change_client(disabled)
        assert await clients.find("tv") == CLIENT
        for news in (News("client", "tv"), News("lost")):
            clients.hear(news)
            assert await clients.find("tv") == disabled

    asyncio.run(story())
