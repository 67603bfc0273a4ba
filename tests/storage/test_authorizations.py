"""Authorization requests: kept, changed in turns, redeemed once with the family they open."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from server.oauth import authorization
from server.oauth.authorization import AuthorizationRequest, Over, Shown
from server.oauth.errors import InvalidGrant
from server.storage import Cellar
from tests.conformance.app import challenge_of
from tests.storage.story import LATER, NOW, Opened, a_family, a_hash, a_token, tell

VERIFIER = "v" * 43
BACK = "https://app.example/back"
SHOWN = Shown("web", BACK, VERIFIER, None)


def a_request(**fields: Any) -> AuthorizationRequest:
    """A request that waits for its person, unlike all others."""
    given = {"request_hash": a_hash(), "client_id": "web", "redirect_uri": BACK, "scopes": ("openid", "profile")}
    more = {"challenge": challenge_of(VERIFIER), "created_at": NOW, "expires_at": LATER, "prompts": ("login",)}
    return AuthorizationRequest(**(given | more | {"state": "ü &", "nonce": "n", "max_age": 5} | fields))


async def approved(store: Cellar, request: AuthorizationRequest, code_hash: bytes) -> AuthorizationRequest:
    def change(found: AuthorizationRequest | None) -> AuthorizationRequest:
        facts: dict[str, Any] = {"account_id": "ann", "auth_time": NOW, "amr": ("pwd",), "address": "192.0.2.1"}
        return authorization.approve(found, **facts, scopes=None, code_hash=code_hash, now=NOW + 1)

    return await store.change_request(request.request_hash, change)


def test_a_request_is_found_as_it_was_kept_and_by_its_code_once_it_has_one(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        request, other, code_hash = a_request(), a_request(nonce=None, max_age=None, state=None), a_hash()
        await asyncio.gather(store.add_request(request), store.add_request(other))
        assert await store.find_request(request.request_hash) == request
        assert await store.find_request(other.request_hash) == other
        assert await store.find_request(a_hash()) is None
        assert await store.find_request_by_code(code_hash) is None
        after = await approved(store, request, code_hash)
        assert await store.find_request_by_code(code_hash) == after
        assert await store.find_request(request.request_hash) == after

    tell(database_url, story)


def test_of_twenty_decisions_at_once_one_is_taken(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        request = a_request()
        await store.add_request(request)
        hashes = [a_hash() for _ in range(20)]
        tried = await asyncio.gather(*(approved(store, request, each) for each in hashes), return_exceptions=True)
        assert [type(each) for each in tried].count(Over) == 19
        kept = await store.find_request(request.request_hash)
        assert kept in tried

    tell(database_url, story)


def test_of_twenty_redemptions_at_once_one_opens_its_family(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        request, families = a_request(), [a_family() for _ in range(20)]
        await store.add_request(request)
        await approved(store, request, a_hash())

        async def redeem(number: int) -> AuthorizationRequest:
            family = families[number]

            def change(found: AuthorizationRequest | None) -> AuthorizationRequest:
                return authorization.redeem(found, SHOWN, family.family_id, NOW + 2)

            return await store.redeem_request(request.request_hash, change, family, a_token(family))

        tried = await asyncio.gather(*map(redeem, range(20)), return_exceptions=True)
        assert [type(each) for each in tried].count(InvalidGrant) == 19
        (won,) = (each for each in tried if isinstance(each, AuthorizationRequest))
        assert [family.family_id for family in await store.families()] == [won.family_id]

    tell(database_url, story)


def test_a_change_that_is_refused_changes_nothing_and_none_makes_a_request(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        request = a_request()
        await store.add_request(request)
        with pytest.raises(InvalidGrant):
            await store.redeem_request(
                request.request_hash, lambda found: authorization.redeem(found, SHOWN, "f", NOW), a_family(), None
            )
        assert await store.find_request(request.request_hash) == request
        assert list(await store.families()) == []
        with pytest.raises(LookupError):
            await store.change_request(a_hash(), lambda _: a_request())

    tell(database_url, story)


def test_an_approved_request_outlives_a_restart(shared_url: str) -> None:
    request, code_hash = a_request(), a_hash()

    async def before(store: Cellar, _: Opened) -> None:
        await store.add_request(request)
        await approved(store, request, code_hash)

    async def after(store: Cellar, _: Opened) -> None:
        found = await store.find_request_by_code(code_hash)
        assert found is not None
        assert (found.stage, found.amr, found.state) == ("approved", ("pwd",), "ü &")

    tell(shared_url, before)
    tell(shared_url, after)


def test_it_is_swept_ten_minutes_after_its_expiry(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        old = a_request()
        young = replace(a_request(), expires_at=LATER + 1)
        for each in (old, young):
            await store.add_request(each)
        assert await store.sweep(LATER + 599_999) == 0
        assert await store.sweep(LATER + 600_000) == 1
        assert await store.find_request(old.request_hash) is None
        assert await store.find_request(young.request_hash) == young

    tell(database_url, story)
