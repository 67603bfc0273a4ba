"""Sign-ins in progress, held in memory in front of the store: a pending poll never touches the database.

The store stays the truth: a creation or a decision is durable there before it is answered. What is held here is a copy
that news keeps fresh, and how each client polls, which a restart may forget (RFC 8628 section 3.5 binds the client).
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Final

from server.oauth.delivery import Delivery
from server.oauth.device import DeviceAuthorization, Pace, keep_pace
from server.oauth.errors import TemporarilyUnavailable, TooMany
from server.oauth.event import Event
from server.oauth.guess import network
from server.oauth.store import FOUND, Change, CodeTaken, News, StorageError, Store
from server.oauth.token import Family, RefreshToken

from .bell import ring, wait_for
from .sign_in import HEARD_WITHIN, MOST_WAYS, SignIn, age_of

TRY_AGAIN_AFTER: Final = 0.5
FORGET_AFTER: Final = 300_000  # an expired code is still told from an unknown one for five minutes


class SignIns:
    """Every sign-in in progress on this server.

    `is_shared`: other servers work on the same storage, so that a code not held here may still exist. `is_current`:
    news arrives, so that what is held can be answered from; while it does not, everything is read from the store.
    """

    def __init__(self, store: Store, *, is_shared: bool, capacity: int, per_network: int) -> None:
        self._store = store
        self._is_shared = is_shared
        self._capacity = capacity
        self._per_network = per_network
        self._waiting = 0
        self._waiting_of: dict[str, int] = {}
        self._is_closed = False
        self._by_code: dict[bytes, SignIn] = {}
        self._code_by_user_code: dict[bytes, bytes] = {}
        self._reloads: set[asyncio.Task[None]] = set()
        self._catching_up: asyncio.Task[None] | None = None
        self.by_body: dict[bytes, SignIn] = {}
        self.by_wire: dict[bytes, SignIn] = {}
        self.is_current = False
        self._hears = True
        self._gaps = 0  # in the news, so far

    def __len__(self) -> int:
        return len(self._by_code)

    async def load(self, now: int) -> None:
        """Take up every sign-in of the store, as after a restart."""
        for authorization in await self._store.unexpired_devices(now):
            self._put(authorization)
        self.is_current = True

    async def start(self, authorization: DeviceAuthorization) -> None:
        """Begin a sign-in, durably. Raises `CodeTaken` for a user code in use, `TemporarilyUnavailable` when full,
        `TooMany` when its network has its share: nobody alone can take all the places."""
        if authorization.user_code_hash in self._code_by_user_code:
            raise CodeTaken
        if self._waiting_of.get(network(authorization.address), 0) >= self._per_network:
            raise TooMany("too many sign-ins of this network are in progress; try again", retry_after=30)
        if self._waiting >= self._capacity:
            raise TemporarilyUnavailable("too many sign-ins are in progress; try again", retry_after=30)
        await self._store.add_device(authorization)
        self._put(authorization)

    async def find(self, code_hash: bytes) -> DeviceAuthorization | None:
        """The authorization of a device code: from memory, or from the store where another server may have begun it."""
        entry = self._by_code.get(code_hash)
        if entry is not None and self.is_current:
            return entry.authorization
        if entry is None and not self._is_shared and self.is_current:
            return None
        return self._take_up(await self._store.find_device(code_hash))

    async def find_by_user_code(self, user_code_hash: bytes) -> DeviceAuthorization | None:
        """The authorization of a user code."""
        code_hash = self._code_by_user_code.get(user_code_hash)
        if code_hash is not None:
            return await self.find(code_hash)
        return self._take_up(await self._store.find_device_by_user_code(user_code_hash))

    async def change(self, code_hash: bytes, change: Change, *, events: Sequence[Event] = ()) -> DeviceAuthorization:
        """Apply a decision, durably, and wake whoever waits for it."""
        return self._put(await self._store.change_device(code_hash, change, events=events))

    async def redeem(
        self,
        code_hash: bytes,
        change: Change,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
        owed: Sequence[Delivery] = (),
    ) -> DeviceAuthorization:
        """Apply the redemption and open the family it buys, both or neither."""
        redeemed = await self._store.redeem_device(code_hash, change, family, refresh_token, events=events, owed=owed)
        return self._put(redeemed)

    def keep_pace(self, code_hash: bytes, now: int) -> tuple[Pace, bool]:
        """Count a poll of a pending sign-in; the pace from now on, and whether this poll came too early."""
        entry = self._by_code.get(code_hash)
        if entry is None:
            return Pace(), False
        entry.pace, is_early = keep_pace(entry.pace, now)
        return entry.pace, is_early

    def tell(self, code_hash: bytes, opens: int, now: int) -> bool:
        """Whether it is news to the device that its code was opened so many times: then it is told at once.

        Its next poll is not too early. One that is long in coming says that the answer was lost: it is told again.
        """
        entry = self._by_code.get(code_hash)
        if entry is None or (entry.told >= opens and entry.has_heard):
            return False
        if entry.told < opens:
            entry.told, entry.pace = opens, Pace(None, entry.pace.interval)
        elif now - entry.told_at < HEARD_WITHIN:
            entry.has_heard = True
            return False
        entry.told_at, entry.has_heard = now, False
        return True

    async def wait(self, code_hash: bytes, seconds: float) -> None:
        """Return when this sign-in changes, after `seconds`, or when a later request takes over the waiting."""
        entry = self._by_code.get(code_hash)
        if entry is None or entry.authorization.state != "pending" or self._is_closed:
            return
        await wait_for(entry, seconds)

    def remember_body(self, body_hash: bytes, code_hash: bytes) -> None:
        """A request with this very body polls this sign-in, and may be answered in front of the router next time."""
        entry = self._by_code.get(code_hash)
        if entry is not None and entry.body_hash is None:
            entry.body_hash = body_hash
            self.by_body[body_hash] = entry

    def remember_wire(self, wire_hash: bytes, entry: SignIn, *, hangs_up: bool) -> None:
        """A request of these very bytes polls this sign-in, and may be answered before it is read next time.

        The latest only: who goes another way from now on (through another proxy) goes it for a while. Who never asks
        twice in the same way is not worth remembering.
        """
        if entry.body_hash is None or entry.ways >= MOST_WAYS:  # its body was forgotten meanwhile
            return
        entry.ways += 1
        if entry.wire_hash is not None:
            self.by_wire.pop(entry.wire_hash, None)
        entry.wire_hash, entry.hangs_up = wire_hash, hangs_up
        self.by_wire[wire_hash] = entry

    def hear(self, news: News) -> None:
        """Take news of a change made elsewhere (or here: then it is known already)."""
        if news.subject == "device":
            self._hear_device(bytes.fromhex(news.key), news.value)
        elif news.subject == "client":
            self._forget_bodies()
        elif news.subject == "lost":
            self.is_current = False
            self._hears = news == FOUND
            self._gaps += 1
            if self._hears:
                self._reload_all()

    def close(self) -> None:
        """Let every held request go, and hold no more: the house is closing."""
        self._is_closed = True
        for entry in self._by_code.values():
            ring(entry)
        for task in self._reloads:
            task.cancel()

    def sweep(self, now: int) -> int:
        """Forget what expired a while ago, and give back the places of what expired just now; how many went."""
        for entry in self._by_code.values():
            if entry.is_counted and now >= entry.authorization.expires_at:
                self._count(entry, is_waiting=False)
        old = [entry for entry in self._by_code.values() if now >= entry.authorization.expires_at + FORGET_AFTER]
        for entry in old:
            self._drop(entry)
        return len(old)

    def _put(self, authorization: DeviceAuthorization) -> DeviceAuthorization:
        entry = self._by_code.get(authorization.code_hash)
        if entry is None:
            entry = self._by_code[authorization.code_hash] = SignIn(authorization)
            self._code_by_user_code[authorization.user_code_hash] = authorization.code_hash
        elif age_of(authorization) >= age_of(entry.authorization):
            is_opened = authorization.opens > entry.authorization.opens and authorization.shows_match
            entry.hear(authorization)
            if is_opened:
                self._forget_body(entry)  # what was remembered says less than there is to tell
            if is_opened or authorization.state != "pending":
                ring(entry)
        self._count(entry, is_waiting=entry.authorization.state == "pending")
        return authorization

    def _count(self, entry: SignIn, *, is_waiting: bool) -> None:
        """Take a place for it, or give it back."""
        if is_waiting is entry.is_counted:
            return
        entry.is_counted = is_waiting
        step, where = (1, -1)[not is_waiting], network(entry.authorization.address)
        self._waiting += step
        left = self._waiting_of.get(where, 0) + step
        if left:
            self._waiting_of[where] = left
        else:
            del self._waiting_of[where]

    def _take_up(self, found: DeviceAuthorization | None) -> DeviceAuthorization | None:
        return found if found is None else self._put(found)

    def _hear_device(self, code_hash: bytes, value: object) -> None:
        if isinstance(value, DeviceAuthorization):
            self._put(value)
        elif code_hash in self._by_code:
            self._background(self._reload(code_hash))

    async def _reload(self, code_hash: bytes) -> None:
        try:
            self._take_up(await self._store.find_device(code_hash))
        except StorageError:
            self.is_current = False
            self._reload_all()

    def _reload_all(self) -> None:
        if self._catching_up is None or self._catching_up.done():
            self._catching_up = self._background(self._catch_up())

    async def _catch_up(self) -> None:
        """Read again all that may have been decided meanwhile; as often as it takes, while news arrives."""
        while self._hears and not self.is_current:
            gaps = self._gaps
            try:
                for code_hash in [
                    key for key, entry in self._by_code.items() if entry.authorization.state == "pending"
                ]:
                    self._take_up(await self._store.find_device(code_hash))
                self.is_current = gaps == self._gaps
            except StorageError:
                await asyncio.sleep(TRY_AGAIN_AFTER)

    def _background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)
        return task

    def _forget_bodies(self) -> None:
        for entry in self.by_body.values():
            entry.body_hash = entry.wire_hash = None
        self.by_body.clear()
        self.by_wire.clear()

    def _drop(self, entry: SignIn) -> None:
        ring(entry)
        self._count(entry, is_waiting=False)
        del self._by_code[entry.authorization.code_hash]
        self._code_by_user_code.pop(entry.authorization.user_code_hash, None)
        self._forget_body(entry)

    def _forget_body(self, entry: SignIn) -> None:
        if entry.body_hash is not None:
            self.by_body.pop(entry.body_hash, None)
        if entry.wire_hash is not None:
            self.by_wire.pop(entry.wire_hash, None)
        entry.body_hash = entry.wire_hash = None
