"""Registration over HTTP and devices that are known beforehand: uses taken once, removals that leave nothing."""

import asyncio
from dataclasses import replace

from server.oauth.client import Client
from server.oauth.registered import InitialToken, Registered, Registration
from server.storage import Cellar
from tests.storage.story import LATER, NOW, Opened, a_hash, a_signed_in_family, tell

DEVICE, SCOPES = ("urn:ietf:params:oauth:grant-type:device_code", "refresh_token"), ("profile",)
METHODS = ("none", "private_key_jwt")


def an_initial_token(**fields: object) -> InitialToken:
    given: dict[str, object] = {"token_id": a_hash().hex(), "token_hash": a_hash(), "note": "hall, 2nd floor"}
    given |= {"grants": DEVICE, "methods": METHODS, "scopes": SCOPES}
    given |= {"created_at": NOW, "expires_at": LATER, "uses_left": 1}
    return InitialToken(**(given | fields))  # type: ignore[arg-type]


def a_client(client_id: str) -> Client:
    return Client(client_id, "A TV", DEVICE, SCOPES, NOW, is_claimed=True, jwks_uri="https://tv.example/keys")


def its_registration(client_id: str) -> Registration:
    return Registration(client_id, a_hash(), "token-1", "none", DEVICE, METHODS, SCOPES)


def renamed(found: Registered) -> Registered:
    return Registered(replace(found.client, name="Hall"), replace(found.registration, method="x"))


async def register(store: Cellar, token: InitialToken, client_id: str, now: int = NOW) -> bool:
    return await store.register_client(token.token_hash, a_client(client_id), its_registration(client_id), now)


def test_an_initial_token_is_kept_listed_and_ended(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        first, second = an_initial_token(), an_initial_token(created_at=NOW + 1, scopes=())
        for token in (second, first):
            await store.add_initial_token(token)
        assert list(await store.initial_tokens()) == [first, second]
        assert await store.find_initial_token(first.token_hash) == first
        assert await store.find_initial_token(a_hash()) is None
        assert await store.end_initial_token(first.token_id)
        assert not await store.end_initial_token(first.token_id)
        assert list(await store.initial_tokens()) == [second]

    tell(database_url, story)


def test_of_twenty_registrations_at_once_as_many_win_as_there_are_uses(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        token = an_initial_token(uses_left=3)
        await store.add_initial_token(token)
        won = await asyncio.gather(*(register(store, token, f"tv-{number}") for number in range(20)))
        assert sum(won) == 3
        assert len(await store.clients()) == 3
        assert [news.subject for news in it.news] == ["client"] * 3
        (client, *_rest) = await store.clients()
        assert client == a_client(client.client_id)
        found = await store.find_registration(client.client_id)
        assert found is not None
        assert found.permit == token.permit

    tell(database_url, story)


def test_a_token_that_is_over_or_unknown_registers_nobody(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        token = an_initial_token()
        assert not await register(store, token, "tv")
        await store.add_initial_token(token)
        assert not await register(store, token, "tv", now=LATER)
        assert await store.find_client("tv") is None
        assert await store.find_registration("tv") is None
        assert await register(store, token, "tv", now=LATER - 1)
        assert not await register(store, token, "tv2")

    tell(database_url, story)


def test_a_registration_is_replaced_with_its_client_and_only_where_there_is_one(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        token = an_initial_token()
        await store.add_initial_token(token)
        assert await store.change_registration("tv", renamed) is None
        await register(store, token, "tv")
        after = await store.change_registration("tv", renamed)
        assert after is not None
        assert (after.client.name, after.registration.method) == ("Hall", "x")
        assert (await store.find_client("tv"), await store.find_registration("tv")) == after

    tell(database_url, story)


def test_a_client_goes_with_all_it_had_and_all_that_was_signed_in_by_it(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        for client_id in ("tv", "radio"):
            token = an_initial_token()
            await store.add_initial_token(token)
            await register(store, token, client_id)
            await store.add_device_keys(client_id, ["k1", "k2"], NOW)
        mine, _token = await a_signed_in_family(store)
        other, _token = await a_signed_in_family(store, client_id="radio")
        assert await store.delete_client("tv", NOW + 5) == [mine.family_id]
        assert await store.delete_client("tv", NOW + 5) is None
        assert await store.find_client("tv") is None
        assert await store.find_registration("tv") is None
        assert list(await store.device_keys("tv")) == []
        assert not await store.is_known_device("tv", "k1")
        ended, lives = await store.find_family(mine.family_id), await store.find_family(other.family_id)
        assert ended is not None
        assert ended.ended_at == NOW + 5
        assert lives == other
        assert await store.is_known_device("radio", "k1")
        assert {("family", mine.family_id), ("client", "tv")} <= {news[:2] for news in it.news}

    tell(database_url, story)


def test_device_keys_are_added_once_found_and_removed(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        many = [f"key-{number}" for number in range(300)]
        assert await store.add_device_keys("tv", [*many, "key-1"], NOW) == 300
        assert await store.add_device_keys("tv", ["key-299", "key-300"], NOW + 1) == 1
        assert await store.is_known_device("tv", "key-0")
        assert not await store.is_known_device("radio", "key-0")
        assert [key.jkt for key in await store.device_keys("tv")][-1] == "key-300"
        assert await store.remove_device_keys("tv", ["key-0", "key-0", "nobody"]) == 1
        assert not await store.is_known_device("tv", "key-0")
        assert len(await store.device_keys("tv")) == 300

    tell(database_url, story)


def test_an_initial_token_is_swept_when_it_is_over(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        old, young = an_initial_token(), an_initial_token(expires_at=LATER + 1)
        for token in (old, young):
            await store.add_initial_token(token)
        assert await store.sweep(LATER) == 1
        assert list(await store.initial_tokens()) == [young]

    tell(database_url, story)
