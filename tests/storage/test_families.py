"""Token families: rotation in turns, the reuse alarm, the end that stays."""

import asyncio
from dataclasses import replace

import pytest

from server.oauth.client import Client
from server.oauth.errors import InvalidGrant
from server.oauth.token import Family, RefreshToken, Rotation, end, rotate
from server.storage import Cellar
from tests.storage.story import NOW, Opened, a_hash, a_signed_in_family, a_token, tell


def test_redemption_opens_the_family_and_its_refresh_token(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        family, token = await a_signed_in_family(store, claimed_name="TV", address="192.0.2.7")
        assert await store.find_family(family.family_id) == family
        assert await store.find_refresh_token(token.token_hash) == (token, family)
        assert await store.find_refresh_token(a_hash()) is None
        assert await store.find_family("nobody") is None

    tell(database_url, story)


def test_a_person_sees_their_own_devices_newest_activity_first(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        old, _token = await a_signed_in_family(store, last_seen_at=NOW)
        new, _token = await a_signed_in_family(store, last_seen_at=NOW + 9)
        other, _token = await a_signed_in_family(store, account_id="bob", last_seen_at=NOW + 5)
        assert list(await store.families("ann")) == [new, old]
        assert list(await store.families("bob")) == [other]
        assert list(await store.families()) == [new, other, old]

    tell(database_url, story)


def test_ending_a_family_twice_is_no_error_and_the_first_moment_stays(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        family, _token = await a_signed_in_family(store)
        ended = replace(family, ended_at=NOW + 5)
        assert await store.end_family(family.family_id, NOW + 5) == ended
        assert await it.heard("family", family.family_id) == ("family", family.family_id, ended)
        assert await store.end_family(family.family_id, NOW + 9) == ended
        assert await store.find_family(family.family_id) == ended
        assert await store.end_family("nobody", NOW) is None
        assert list(await store.ended_families(NOW + 5)) == [family.family_id]
        assert list(await store.ended_families(NOW + 6)) == []

    tell(database_url, story)


def test_a_rotation_writes_all_it_says(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        family, token = await a_signed_in_family(store)
        successor = a_token(family)
        it.news.clear()
        rotation = await store.rotate(token.token_hash, lambda shown, f: rotate(f, shown, successor, "tv", NOW + 4))
        seen, spent = replace(family, last_seen_at=NOW + 4), replace(token, spent_at=NOW + 4)
        assert rotation == Rotation(seen, spent, successor)
        assert await store.find_refresh_token(token.token_hash) == (spent, seen)
        assert await store.find_refresh_token(successor.token_hash) == (successor, seen)
        assert it.news == []
        assert await store.rotate(a_hash(), lambda _shown, _family: pytest.fail("asked for an unknown token")) is None

    tell(database_url, story)


def test_a_refused_rotation_changes_nothing(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        family, token = await a_signed_in_family(store)
        it.news.clear()
        another = await store.rotate(
            token.token_hash, lambda shown, f: rotate(f, shown, a_token(f), "another client", NOW + 4)
        )
        assert another is not None
        assert isinstance(another.refusal, InvalidGrant)

        def fail(_shown: RefreshToken, _family: Family) -> Rotation:
            raise InvalidGrant("no")

        with pytest.raises(InvalidGrant):
            await store.rotate(token.token_hash, fail)
        assert await store.find_refresh_token(token.token_hash) == (token, family)
        assert it.news == []

    tell(database_url, story)


def test_two_refreshes_of_one_token_at_once_make_one_successor_and_raise_the_alarm(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        for _ in range(10):
            family, token = await a_signed_in_family(store)
            successors = [a_token(family), a_token(family)]
            it.news.clear()
            rotations = await asyncio.gather(
                *(
                    store.rotate(token.token_hash, lambda shown, f, new=new: rotate(f, shown, new, "tv", NOW + 4))
                    for new in successors
                )
            )
            kept = [new for new in successors if await store.find_refresh_token(new.token_hash)]
            assert len(kept) == 1
            assert sorted(rotation.refusal is None for rotation in rotations if rotation) == [False, True]
            ended = await store.find_family(family.family_id)
            assert ended is not None
            assert ended.ended_at == NOW + 4
            assert it.news == [("family", family.family_id, ended)]

    tell(database_url, story)


def test_a_refresh_racing_with_the_sign_out_never_revives_the_family(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        for _ in range(10):
            family, token = await a_signed_in_family(store)
            await asyncio.gather(
                store.rotate(token.token_hash, lambda shown, f: rotate(f, shown, a_token(f), "tv", NOW + 4)),
                store.end_family(family.family_id, NOW + 5),
            )
            ended = await store.find_family(family.family_id)
            assert ended is not None
            assert ended.ended_at == NOW + 5

    tell(database_url, story)


def test_the_app_of_a_family_is_owed_word_of_its_end_in_the_same_write(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        openid = {"scopes": ("openid", "profile")}
        told = Client("told", "Told", (), (), NOW, backchannel_logout_uri="https://app.example/out")
        for client in (told, replace(told, client_id="quiet", backchannel_logout_uri="")):
            await store.add_client(client)
        family, _token = await a_signed_in_family(store, client_id="told", **openid)
        quiet, _token = await a_signed_in_family(store, client_id="quiet", **openid)
        api_alone, _token = await a_signed_in_family(store, client_id="told", scopes=("profile",))
        spent, token = await a_signed_in_family(store, client_id="told", **openid)
        for each in (family, family, quiet, api_alone):
            await store.end_family(each.family_id, NOW + 5)
        await store.rotate(token.token_hash, lambda shown, found: Rotation(end(found, NOW + 6), shown))
        owed = await store.claim_deliveries(NOW + 10, 10)
        assert [(each.kind, each.subject) for each in owed] == [
            ("logout", family.family_id),
            ("logout", spent.family_id),
        ]
        assert (owed[0].account_id, owed[0].due_at) == (family.account_id, NOW + 5)

    tell(database_url, story)
