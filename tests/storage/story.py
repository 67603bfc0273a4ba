"""What the tests of the cellar tell their stories with: an open store, and values to put into it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from typing import Any

from server.oauth import device, verification
from server.oauth.device import DeviceAuthorization
from server.oauth.store import News
from server.oauth.token import Family, RefreshToken
from server.storage import Cellar, open_storage

NOW = 1_800_000_000_000
LATER = NOW + 600_000
_numbers = count(1)


class Opened:
    """A store that is open, the `news` it has told and nobody has taken, and `all` of it."""

    def __init__(self, store: Cellar) -> None:
        self.store = store
        self.news: list[News] = []
        self.all: list[News] = []
        self._rung = asyncio.Event()

    def hear(self, news: News) -> None:
        self.news.append(news)
        self.all.append(news)
        self._rung.set()

    async def heard(self, subject: str, key: str = "", within: float = 5.0) -> News:
        """Wait until there is such news, and take it and all before it away."""
        async with asyncio.timeout(within):
            while True:
                for at, news in enumerate(self.news):
                    if news[:2] == (subject, key):
                        del self.news[: at + 1]
                        return news
                self._rung.clear()
                await self._rung.wait()


@asynccontextmanager
async def opened(url: str) -> Any:
    """The store at `url`, open inside the block."""
    it = Opened(open_storage(url))
    await it.store.open(it.hear)
    try:
        yield it
    finally:
        await it.store.close()


def tell(url: str, *stories: Callable[..., Awaitable[None]]) -> None:
    """Run each story with a store opened for it alone, one after another."""

    async def one(story: Callable[..., Awaitable[None]]) -> None:
        async with asyncio.timeout(60), opened(url) as it:
            await story(it.store, it)

    for story in stories:
        asyncio.run(one(story))


def a_hash() -> bytes:
    return next(_numbers).to_bytes(32, "big")


def a_device(**fields: Any) -> DeviceAuthorization:
    """A pending authorization, unlike all others."""
    given = {
        "code_hash": a_hash(),
        "user_code_hash": a_hash(),
        "client_id": "tv",
        "scopes": ("profile", "readings:read"),
    }
    times = {"created_at": NOW, "expires_at": LATER, "address": "192.0.2.1", "claimed_name": "Küche 📺"}
    return DeviceAuthorization(**(given | times | fields))


def a_family(**fields: Any) -> Family:
    number = next(_numbers)
    name = f"family-{number % 97}-{number}"  # so that their order is not that in which they were made
    given = {
        "family_id": name,
        "client_id": "tv",
        "account_id": "ann",
        "device_id": f"of-{name}",
        "scopes": ("profile",),
    }
    times = {"auth_time": NOW, "created_at": NOW, "expires_at": NOW + 10**10, "last_seen_at": NOW}
    return Family(**(given | times | fields))


def a_token(family: Family, **fields: Any) -> RefreshToken:
    given = {"token_hash": a_hash(), "family_id": family.family_id, "created_at": NOW, "expires_at": NOW + 10**10}
    return RefreshToken(**(given | fields))


def approve(authorization: DeviceAuthorization | None) -> DeviceAuthorization:
    assert authorization is not None
    return verification.approve(authorization, account_id="ann", auth_time=NOW, now=NOW + 1)


def deny(authorization: DeviceAuthorization | None) -> DeviceAuthorization:
    assert authorization is not None
    return verification.deny(authorization, account_id="ann", now=NOW + 1)


def redeem(authorization: DeviceAuthorization | None) -> DeviceAuthorization:
    return device.redeem(authorization, "tv", NOW + 2)


async def a_signed_in_family(store: Cellar, **fields: Any) -> tuple[Family, RefreshToken]:
    """A family with its first refresh token, come about in the ordinary way."""
    authorization, family = a_device(), a_family(**fields)
    token = a_token(family)
    await store.add_device(authorization)
    await store.change_device(authorization.code_hash, approve)
    await store.redeem_device(authorization.code_hash, redeem, family, token)
    return family, token


def spend(token: RefreshToken) -> RefreshToken:
    return replace(token, spent_at=NOW + 3)
