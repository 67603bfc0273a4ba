"""Clients, accounts, sessions and keys: kept as they are, names taken once."""

import asyncio
from dataclasses import replace

import pytest

from server.oauth.account import Account, Session
from server.oauth.client import Client
from server.oauth.store import NameTaken, Outdated, SigningKey
from server.storage import Cellar
from tests.storage.story import NOW, Opened, a_hash, tell

TV = Client(
    "tv", "TV ‹Living room›", ("urn:ietf:params:oauth:grant-type:device_code", "refresh_token"), ("a", "b"), NOW
)
ANN = Account("acc-1", "Ann", "Ann Example", "$argon2id$…", NOW)


def test_a_client_is_kept_as_it_is_and_replaced_with_news(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        backend = Client("backend", "B", ("refresh_token",), (), NOW, "client_secret", a_hash(), False)
        await store.add_client(TV)
        await store.add_client(backend)
        assert await store.find_client("tv") == TV
        assert list(await store.clients()) == [backend, TV]
        assert await store.find_client("TV") is None
        off = replace(TV, is_enabled=False)
        await store.change_client(off)
        assert await store.find_client("tv") == off
        assert it.news == [("client", "tv", TV), ("client", "backend", backend), ("client", "tv", off)]

    tell(database_url, story)


def test_a_client_id_is_taken_once_even_by_twenty_at_the_same_time(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        ends = await asyncio.gather(
            *(store.add_client(replace(TV, name=str(n))) for n in range(20)), return_exceptions=True
        )
        assert [type(end) for end in ends if end is not None] == [NameTaken] * 19
        assert await store.find_client("tv") == replace(TV, name=str(ends.index(None)))

    tell(database_url, story)


def test_a_name_differs_by_more_than_case_and_spaces(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        await store.add_account(ANN)
        for typed in ("Ann", "ann", " ANN "):
            assert await store.find_account_by_username(typed) == ANN
        with pytest.raises(NameTaken):
            await store.add_account(replace(ANN, account_id="acc-2", username="aNN"))
        bob = replace(ANN, account_id="acc-2", username="bob")
        await store.add_account(bob)
        with pytest.raises(NameTaken):
            await store.change_account(replace(bob, username="ANN"))
        assert await store.find_account("acc-2") == bob
        renamed = replace(bob, username="Robert", is_enabled=False)
        await store.change_account(renamed)
        assert await store.find_account_by_username("robert") == renamed
        assert await store.find_account_by_username("bob") is None
        assert [news.key for news in it.news] == ["acc-1", "acc-2", "acc-2"]

    tell(database_url, story)


def test_an_account_is_replaced_only_as_long_as_it_is_what_was_read(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        await store.add_account(ANN)
        await store.note_language("acc-1", "de")  # says nothing about who may sign in
        changed = replace(ANN, password_hash="$argon2id$new")
        await store.change_account(changed, was=ANN)
        for late in (replace(ANN, password_hash="$argon2id$late"), replace(ANN, is_enabled=False)):
            with pytest.raises(Outdated):
                await store.change_account(late, was=ANN)
        assert await store.find_account("acc-1") == changed
        closed = replace(changed, is_enabled=False)
        await store.change_account(closed, was=changed)
        with pytest.raises(Outdated):
            await store.change_account(changed, was=changed)
        assert await store.find_account("acc-1") == closed

    tell(database_url, story)


def test_what_is_not_there_cannot_be_replaced(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        for change in (store.change_client(TV), store.change_account(ANN), store.change_key(a_key("k", NOW))):
            with pytest.raises(LookupError):
                await change
        assert await store.clients() == []
        assert it.news == []

    tell(database_url, story)


def test_a_session_is_kept_until_it_is_ended(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        session = Session(a_hash(), "acc-1", NOW, NOW + 1_000)
        await store.add_session(session)
        assert await store.find_session(session.session_hash) == session
        await store.end_session(session.session_hash)
        await store.end_session(session.session_hash)
        assert await store.find_session(session.session_hash) is None

    tell(database_url, story)


def a_key(key_id: str, created_at: int) -> SigningKey:
    return SigningKey(key_id, "ES256", "-----BEGIN PRIVATE KEY-----\n…", created_at, created_at + 5)


def test_keys_come_oldest_first_and_changes_are_news(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        new, old = a_key("a", NOW + 9), a_key("b", NOW)
        for key in (new, old):
            await store.add_key(key)
        assert list(await store.keys()) == [old, new]
        retired = replace(old, retired_at=NOW + 99)
        await store.change_key(retired)
        assert list(await store.keys()) == [retired, new]
        assert [news.subject for news in it.news] == ["key"] * 3
        assert it.news[-1].value == retired

    tell(database_url, story)


def test_all_of_it_survives_a_restart(shared_url: str) -> None:
    session = Session(a_hash(), "acc-1", NOW, NOW + 1_000)

    async def before(store: Cellar, _: Opened) -> None:
        await store.add_client(TV)
        await store.add_account(ANN)
        await store.add_session(session)
        await store.add_key(a_key("k", NOW))

    async def after(store: Cellar, _: Opened) -> None:
        assert await store.find_client("tv") == TV
        assert await store.find_account("acc-1") == ANN
        assert await store.find_session(session.session_hash) == session
        assert list(await store.keys()) == [a_key("k", NOW)]

    tell(shared_url, before, after)
