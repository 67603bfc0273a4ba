"""What is known of clients never outlives news of them, and one network gets its share of requests."""

import asyncio
from dataclasses import replace

from server.live.families import Clients
from server.live.shares import WINDOW, Shares
from server.oauth.client import Client
from server.oauth.store import News
from server.storage.memory import MemoryStore

TV = Client("tv", "TV", ("device_code",), (), 1)


class Slow(MemoryStore):
    """A store whose answer about a client is on its way while the world goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def find_client(self, client_id: str) -> Client | None:
        found = await super().find_client(client_id)
        self.asked.set()
        await self.go_on.wait()
        return found


def test_a_client_that_was_disabled_while_it_was_looked_up_is_not_remembered_as_it_was() -> None:
    async def story() -> None:
        store = Slow()
        clients = Clients(store)
        await store.open(clients.hear)
        await store.add_client(TV)
        asked = asyncio.create_task(clients.find("tv"))
        await store.asked.wait()
        await store.change_client(replace(TV, is_enabled=False))
        store.go_on.set()
        await asked
        found = await clients.find("tv")
        assert found is not None
        assert not found.is_enabled

    asyncio.run(story())


def test_clients_are_read_once_until_there_is_news() -> None:
    async def story() -> None:
        store = Slow()
        store.go_on.set()
        clients = Clients(store)
        await store.add_client(TV)
        await clients.find("tv")
        store.asked.clear()
        await clients.find("tv")
        assert not store.asked.is_set()
        clients.hear(News("client", "tv"))
        await clients.find("tv")
        assert store.asked.is_set()

    asyncio.run(story())


def test_xd_13_one_network_has_its_share_of_requests_in_ten_minutes() -> None:
    shares = Shares(2)
    assert [shares.take("203.0.113.7", now) for now in (0, 1, 2)] == [0, 0, WINDOW - 2]
    assert shares.take("203.0.113.8", 2) == 0
    assert [shares.take(f"2001:db8::{host}", 3) for host in (1, 2, 3)] == [0, 0, WINDOW]
    assert shares.take("203.0.113.7", WINDOW) == 0
    shares.sweep(3 * WINDOW)
    assert shares._taken == {}
