"""Backchannel requests in progress, in front of the store: how each client polls, and who waits for a decision.

The store stays the truth. A copy is held so that a pending poll reads nothing; news keeps it fresh. These are few
beside the sign-ins of devices: each costs a person a look at their phone, and only so many are let through.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from server.oauth.backchannel import BackchannelRequest, Change
from server.oauth.device import Pace, keep_pace
from server.oauth.event import Event
from server.oauth.store import FOUND, News, Store
from server.oauth.token import Family, RefreshToken

from .bell import ring, wait_for

FORGET_AFTER: Final = 300_000


class _Asked:
    """`request` None: it may have changed; read it again."""

    __slots__ = ("bell", "expires_at", "pace", "request")

    def __init__(self, expires_at: int) -> None:
        self.expires_at = expires_at
        self.request: BackchannelRequest | None = None
        self.pace = Pace()
        self.bell: asyncio.Future[None] | None = None


class Backchannels:
    """Those of which this server has heard."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: dict[bytes, _Asked] = {}
        self._is_current = True
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._asked)

    async def start(self, request: BackchannelRequest, *, events: Sequence[Event] = ()) -> None:
        """Begin, durably. Raises `AskedAlready`."""
        await self._store.add_backchannel(request, events=events)
        self._put(request)

    async def find(self, request_hash: bytes) -> BackchannelRequest | None:
        entry = self._asked.get(request_hash)
        if entry is not None and entry.request is not None and self._is_current:
            return entry.request
        found = await self._store.find_backchannel(request_hash)
        return None if found is None else self._put(found)

    async def change(self, request_hash: bytes, change: Change, *, events: Sequence[Event] = ()) -> BackchannelRequest:
        """Apply a decision, durably, and wake whoever waits for it."""
        return self._put(await self._store.change_backchannel(request_hash, change, events=events))

    async def redeem(
        self,
        request_hash: bytes,
        change: Change,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
    ) -> BackchannelRequest:
        """Apply the redemption and open the family it buys, both or neither."""
        return self._put(
            await self._store.redeem_backchannel(request_hash, change, family, refresh_token, events=events)
        )

    def keep_pace(self, request_hash: bytes, now: int) -> tuple[Pace, bool]:
        """Count a poll; the pace from now on, and whether this poll came too early."""
        entry = self._asked.get(request_hash)
        if entry is None:
            return Pace(), False
        entry.pace, is_early = keep_pace(entry.pace, now)
        return entry.pace, is_early

    async def wait(self, request_hash: bytes, seconds: float) -> None:
        """Return when this request changes, after `seconds`, or when a later one takes over the waiting."""
        entry = self._asked.get(request_hash)
        if entry is None or self._is_closed or (entry.request is not None and entry.request.state != "pending"):
            return
        await wait_for(entry, seconds)

    def hear(self, news: News) -> None:
        """Take news of a change made elsewhere (or here: then it is known already)."""
        if news.subject == "backchannel":
            self._hear(bytes.fromhex(news.key), news.value)
        elif news.subject == "lost":
            self._is_current = news == FOUND
            for entry in self._asked.values():
                entry.request = None
                if self._is_current:
                    ring(entry)  # what it waits for may have come meanwhile: it looks again

    def close(self) -> None:
        """Let every held request go, and hold no more."""
        self._is_closed = True
        for entry in self._asked.values():
            ring(entry)

    def sweep(self, now: int) -> None:
        """Forget what expired a while ago."""
        for key in [key for key, entry in self._asked.items() if now >= entry.expires_at + FORGET_AFTER]:
            ring(self._asked.pop(key))

    def _hear(self, request_hash: bytes, value: object) -> None:
        if isinstance(value, BackchannelRequest):
            self._put(value)
        elif (entry := self._asked.get(request_hash)) is not None:
            entry.request = None
            ring(entry)

    def _put(self, request: BackchannelRequest) -> BackchannelRequest:
        entry = self._asked.setdefault(request.request_hash, _Asked(request.expires_at))
        if entry.request is None or _ORDER[request.state] >= _ORDER[entry.request.state]:
            entry.request = request
            if request.state != "pending":
                ring(entry)
        return request


_ORDER: Final = {"pending": 0, "approved": 1, "denied": 1, "redeemed": 2}
