"""News: what one server changes, another on the same database hears within a quarter of a second."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from server.oauth.store import News
from server.storage import open_storage, sqlite, sweep
from tests.postgres import Cluster
from tests.storage.story import NOW, a_device, a_signed_in_family, approve, opened
from tests.storage.test_people import ANN, TV, a_key


def test_another_server_hears_every_kind_of_change_and_is_told_to_look(shared_url: str) -> None:
    async def story() -> None:
        async with opened(shared_url) as here, opened(shared_url) as there:
            family, _token = await a_signed_in_family(here.store)
            await here.store.end_family(family.family_id, NOW)
            await here.store.add_client(TV)
            await here.store.add_account(ANN)
            await here.store.add_key(a_key("k", NOW))
            await there.heard("key", "k")
            here.news.clear()
            await here.store.change_account(replace(ANN, is_enabled=False))
            assert await there.heard("account", "acc-1") == News("account", "acc-1", None)
            await there.store.change_client(replace(TV, is_enabled=False))
            assert await here.heard("client", "tv") == News("client", "tv", None)
            await asyncio.sleep(0.3)
            assert here.news == [], "nobody hears their own change twice"

    asyncio.run(story())


def test_a_decision_reaches_another_server_in_a_quarter_of_a_second(shared_url: str) -> None:
    async def story() -> None:
        async with opened(shared_url) as here, opened(shared_url) as there:
            took = []
            for _ in range(5):
                authorization = a_device()
                await here.store.add_device(authorization)
                await here.store.change_device(authorization.code_hash, approve)
                decided = time.monotonic()
                await there.heard("device", authorization.code_hash.hex())
                took.append(time.monotonic() - decided)
                assert await there.store.find_device(authorization.code_hash) == approve(authorization)
            assert sorted(took)[2] < 0.25

    asyncio.run(story())


def test_no_change_of_a_busy_server_is_missed_and_their_order_is_kept(shared_url: str) -> None:
    async def story() -> None:
        async with opened(shared_url) as here, opened(shared_url) as there:
            many = [a_device() for _ in range(300)]
            await asyncio.gather(*map(here.store.add_device, many))
            await asyncio.gather(*(here.store.change_device(one.code_hash, approve) for one in many))
            await here.store.add_client(TV)
            await there.heard("client", "tv")
            in_order = [*(("device", one.code_hash.hex()) for one in many), ("client", "tv")]
            assert [news[:2] for news in here.all] == in_order
            assert [news[:2] for news in there.all] == in_order

    asyncio.run(story())


def test_whoever_hears_badly_stops_no_news_and_no_answer(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[News] = []

    def hear(news: News) -> None:
        heard.append(news)
        raise RuntimeError("deaf")

    async def story() -> None:
        store = open_storage(database_url)
        await store.open(hear)
        await store.add_client(TV)
        await store.add_account(ANN)
        await store.close()

    asyncio.run(story())
    assert [news.subject for news in heard] == ["client", "account"]
    assert "news of client could not be heard" in caplog.text


def test_the_outbox_is_swept_and_who_fell_behind_is_told_that_news_were_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "NEWS_KEPT", 10)
    monkeypatch.setattr(sqlite, "_LOOK_EVERY", 0.5)

    async def story() -> None:
        url = f"sqlite:///{tmp_path}/porchlight.db"
        async with opened(url) as here, opened(url) as there:
            await asyncio.sleep(0.6)  # it has looked just now
            many = [replace(TV, client_id=f"tv-{n}") for n in range(50)]
            await asyncio.gather(*map(here.store.add_client, many))
            assert await here.store.sweep(0) == 42  # and two rows of those who opened
            assert await here.store.sweep(0) == 0
            await there.heard("client", "tv-49")
            await there.heard("lost", "found")

    asyncio.run(story())


def test_who_loses_the_server_hears_it_at_once_and_again_when_it_is_back(postgres: Cluster) -> None:
    async def story() -> None:
        async with opened(postgres.database()) as here:
            with postgres.stopped():
                await here.heard("lost")
                assert here.news == []
            await here.heard("lost", "found")
            await here.store.add_client(TV)
            await here.heard("client", "tv")

    asyncio.run(story())


def test_after_the_loss_two_servers_hear_each_other_again(postgres: Cluster) -> None:
    async def story(url: str) -> None:
        async with opened(url) as here, opened(url) as there:
            with postgres.stopped(crash=True):
                for it in (here, there):
                    await it.heard("lost")
            for it in (here, there):
                await it.heard("lost", "found")
            await here.store.add_client(TV)
            await there.heard("client", "tv")

    asyncio.run(story(postgres.database()))


def test_strange_notifications_make_nobody_trust_their_memory(postgres: Cluster) -> None:
    async def story(url: str) -> None:
        async with opened(url) as here:
            with psycopg.connect(url, autocommit=True) as stranger:
                for payload in ("", "{", "[1, 2]", "17", '["x", "weather", "rain"]', '["x", "client", null]'):
                    stranger.execute("SELECT pg_notify('porchlight', %s)", (payload,))
                    await here.heard("lost", "found")
                stranger.execute("""SELECT pg_notify('porchlight', '["x", "client", "radio"]')""")
                await here.heard("client", "radio")
            assert len(here.all) == 7, "and none of it broke the line"

    asyncio.run(story(postgres.database()))
