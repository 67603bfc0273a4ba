"""The promises of `server/oauth/store.py` in the memory of one process: for tests and for trying things out.

Nothing waits between reading and writing, so in one event loop every promise is atomic. Nothing survives the process.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

from server.oauth import guess
from server.oauth.authorization import AuthorizationRequest
from server.oauth.delivery import Delivery
from server.oauth.device import DeviceAuthorization
from server.oauth.event import Event
from server.oauth.guess import Budget, Count
from server.oauth.logout import owed_to
from server.oauth.store import AUDIT_FOR, ChangeRequest, CodeTaken, News
from server.oauth.token import Family, RefreshToken, Rotation, end, told_of

from .limits import BATCH, DEVICE_KEPT_FOR, FAMILY_KEPT_FOR
from .memory_backchannels import MemoryBackchannels
from .memory_factors import MemoryFactors
from .memory_letters import MemoryLetters
from .memory_people import found
from .memory_readings import MemoryReadings
from .memory_registrations import MemoryRegistrations

K = TypeVar("K")
V = TypeVar("V")
_log = logging.getLogger(__name__)


class MemoryStore(MemoryBackchannels, MemoryFactors, MemoryLetters, MemoryRegistrations):
    """The cellar without a cellar."""

    def __init__(self) -> None:
        super().__init__()
        self._devices: dict[bytes, DeviceAuthorization] = {}
        self._user_codes: dict[bytes, bytes] = {}
        self._requests: dict[bytes, AuthorizationRequest] = {}
        self._tokens: dict[bytes, RefreshToken] = {}
        self._counts: dict[str, tuple[Count, int]] = {}
        self._once: dict[bytes, int] = {}
        self.readings = MemoryReadings()

    # Device authorizations

    async def add_device(self, authorization: DeviceAuthorization) -> None:
        if authorization.user_code_hash in self._user_codes or authorization.code_hash in self._devices:
            raise CodeTaken
        self._devices[authorization.code_hash] = authorization
        self._user_codes[authorization.user_code_hash] = authorization.code_hash

    async def find_device(self, code_hash: bytes) -> DeviceAuthorization | None:
        return self._devices.get(code_hash)

    async def find_device_by_user_code(self, user_code_hash: bytes) -> DeviceAuthorization | None:
        code_hash = self._user_codes.get(user_code_hash)
        return None if code_hash is None else self._devices[code_hash]

    async def change_device(
        self,
        code_hash: bytes,
        change: Callable[[DeviceAuthorization | None], DeviceAuthorization],
        *,
        events: Sequence[Event] = (),
    ) -> DeviceAuthorization:
        before = self._devices.get(code_hash)
        after = change(before)
        if after != before:
            if before is None or after.code_hash != code_hash:
                raise LookupError("a change cannot make a device authorization, nor give it another code")
            self._devices[code_hash] = after
            self._write(events)
            self._tell(News("device", code_hash.hex(), after))
        return after

    async def redeem_device(
        self,
        code_hash: bytes,
        change: Callable[[DeviceAuthorization | None], DeviceAuthorization],
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
        owed: Sequence[Delivery] = (),
    ) -> DeviceAuthorization:
        after = await self.change_device(code_hash, change, events=events)
        self._open(family, refresh_token)
        await self.owe(owed)
        return after

    async def unexpired_devices(self, now: int) -> Sequence[DeviceAuthorization]:
        return [authorization for authorization in self._devices.values() if not authorization.is_expired(now)]

    # Authorization requests

    async def add_request(self, request: AuthorizationRequest) -> None:
        self._requests[request.request_hash] = request

    async def find_request(self, request_hash: bytes) -> AuthorizationRequest | None:
        return self._requests.get(request_hash)

    async def find_request_by_code(self, code_hash: bytes) -> AuthorizationRequest | None:
        return next((each for each in self._requests.values() if each.code_hash == code_hash), None)

    async def change_request(
        self, request_hash: bytes, change: ChangeRequest, *, events: Sequence[Event] = ()
    ) -> AuthorizationRequest:
        after = change(self._requests.get(request_hash))
        found(self._requests, after.request_hash)
        self._requests[request_hash] = after
        self._write(events)
        return after

    async def redeem_request(
        self,
        request_hash: bytes,
        change: ChangeRequest,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
    ) -> AuthorizationRequest:
        after = await self.change_request(request_hash, change, events=events)
        self._open(family, refresh_token)
        return after

    # Token families

    def _open(self, family: Family, refresh_token: RefreshToken | None) -> None:
        self._families[family.family_id] = family
        if refresh_token is not None:
            self._tokens[refresh_token.token_hash] = refresh_token

    async def find_family(self, family_id: str) -> Family | None:
        return self._families.get(family_id)

    async def families(self, account_id: str | None = None) -> Sequence[Family]:
        found = [family for family in self._families.values() if account_id in (None, family.account_id)]
        return sorted(found, key=lambda family: (-family.last_seen_at, family.family_id))

    async def ended_families(self, since: int) -> Sequence[str]:
        return [f.family_id for f in self._families.values() if f.ended_at is not None and f.ended_at >= since]

    async def end_family(self, family_id: str, now: int, *, event: Event | None = None) -> Family | None:
        family = self._families.get(family_id)
        if family is None:
            return None
        if event is not None and family.ended_at is None:
            self._write((told_of(family, event),))
        return self._keep_family(family, end(family, now))

    def _keep_family(self, before: Family, after: Family) -> Family:
        self._families[after.family_id] = after
        if after.ended_at != before.ended_at:
            self._tell(News("family", after.family_id, after))
            told = owed_to(self._clients.get(after.client_id), after, after.ended_at or 0)
            self._owe([told] if told is not None else [])
        return after

    async def find_refresh_token(self, token_hash: bytes) -> tuple[RefreshToken, Family] | None:
        token = self._tokens.get(token_hash)
        return None if token is None else (token, self._families[token.family_id])

    async def rotate(self, token_hash: bytes, change: Callable[[RefreshToken, Family], Rotation]) -> Rotation | None:
        shown = self._tokens.get(token_hash)
        if shown is None:
            return None
        family = self._families[shown.family_id]
        rotation = change(shown, family)
        self._write(rotation.events)
        self._keep_family(family, rotation.family)
        for token in (rotation.shown, rotation.successor):
            if token is not None:
                self._tokens[token.token_hash] = token
        return rotation

    # Guess budgets

    async def take_tries(self, budgets: Sequence[Budget], now: int) -> int:
        counts = {budget.key: self._counts[budget.key][0] for budget in budgets if budget.key in self._counts}
        taken, wait = guess.take(budgets, counts, now)
        for budget in budgets:
            if budget.key in taken:
                count = taken[budget.key]
                self._counts[budget.key] = (count, count.started_at + budget.window)
        return wait

    async def give_back_tries(self, budgets: Sequence[Budget]) -> None:
        for budget in budgets:
            count, ends_at = self._counts.get(budget.key, (Count(0, 0), 0))
            if count.tries > 0:
                self._counts[budget.key] = (Count(count.tries - 1, count.started_at), ends_at)

    # What may be shown once

    async def take_once(self, key_hash: bytes, expires_at: int) -> bool:
        is_first = key_hash not in self._once
        self._once.setdefault(key_hash, expires_at)
        return is_first

    # The house

    async def sweep(self, now: int, *, audit_for: int = AUDIT_FOR) -> int:
        gone = {f.family_id: f.device_id for f in self._families.values() if _is_gone(f, now)}
        live = {f.device_id for f in self._families.values() if f.family_id not in gone}
        expired = [d for d in self._devices.values() if d.expires_at <= now - DEVICE_KEPT_FOR]
        deleted = 0
        deleted += _drop(self._devices, (d.code_hash for d in expired), BATCH)
        _drop(self._user_codes, (d.user_code_hash for d in expired if d.code_hash not in self._devices), BATCH)
        over = (k for k, r in self._requests.items() if r.expires_at <= now - DEVICE_KEPT_FOR)
        deleted += _drop(self._requests, over, BATCH - deleted)
        deleted += _drop(self._backchannels, self._dead_backchannels(now), BATCH - deleted)
        deleted += _drop(self._mutes, (k for k, m in self._mutes.items() if m.until_at <= now), BATCH - deleted)
        deleted += _drop(self._sessions, (k for k, s in self._sessions.items() if not s.is_live(now)), BATCH - deleted)
        old = (k for k, t in self._initial_tokens.items() if t.expires_at <= now)
        deleted += _drop(self._initial_tokens, old, BATCH - deleted)
        deleted += _drop(self._counts, (k for k, (_, ends) in self._counts.items() if ends <= now), BATCH - deleted)
        deleted += _drop(self._once, (k for k, ends in self._once.items() if ends <= now), BATCH - deleted)
        deleted += _drop(self._attempts, self._dead_attempts(now), BATCH - deleted)
        deleted += self._forget_letters(now, BATCH - deleted)
        deleted += self.readings.forget(set(gone.values()) - live, BATCH - deleted)
        lapsed = (k for k, t in self._tokens.items() if t.expires_at <= now or t.family_id in gone)
        deleted += _drop(self._tokens, lapsed, BATCH - deleted)
        held = {token.family_id for token in self._tokens.values()}
        deleted += _drop(self._families, (k for k in gone if k not in held), BATCH - deleted)
        return deleted + self._forget_events(now - audit_for, BATCH - deleted)


def _is_gone(family: Family, now: int) -> bool:
    over_at = family.expires_at if family.ended_at is None else min(family.ended_at, family.expires_at)
    return over_at <= now - FAMILY_KEPT_FOR


def _drop(things: dict[K, V], doomed: Iterable[K], most: int) -> int:
    """Delete at most `most` of the doomed; how many were deleted."""
    keys = list(islice(doomed, max(0, most)))
    for key in keys:
        del things[key]
    return len(keys)
