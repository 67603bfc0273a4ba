"""The desk's part for open pages: what they wait for, told by the news that this server hears."""

import hashlib
from collections.abc import AsyncIterator
from typing import Final

from server.desk.visits import Visits
from server.live.watchers import Watcher
from server.oauth.device import DeviceAuthorization
from server.oauth.secret import digest
from server.oauth.user_code import normalise
from web_verify.desk import Visitor

BEAT: Final = 15.0  # seconds: a page that has gone is noticed, and news that another server did not tell is made up for
LASTS_FOR: Final = 900_000  # then the browser asks again, and is asked again who it is
OVER: Final = ("redeemed", "denied", "expired", "over")


class LiveDesk(Visits):
    """`web_verify.desk.LiveDesk`."""

    async def watch_code(self, visitor: Visitor, typed: str) -> AsyncIterator[str] | None:
        signed_in, code = await self._signed_in(visitor), normalise(typed)
        if signed_in is None or code is None:
            return None
        found = await self._house.sign_ins.find_by_user_code(digest("user_code", code))
        account_id = signed_in[1].account_id
        # Only for whoever has opened or decided it: nobody guesses codes here, where no try is counted.
        if found is None or account_id not in (found.opened_by, found.account_id):
            return None
        watcher = self._house.watchers.begin(account_id, f"device/{found.code_hash.hex()}")
        return None if watcher is None else self._code_words(watcher, found.code_hash, account_id)

    async def watch_devices(self, visitor: Visitor) -> AsyncIterator[str] | None:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return None
        account_id = signed_in[1].account_id
        watcher = self._house.watchers.begin(account_id, f"account/{account_id}")
        return None if watcher is None else self._device_words(watcher, account_id)

    async def _code_words(self, watcher: Watcher, code_hash: bytes, account_id: str) -> AsyncIterator[str]:
        house, until, said = self._house, self._house.now() + LASTS_FOR, ""
        with watcher:
            while not house.watchers.is_closed and house.now() < until:
                found = await house.sign_ins.find(code_hash)
                word = self._word(found, account_id)
                yield "" if word == said else word
                said = word
                if word in OVER or found is None:
                    return
                left = (found.expires_at - house.now()) / 1_000
                await watcher.wait(max(0.05, min(BEAT, left)))

    def _word(self, found: DeviceAuthorization | None, account_id: str) -> str:
        if found is None:
            return "over"
        if found.state == "pending":
            return "expired" if found.is_expired(self._house.now()) else "pending"
        if found.account_id != account_id:
            return "over"
        if found.stopped_for:
            return "denied"
        return "expired" if found.state == "approved" and found.is_expired(self._house.now()) else found.state

    async def _device_words(self, watcher: Watcher, account_id: str) -> AsyncIterator[str]:
        house, until, said = self._house, self._house.now() + LASTS_FOR, ""
        with watcher:
            while not house.watchers.is_closed and house.now() < until:
                families = await house.store.families(account_id)
                listed = sorted((each.family_id, each.ended_at is None, each.given_name) for each in families)
                word = hashlib.sha256(repr(listed).encode()).hexdigest()[:16]
                yield "" if word == said else word
                said = word
                await watcher.wait(BEAT)
