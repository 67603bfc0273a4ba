"""Device authorizations: kept, found, changed one at a time, redeemed once."""

import asyncio
from dataclasses import replace

import pytest

from server.oauth.device import DeviceAuthorization
from server.oauth.errors import InvalidGrant
from server.oauth.store import CodeTaken
from server.oauth.verification import NotPending
from server.storage import Cellar
from tests.storage.story import LATER, NOW, Opened, a_device, a_family, a_hash, a_token, approve, deny, redeem, tell


def test_what_was_added_is_found_by_both_codes_and_is_the_same(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        bare = a_device(scopes=(), address="", claimed_name=None)
        for authorization in (a_device(), bare):
            await store.add_device(authorization)
            assert await store.find_device(authorization.code_hash) == authorization
            assert await store.find_device_by_user_code(authorization.user_code_hash) == authorization
        assert await store.find_device(a_hash()) is None
        assert await store.find_device_by_user_code(bare.code_hash) is None

    tell(database_url, story)


def test_a_new_sign_in_is_no_news(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        await store.add_device(a_device())
        assert it.news == []

    tell(database_url, story)


def test_dev_08_a_user_code_in_use_is_refused_and_the_first_sign_in_stays(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        first = a_device()
        await store.add_device(first)
        with pytest.raises(CodeTaken):
            await store.add_device(a_device(user_code_hash=first.user_code_hash))
        assert await store.find_device_by_user_code(first.user_code_hash) == first

    tell(database_url, story)


def test_a_collision_among_fifty_at_once_fails_one_and_no_other(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        many = [a_device() for _ in range(50)]
        many[30] = replace(many[30], user_code_hash=many[10].user_code_hash)
        ends = await asyncio.gather(*map(store.add_device, many), return_exceptions=True)
        assert [type(end) for end in ends if end is not None] == [CodeTaken]
        kept = [one for one in many if await store.find_device(one.code_hash)]
        assert len(kept) == 49
        assert {one.user_code_hash for one in kept} == {one.user_code_hash for one in many}

    tell(database_url, story)


def test_a_change_is_kept_and_told_at_once_with_what_it_made(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        authorization = a_device()
        await store.add_device(authorization)
        approved = await store.change_device(authorization.code_hash, approve)
        assert approved == approve(authorization)
        assert it.news == [("device", authorization.code_hash.hex(), approved)]
        assert await store.find_device(authorization.code_hash) == approved

    tell(database_url, story)


def test_a_change_that_raises_writes_nothing_and_its_reason_arrives(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        authorization = a_device()
        await store.add_device(authorization)

        def refuse(_: DeviceAuthorization | None) -> DeviceAuthorization:
            raise InvalidGrant("not this one")

        with pytest.raises(InvalidGrant, match="not this one"):
            await store.change_device(authorization.code_hash, refuse)
        with pytest.raises(InvalidGrant):
            await store.redeem_device(authorization.code_hash, refuse, family := a_family(), a_token(family))
        assert await store.find_family(family.family_id) is None
        assert await store.find_device(authorization.code_hash) == authorization
        assert it.news == []

    tell(database_url, story)


def test_a_change_of_an_unknown_code_sees_none(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        seen: list[DeviceAuthorization | None] = []

        def look(found: DeviceAuthorization | None) -> DeviceAuthorization:
            seen.append(found)
            return redeem(found)

        with pytest.raises(InvalidGrant):
            await store.change_device(a_hash(), look)
        assert set(seen) == {None}
        with pytest.raises(LookupError):
            await store.change_device(a_hash(), lambda _: a_device())

    tell(database_url, story)


def test_one_refusal_among_many_changes_at_once_disturbs_nobody(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        many = [a_device() for _ in range(40)]
        await asyncio.gather(*map(store.add_device, many))
        await store.change_device(many[7].code_hash, deny)
        ends = await asyncio.gather(
            *(store.change_device(one.code_hash, approve) for one in many), return_exceptions=True
        )
        assert [at for at, end in enumerate(ends) if isinstance(end, NotPending)] == [7]
        assert [end.state for end in ends if isinstance(end, DeviceAuthorization)] == ["approved"] * 39

    tell(database_url, story)


def test_dev_31_of_fifty_redemptions_at_once_one_succeeds(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        authorization = a_device()
        await store.add_device(authorization)
        await store.change_device(authorization.code_hash, approve)
        it.news.clear()
        families = [a_family() for _ in range(50)]
        ends = await asyncio.gather(
            *(store.redeem_device(authorization.code_hash, redeem, f, a_token(f)) for f in families),
            return_exceptions=True,
        )
        winners = [end for end in ends if isinstance(end, DeviceAuthorization)]
        assert [winner.state for winner in winners] == ["redeemed"]
        assert sum(isinstance(end, InvalidGrant) for end in ends) == 49
        (family,) = await store.families()
        assert family == families[ends.index(winners[0])]
        assert [news.subject for news in it.news] == ["device"]

    tell(database_url, story)


def test_approve_and_deny_at_the_same_instant_one_wins_and_the_other_hears_it(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        many = [a_device() for _ in range(20)]
        await asyncio.gather(*map(store.add_device, many))
        for one in many:
            ends = await asyncio.gather(
                store.change_device(one.code_hash, approve),
                store.change_device(one.code_hash, deny),
                return_exceptions=True,
            )
            (lost,) = [end for end in ends if isinstance(end, NotPending)]
            found = await store.find_device(one.code_hash)
            assert found is not None
            assert found.state == lost.authorization.state
            assert found.state in ("approved", "denied")

    tell(database_url, story)


def test_after_a_restart_all_unexpired_sign_ins_are_there_whatever_their_state(shared_url: str) -> None:
    late, pending, approved = a_device(expires_at=NOW), a_device(), a_device()

    async def before(store: Cellar, _: Opened) -> None:
        await asyncio.gather(*map(store.add_device, (late, pending, approved)))
        await store.change_device(approved.code_hash, approve)
        found = {one.code_hash: one for one in await store.unexpired_devices(NOW)}
        assert found == {pending.code_hash: pending, approved.code_hash: approve(approved)}
        assert list(await store.unexpired_devices(LATER)) == []

    async def after(store: Cellar, _: Opened) -> None:
        found = {one.code_hash: one for one in await store.unexpired_devices(NOW)}
        assert found == {pending.code_hash: pending, approved.code_hash: approve(approved)}

    tell(shared_url, before, after)
