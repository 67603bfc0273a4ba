"""Backchannel requests: one of an app waits at a time, what is owed is found, mutes and codes are kept."""

import asyncio
from functools import partial
from typing import Any

import pytest

from server.oauth import backchannel
from server.oauth.backchannel import AskedAlready, BackchannelRequest, NotDue, NotPending
from server.oauth.errors import InvalidGrant
from server.oauth.prompts import Mute, RequestCode, mute_key
from server.storage import Cellar
from tests.storage.story import LATER, NOW, Opened, a_family, a_hash, a_token, tell

DAY = 86_400_000


def a_request(**fields: Any) -> BackchannelRequest:
    """A request that waits, of a client unlike all others."""
    name = a_hash()
    given = {"request_hash": name, "client_id": f"app-{name[-4:].hex()}", "account_id": "ann", "scopes": ("openid",)}
    more = {"created_at": NOW, "expires_at": LATER, "binding_message": "ü 7 “x”", "address": "192.0.2.1"}
    return BackchannelRequest(**(given | more | fields))


def approve(found: BackchannelRequest | None) -> BackchannelRequest:
    facts: dict[str, Any] = {"account_id": "ann", "auth_time": NOW, "amr": ("pwd",), "address": "192.0.2.9"}
    return backchannel.approve(found, **facts, scopes=None, now=NOW + 1)


def deny(found: BackchannelRequest | None) -> BackchannelRequest:
    return backchannel.deny(found, account_id="ann", now=NOW + 1)


def test_it_is_found_as_it_was_kept_and_waits_for_its_person_alone(database_url: str) -> None:
    async def story(store: Cellar, opened: Opened) -> None:
        first, second = a_request(created_at=NOW - 5), a_request(mode="push", sealed="open:{}", due_at=LATER, jkt="k")
        others = a_request(account_id="ben"), a_request(expires_at=NOW), a_request()
        for each in (second, first, *others):
            await store.add_backchannel(each)
        assert await store.find_backchannel(second.request_hash) == second
        assert await store.find_backchannel(a_hash()) is None
        await store.change_backchannel(others[2].request_hash, deny)
        await opened.heard("backchannel", others[2].request_hash.hex())
        assert list(await store.backchannels("ann", NOW)) == [first, second]
        assert list(await store.backchannels("ann", LATER)) == []

    tell(database_url, story)


def test_of_twenty_of_an_app_at_once_one_is_kept_and_gives_way_when_it_is_over(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        many = [a_request(client_id="till") for _ in range(20)]
        tried = await asyncio.gather(*map(store.add_backchannel, many), return_exceptions=True)
        assert [type(each) for each in tried].count(AskedAlready) == 19
        (waiting,) = await store.backchannels("ann", NOW)
        await store.add_backchannel(a_request(client_id="till", account_id="ben"))
        await store.change_backchannel(waiting.request_hash, approve)
        again = a_request(client_id="till")
        await store.add_backchannel(again)
        late = a_request(client_id="till", created_at=LATER, expires_at=LATER + 9)
        await store.add_backchannel(late)
        assert list(await store.backchannels("ann", LATER)) == [late]
        with pytest.raises(NotDue):
            await store.change_backchannel(again.request_hash, backchannel.brought)
        with pytest.raises(LookupError):
            await store.change_backchannel(a_hash(), lambda _: a_request())

    tell(database_url, story)


def test_of_twenty_answers_one_is_taken_and_of_twenty_redemptions_one_opens_its_family(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        request = a_request(client_id="till")
        await store.add_backchannel(request)
        answers = (store.change_backchannel(request.request_hash, approve) for _ in range(20))
        tried = await asyncio.gather(*answers, return_exceptions=True)
        assert [type(each) for each in tried].count(NotPending) == 19
        families = [a_family() for _ in range(20)]

        async def redeem(number: int) -> BackchannelRequest:
            family = families[number]
            change = partial(backchannel.redeem, client_id="till", family_id=family.family_id, now=NOW + 2)
            return await store.redeem_backchannel(request.request_hash, change, family, a_token(family))

        bought = await asyncio.gather(*map(redeem, range(20)), return_exceptions=True)
        assert [type(each) for each in bought].count(InvalidGrant) == 19
        (won,) = (each for each in bought if isinstance(each, BackchannelRequest))
        assert [family.family_id for family in await store.families()] == [won.family_id]

    tell(database_url, story)


def test_what_is_owed_is_claimed_by_one(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        late, soon, never = (a_request(mode="ping", due_at=at) for at in (LATER, NOW + 5, None))
        for each in (late, soon, never):
            await store.add_backchannel(each)
        assert list(await store.due_backchannels(NOW + 4, 9)) == []
        assert [each.request_hash for each in await store.due_backchannels(LATER, 9)] == [
            soon.request_hash,
            late.request_hash,
        ]
        assert len(await store.due_backchannels(LATER, 1)) == 1
        claims = (store.change_backchannel(soon.request_hash, partial(backchannel.claim, now=NOW + 5)) for _ in "ab")
        tried = await asyncio.gather(*claims, return_exceptions=True)
        assert sorted(type(each).__name__ for each in tried) == ["BackchannelRequest", "NotDue"]

    tell(database_url, story)


def test_an_answer_outlives_a_restart_and_so_does_what_is_owed(shared_url: str) -> None:
    request = a_request(mode="push", due_at=LATER, sealed="open:{}")

    async def before(store: Cellar, _: Opened) -> None:
        await store.add_backchannel(request)
        await store.change_backchannel(request.request_hash, approve)

    async def after(store: Cellar, _: Opened) -> None:
        (owed,) = await store.due_backchannels(NOW + 1, 9)
        assert (owed.state, owed.amr, owed.decided_from, owed.sealed) == ("approved", ("pwd",), "192.0.2.9", "open:{}")

    tell(shared_url, before)
    tell(shared_url, after)


def test_mutes_and_codes_are_replaced_and_ended(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        mute = Mute(mute_key("ann", "till"), "ann", "till", NOW + 5)
        longer = Mute(mute.key, "ann", "till", LATER)
        await store.put_mute(mute)
        await store.put_mute(longer)
        await store.put_mute(Mute(mute_key("ben", "till"), "ben", "till", LATER))
        assert list(await store.mutes("ann", NOW + 5)) == [longer]
        assert list(await store.mutes("ann", LATER)) == []
        await store.end_mute(longer.key)
        assert list(await store.mutes("ann", NOW)) == []
        assert await store.find_request_code("ann") is None
        for code_hash in ("a", "b"):
            await store.put_request_code(RequestCode("ann", code_hash))
        assert await store.find_request_code("ann") == RequestCode("ann", "b")

    tell(database_url, story)


def test_what_is_over_is_swept_but_not_what_is_still_owed(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        over, owed = a_request(), a_request(mode="ping", due_at=LATER)
        for each in (over, owed):
            await store.add_backchannel(each)
        await store.put_mute(Mute("ann till", "ann", "till", LATER))
        assert await store.sweep(LATER - 1) == 0
        assert await store.sweep(LATER) == 1
        assert await store.sweep(LATER + 600_000) == 1
        assert await store.find_backchannel(over.request_hash) is None
        assert await store.sweep(LATER + DAY - 1) == 0
        assert await store.sweep(LATER + DAY) == 1

    tell(database_url, story)
