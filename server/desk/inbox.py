"""The desk's part for the inbox: apps that ask a person on their phone, and the answers (CIBA Core section 8)."""

import asyncio
from collections.abc import Sequence
from functools import partial

from server.desk.ladder import is_proven
from server.desk.visits import SignedInAs, Visits
from server.oauth import backchannel
from server.oauth.backchannel import BackchannelRequest, Change, NotPending
from server.oauth.identity import SCOPE
from server.oauth.prompts import FOREVER, STOPPED_FOR, Mute, RequestCode, mute_key
from server.oauth.request_code import LONGEST, SHORTEST, hash_code
from web_verify.desk import Problem, RequestAsking, RequestDecided, StoppedApp, Visitor


class InboxDesk(Visits):
    """`web_verify.desk.InboxDesk`."""

    async def requests(self, visitor: Visitor) -> Sequence[RequestAsking]:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return ()
        waiting = await self._house.store.backchannels(signed_in[1].account_id, self._house.now())
        return [await self._waiting_request(each) for each in waiting if await self._may_ask(each)]

    async def look_up_request(self, visitor: Visitor, request_id: str) -> RequestAsking | RequestDecided | Problem:
        signed_in = await self._signed_in(visitor)
        found = await self._request_of(signed_in, request_id)
        if found is None or signed_in is None:
            return Problem("wrong")
        if found.state != "pending":
            return await self._settled_request(found)
        if found.is_expired(self._house.now()) or not await self._may_ask(found):
            return Problem("expired")
        return await self._waiting_request(found)

    async def decide_request(
        self,
        visitor: Visitor,
        request_id: str,
        *,
        approve: bool,
        scopes: Sequence[str] | None = None,
        stop_app: bool = False,
    ) -> RequestDecided | Problem:
        signed_in = await self._signed_in(visitor)
        found = await self._request_of(signed_in, request_id)
        if found is None or signed_in is None:
            return Problem("wrong")
        account_id = signed_in[1].account_id
        told = self._told(visitor, "approved" if approve else "denied", account_id, found.client_id, "ciba")
        change = self._answer_to_request(visitor, signed_in, approve=approve, scopes=scopes)
        try:
            decided = await self._house.backchannels.change(found.request_hash, change, events=(told,))
        except NotPending as settled:
            if settled.request.state == "pending":
                return Problem("expired")
            return await self._settled_request(settled.request)
        if stop_app and not approve:
            await self._stop_app(visitor, decided, self._house.now() + STOPPED_FOR)
        return await self._settled_request(decided)

    def _answer_to_request(
        self, visitor: Visitor, signed_in: SignedInAs, *, approve: bool, scopes: Sequence[str] | None
    ) -> Change:
        (session, account), now = signed_in, self._house.now()
        if not approve:
            return partial(backchannel.deny, account_id=account.account_id, address=visitor.address, now=now)
        return partial(
            backchannel.approve,
            account_id=account.account_id,
            auth_time=session.auth_time,
            amr=session.amr,
            address=visitor.address,
            scopes=None if scopes is None else (*scopes, SCOPE),  # without it there would be nothing to answer
            now=now,
        )

    async def stopped_apps(self, visitor: Visitor) -> Sequence[StoppedApp]:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return ()
        mutes = await self._house.store.mutes(signed_in[1].account_id, self._house.now())
        return [
            StoppedApp(
                mute.client_id,
                await self._asking_name(mute.client_id),
                None if mute.until_at == FOREVER else mute.until_at,
            )
            for mute in mutes
        ]

    async def stop_app(self, visitor: Visitor, request_id: str) -> bool:
        found = await self._request_of(await self._signed_in(visitor), request_id)
        if found is not None:
            await self._stop_app(visitor, found, FOREVER)
        return found is not None

    async def let_app_ask(self, visitor: Visitor, client_id: str) -> None:
        signed_in = await self._signed_in(visitor)
        if signed_in is not None:
            account_id = signed_in[1].account_id
            told = self._told(visitor, "account_changed", account_id, detail="an app may ask again")
            await self._house.store.end_mute(mute_key(account_id, client_id[:100]), events=(told,))

    async def has_request_code(self, visitor: Visitor) -> bool:
        signed_in = await self._signed_in(visitor)
        kept = await self._house.store.find_request_code(signed_in[1].account_id) if signed_in else None
        return kept is not None and bool(kept.code_hash)

    async def set_request_code(self, visitor: Visitor, code: str) -> bool:
        signed_in = await self._signed_in(visitor)
        if signed_in is None or (code and not SHORTEST <= len(code) <= LONGEST):
            return False
        account_id = signed_in[1].account_id
        code_hash = await asyncio.to_thread(hash_code, code) if code else ""
        told = self._told(visitor, "account_changed", account_id, detail="the code that apps must know")
        await self._house.store.put_request_code(RequestCode(account_id, code_hash), events=(told,))
        return True

    async def _request_of(self, signed_in: SignedInAs | None, request_id: str) -> BackchannelRequest | None:
        """The request of this page, when it was made for whoever is signed in."""
        try:
            request_hash = bytes.fromhex(request_id)
        except ValueError:
            return None
        if signed_in is None or len(request_hash) != 32:
            return None
        found = await self._house.backchannels.find(request_hash)
        return found if found is not None and found.account_id == signed_in[1].account_id else None

    async def _may_ask(self, request: BackchannelRequest) -> bool:
        """Whether the app was not disabled meanwhile."""
        client = await self._house.clients.find(request.client_id)
        return client is not None and client.is_enabled

    async def _stop_app(self, visitor: Visitor, request: BackchannelRequest, until_at: int) -> None:
        account_id, client_id = request.account_id, request.client_id
        mute = Mute(mute_key(account_id, client_id), account_id, client_id, until_at)
        told = self._told(visitor, "account_changed", account_id, client_id, "the app may not ask any more")
        await self._house.store.put_mute(mute, events=(told,))

    async def _waiting_request(self, request: BackchannelRequest) -> RequestAsking:
        client = await self._house.clients.find(request.client_id)
        return RequestAsking(
            request_id=request.request_hash.hex(),
            app_name=client.name if client else request.client_id,
            message=request.binding_message,
            asked_at=request.created_at,
            expires_at=request.expires_at,
            scopes=self._sentences(request.scopes),
            is_app_proven=is_proven(client),
        )

    async def _settled_request(self, request: BackchannelRequest) -> RequestDecided:
        mutes = await self._house.store.mutes(request.account_id, self._house.now())
        return RequestDecided(
            request_id=request.request_hash.hex(),
            app_name=await self._asking_name(request.client_id),
            approved=request.state != "denied",
            decided_at=request.decided_at or request.created_at,
            is_stopped=any(mute.client_id == request.client_id for mute in mutes),
        )

    async def _asking_name(self, client_id: str) -> str:
        client = await self._house.clients.find(client_id)
        return client.name if client else client_id
