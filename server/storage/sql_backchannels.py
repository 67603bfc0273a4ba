"""The promises of `oauth/backchannel.py` on a SQL database."""

from collections.abc import Sequence
from functools import partial

from server.oauth.backchannel import AskedAlready, BackchannelRequest, Change
from server.oauth.event import Event
from server.oauth.prompts import Mute, RequestCode
from server.oauth.token import Family, RefreshToken

from . import backchannels
from .faults import Duplicate
from .group import Group
from .kept import BACKCHANNELS, REQUEST_CODES


class SqlBackchannels:
    """A part of `SqlStore`."""

    @property
    def group(self) -> Group:
        raise NotImplementedError

    async def add_backchannel(self, request: BackchannelRequest, *, events: Sequence[Event] = ()) -> None:
        try:
            await self.group.do(partial(backchannels.add, request=request, events=events))
        except Duplicate:
            raise AskedAlready(request.expires_at) from None

    async def find_backchannel(self, request_hash: bytes) -> BackchannelRequest | None:
        return await self.group.ask(lambda connection: BACKCHANNELS.find(connection, request_hash))

    async def backchannels(self, account_id: str, now: int) -> Sequence[BackchannelRequest]:
        return await self.group.ask(lambda connection: backchannels.waiting(connection, account_id, now))

    async def due_backchannels(self, now: int, limit: int) -> Sequence[BackchannelRequest]:
        return await self.group.ask(lambda connection: backchannels.due(connection, now, limit))

    async def change_backchannel(
        self, request_hash: bytes, change: Change, *, events: Sequence[Event] = ()
    ) -> BackchannelRequest:
        return await self.group.do(lambda tx: backchannels.change(tx, request_hash, change, events))

    async def redeem_backchannel(
        self,
        request_hash: bytes,
        change: Change,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
    ) -> BackchannelRequest:
        job = partial(backchannels.redeem, family=family, token=refresh_token, events=events)
        return await self.group.do(lambda transaction: job(transaction, request_hash, change))

    async def put_mute(self, mute: Mute, *, events: Sequence[Event] = ()) -> None:
        await self._put(partial(backchannels.put_mute, mute=mute, events=events))

    async def end_mute(self, key: str, *, events: Sequence[Event] = ()) -> None:
        await self.group.do(partial(backchannels.end_mute, key=key, events=events))

    async def mutes(self, account_id: str, now: int) -> Sequence[Mute]:
        return await self.group.ask(lambda connection: backchannels.mutes(connection, account_id, now))

    async def put_request_code(self, code: RequestCode, *, events: Sequence[Event] = ()) -> None:
        await self._put(partial(backchannels.put_code, code=code, events=events))

    async def find_request_code(self, account_id: str) -> RequestCode | None:
        return await self.group.ask(lambda connection: REQUEST_CODES.find(connection, account_id))

    async def _put(self, job: "partial[None]") -> None:
        """Two servers that put the same thing for the first time: the second finds it there when it looks again."""
        try:
            await self.group.do(job)
        except Duplicate:
            await self.group.do(job)
