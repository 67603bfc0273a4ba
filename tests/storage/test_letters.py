"""Links, deliveries, browsers and names: kept as they are, taken once."""

import asyncio
from dataclasses import replace

import pytest

from server.oauth.account import Account, Session
from server.oauth.delivery import LEASE_FOR, owed, postponed
from server.oauth.link import Link
from server.oauth.store import NameTaken
from server.storage import Cellar
from tests.storage.story import NOW, Opened, a_hash, a_signed_in_family, tell

ANN = Account("acc-1", "Ann", "Ann", "$argon2id$…", NOW, email="ann@example.com")


def a_link(**fields: object) -> Link:
    return replace(Link(a_hash(), "reset", NOW, NOW + 1_000, account_id="acc-1"), **fields)  # type: ignore[arg-type]


def test_an_address_belongs_to_one_person(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        bob = Account("acc-2", "bob", "Bob", "", NOW)
        for account in (ANN, bob, replace(bob, account_id="acc-3", username="cy")):
            await store.add_account(account)  # several may have none
        assert await store.find_account_by_email("ann@example.com") == ANN
        assert await store.find_account_by_email("") is None
        with pytest.raises(NameTaken):
            await store.change_account(replace(bob, email="ann@example.com"))
        with pytest.raises(NameTaken):
            await store.add_account(replace(bob, account_id="acc-4", username="dee", email="ann@example.com"))
        await store.change_account(replace(ANN, email="new@example.com", is_email_verified=True))
        await store.change_account(replace(bob, email="ann@example.com"))
        assert [account.username for account in await store.accounts()] == ["Ann", "bob", "cy"]

    tell(database_url, story)


def test_of_many_who_take_a_link_one_gets_it(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        link = a_link()
        await store.add_link(link)
        assert await store.find_link(link.link_hash) == link
        taken = await asyncio.gather(*(store.take_link(link.link_hash) for _ in range(10)))
        assert sorted(taken, key=bool) == [None] * 9 + [link]
        assert await store.find_link(link.link_hash) is None

    tell(database_url, story)


def test_links_of_one_kind_are_forgotten_together_and_swept_when_over(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        gone, other, theirs = a_link(), a_link(purpose="device"), a_link(account_id="acc-2")
        for link in (gone, other, theirs):
            await store.add_link(link)
        await store.forget_links("acc-1", "reset")
        assert await store.find_link(gone.link_hash) is None
        assert await store.find_link(other.link_hash) == other
        assert await store.sweep(NOW + 999) == 0
        assert await store.sweep(NOW + 1_000) == 2
        assert await store.find_link(theirs.link_hash) is None

    tell(database_url, story)


def test_what_is_owed_is_claimed_by_one_until_its_lease_is_over(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        one, two = owed("reset", "a", NOW, lasts_for=10**9), owed("reset", "b", NOW + 1, lasts_for=10**9)
        await store.owe([one, two])
        assert [(news.subject, news.key) for news in it.news] == [
            ("delivery", one.delivery_id),
            ("delivery", two.delivery_id),
        ]
        claims = await asyncio.gather(*(store.claim_deliveries(NOW + 1, 1) for _ in range(4)))
        assert sorted(each.subject for claim in claims for each in claim) == ["a", "b"]
        assert await store.claim_deliveries(NOW + LEASE_FOR, 9) == []
        again = await store.claim_deliveries(NOW + 1 + LEASE_FOR, 9)
        assert sorted(each.subject for each in again) == ["a", "b"]
        later = postponed(one, NOW)
        assert later is not None
        await store.postpone_delivery(later)
        await store.settle_delivery(two.delivery_id)
        await store.postpone_delivery(two)  # it is gone and stays gone
        assert await store.claim_deliveries(later.due_at - 1, 9) == []
        assert await store.claim_deliveries(later.due_at, 9) == [later]
        assert await store.sweep(NOW + 10**9) == 1

    tell(database_url, story)


def test_browsers_are_listed_used_and_ended(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        old, new = (Session(a_hash(), "acc-1", NOW + n, NOW + 10**6, browser=f"b{n}", last_used_at=NOW) for n in (0, 1))
        other = Session(a_hash(), "acc-2", NOW, NOW + 10**6)
        for session in (old, new, other):
            await store.add_session(session)
        await store.use_session(old.session_hash, NOW + 5)
        await store.use_session(old.session_hash, NOW + 4)  # news that comes late takes nothing back
        used = replace(old, last_used_at=NOW + 5)
        assert list(await store.sessions("acc-1")) == [used, new]
        assert await store.end_sessions("acc-1", but=old.session_hash) == 1
        assert list(await store.sessions("acc-1")) == [used]
        assert await store.end_sessions("acc-1") == 1
        assert await store.find_session(other.session_hash) == other

    tell(database_url, story)


def test_a_device_is_called_what_its_person_calls_it(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        family, _token = await a_signed_in_family(store)
        assert await store.name_family(family.family_id, "Küche 📺")
        found = await store.find_family(family.family_id)
        assert found == replace(family, given_name="Küche 📺")
        assert not await store.name_family("no-such-family", "x")

    tell(database_url, story)


def test_what_a_person_speaks_is_noted_and_nothing_else_of_them_changes(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        account = Account("acc-1", "ana", "Ana", "hash", NOW)
        await store.add_account(account)
        await store.note_language("acc-1", "pt-BR")
        assert await store.find_account("acc-1") == replace(account, language="pt-BR")
        await store.note_language("nobody", "fr")

    tell(database_url, story)
