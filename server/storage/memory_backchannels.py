"""The promises of `oauth/backchannel.py` in the memory of one process."""

from collections.abc import Iterator, Sequence

from server.oauth.backchannel import AskedAlready, BackchannelRequest, Change
from server.oauth.event import Event
from server.oauth.prompts import Mute, RequestCode
from server.oauth.store import News
from server.oauth.token import Family, RefreshToken

from .limits import DEVICE_KEPT_FOR, OWED_FOR
from .memory_people import MemoryPeople


class MemoryBackchannels(MemoryPeople):
    """The part of the store for apps that ask people on their phone."""

    def __init__(self) -> None:
        super().__init__()
        self._backchannels: dict[bytes, BackchannelRequest] = {}
        self._mutes: dict[str, Mute] = {}
        self._request_codes: dict[str, RequestCode] = {}

    async def add_backchannel(self, request: BackchannelRequest, *, events: Sequence[Event] = ()) -> None:
        for each in await self.backchannels(request.account_id, request.created_at):
            if each.client_id == request.client_id:
                raise AskedAlready(each.expires_at)
        self._backchannels[request.request_hash] = request
        self._write(events)

    async def find_backchannel(self, request_hash: bytes) -> BackchannelRequest | None:
        return self._backchannels.get(request_hash)

    async def backchannels(self, account_id: str, now: int) -> Sequence[BackchannelRequest]:
        theirs = [each for each in self._backchannels.values() if each.account_id == account_id]
        return sorted(
            (each for each in theirs if each.state == "pending" and not each.is_expired(now)),
            key=lambda each: each.created_at,
        )

    async def due_backchannels(self, now: int, limit: int) -> Sequence[BackchannelRequest]:
        due = [(each.due_at, each) for each in self._backchannels.values() if each.due_at is not None]
        return [each for at, each in sorted(due, key=lambda pair: pair[0]) if at <= now][:limit]

    async def change_backchannel(
        self, request_hash: bytes, change: Change, *, events: Sequence[Event] = ()
    ) -> BackchannelRequest:
        before = self._backchannels.get(request_hash)
        after = change(before)
        if after != before:
            if before is None:
                raise LookupError("a change cannot make a backchannel request")
            self._backchannels[request_hash] = after
            self._write(events)
            self._tell(News("backchannel", request_hash.hex(), after))
        return after

    async def redeem_backchannel(
        self,
        request_hash: bytes,
        change: Change,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
    ) -> BackchannelRequest:
        after = await self.change_backchannel(request_hash, change, events=events)
        self._open(family, refresh_token)
        return after

    def _open(self, family: Family, refresh_token: RefreshToken | None) -> None:
        raise NotImplementedError

    def _dead_backchannels(self, now: int) -> Iterator[bytes]:
        for key, each in self._backchannels.items():
            kept_for = DEVICE_KEPT_FOR if each.due_at is None else OWED_FOR
            if each.expires_at <= now - kept_for:
                yield key

    async def put_mute(self, mute: Mute, *, events: Sequence[Event] = ()) -> None:
        self._mutes[mute.key] = mute
        self._write(events)

    async def end_mute(self, key: str, *, events: Sequence[Event] = ()) -> None:
        self._mutes.pop(key, None)
        self._write(events)

    async def mutes(self, account_id: str, now: int) -> Sequence[Mute]:
        theirs = [each for each in self._mutes.values() if each.account_id == account_id and each.until_at > now]
        return sorted(theirs, key=lambda each: each.client_id)

    async def put_request_code(self, code: RequestCode, *, events: Sequence[Event] = ()) -> None:
        self._request_codes[code.account_id] = code
        self._write(events)

    async def find_request_code(self, account_id: str) -> RequestCode | None:
        return self._request_codes.get(account_id)
