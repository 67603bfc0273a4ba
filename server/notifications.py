"""What the house brings to apps' own servers: pings, and pushed tokens (CIBA Core sections 10.2, 10.3 and 12).

What is owed stands in the request's own row, written with the decision, so a restart forgets nothing. Of several
servers one claims it; what fails is tried again a few times, ever later, and nothing follows a redirect. Pushed tokens
are made once: a second attempt brings the same refresh token, and what could not be brought at all is ended.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

from server.house import House
from server.oauth import backchannel
from server.oauth.backchannel import BackchannelRequest, NotDue
from server.oauth.client import Client
from server.oauth.errors import InvalidGrant, OAuthError, TransactionFailed
from server.oauth.event import happened
from server.oauth.grants.ciba import family_of
from server.oauth.grants.pipeline import TokenRequest, access_of, check_again, check_parties, draw_refresh_token
from server.oauth.identity import identity_of
from server.oauth.scope import write
from server.oauth.secret import digest
from server.oauth.store import News, StorageError
from server.oauth.token import Family, told_of
from server.outbound import Redirected, Refused, fetch
from server.signing.id_token import half_hash, sign_identity
from server.signing.seal import seal, unseal

log: Final = logging.getLogger("porchlight")
LOOK_EVERY: Final = 15.0  # seconds; what is decided here is brought at once
AT_ONCE: Final = 32
TAKEN: Final = (200, 204)
AGAIN: Final = (408, 425, 429)
AUTH_REQ_ID: Final = "urn:openid:params:jwt:claim:auth_req_id"
RT_HASH: Final = "urn:openid:params:jwt:claim:rt_hash"


class Notifications:
    """Brings what is owed, in the background."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._rung = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._bringing: set[asyncio.Task[None]] = set()
        self._next_at: int | None = None

    def start(self) -> None:
        self._house.on_news(self._hear)
        self._work = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop; what is under way is tried again by whoever starts next."""
        tasks = [*self._bringing, *([self._work] if self._work is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """Look now for what is due."""
        self._rung.set()

    def _hear(self, news: News) -> None:
        if news.subject == "backchannel" and isinstance(news.value, BackchannelRequest):
            due_at = news.value.due_at
            if due_at is not None and due_at <= self._house.now():
                self.wake()

    async def _run(self) -> None:
        while True:
            self._rung.clear()
            try:
                await self._look()
            except StorageError as error:
                log.error("the storage failed: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._rung.wait()

    def _pause(self) -> float:
        """Seconds until the next look, unless somebody wakes us."""
        at, self._next_at = self._next_at, None
        return LOOK_EVERY if at is None else min(LOOK_EVERY, max(0.05, (at - self._house.now()) / 1_000))

    async def _look(self) -> None:
        """Claim what is due, and bring it, a few at once."""
        while len(self._bringing) < AT_ONCE:
            now = self._house.now()
            due = await self._house.store.due_backchannels(now, AT_ONCE - len(self._bringing))
            for request in due:
                with suppress(NotDue):
                    self._begin(await self._change(request, partial(backchannel.claim, now=now)))
            if not due:
                return

    def _begin(self, claimed: BackchannelRequest) -> None:
        task = asyncio.get_running_loop().create_task(self._bring(claimed))
        self._bringing.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        if len(self._bringing) >= AT_ONCE:
            self.wake()
        self._bringing.discard(task)

    async def _bring(self, claimed: BackchannelRequest) -> None:
        """One attempt. Whatever goes wrong here is tried again when the claim is over."""
        try:
            client = await self._house.clients.find(claimed.client_id)
            carried = json.loads(await self._unsealed(claimed))
            if client is None or not client.is_enabled:
                await self._settle(claimed, is_taken=False)
                return
            message = await self._message(claimed, client, carried)
            if message is None:
                await self._settle(claimed, is_taken=True)
            else:
                await self._send(claimed, client, carried["token"], message)
        except StorageError as error:
            log.error("the storage failed: %s", error)
        except Exception:
            log.exception("a notification of %s failed", claimed.client_id)

    async def _send(self, claimed: BackchannelRequest, client: Client, token: str, message: Mapping[str, Any]) -> None:
        house = self._house
        try:
            answer = await fetch(
                house.settings,
                "POST",
                client.backchannel_client_notification_endpoint,
                headers=(("authorization", f"Bearer {token}"), ("content-type", "application/json")),
                body=json.dumps(message).encode(),
            )
        except Redirected as why:
            log.warning("the notification of %s was not taken: %s", client.client_id, why)
            await self._settle(claimed, is_taken=False)
            return
        except Refused as why:
            log.warning("the notification of %s was not taken: %s", client.client_id, why)
            await self._later(claimed)
            return
        if answer.status in TAKEN:
            await self._settle(claimed, is_taken=True)
        elif answer.status < 500 and answer.status not in AGAIN:
            log.warning("the notification of %s was refused with status %d", client.client_id, answer.status)
            await self._settle(claimed, is_taken=False)
        else:
            await self._later(claimed)

    async def _later(self, claimed: BackchannelRequest) -> None:
        now = self._house.now()
        with suppress(NotDue):
            after = await self._change(claimed, lambda found: backchannel.not_brought(found, now))
            if after.due_at is None:
                log.warning("a notification of %s is given up", claimed.client_id)
                await self._end(after)
            else:
                self._next_at = min(after.due_at, self._next_at or after.due_at)
                self.wake()

    async def _settle(self, claimed: BackchannelRequest, *, is_taken: bool) -> None:
        with suppress(NotDue):
            after = await self._change(claimed, backchannel.brought)
            if not is_taken:
                await self._end(after)

    async def _end(self, request: BackchannelRequest) -> None:
        """Tokens that reached nobody must not live."""
        if request.mode == "push" and request.family_id is not None:
            now = self._house.now()
            told = happened("revoked", "house", now, detail="the tokens could not be pushed")
            await self._house.store.end_family(request.family_id, now, event=told)

    async def _change(self, claimed: BackchannelRequest, change: backchannel.Change) -> BackchannelRequest:
        return await self._house.store.change_backchannel(claimed.request_hash, change)

    async def _unsealed(self, request: BackchannelRequest) -> str:
        return await asyncio.to_thread(unseal, request.sealed, self._house.settings.key_secret)

    async def _message(
        self, claimed: BackchannelRequest, client: Client, carried: dict[str, str]
    ) -> Mapping[str, Any] | None:
        """What to bring; None when it has arrived before."""
        if claimed.mode == "ping":
            return {"auth_req_id": carried["auth_req_id"]}
        refused = backchannel.outcome(claimed, self._house.now())
        if refused is not None:
            return _failure(refused, carried)
        try:
            return await self._tokens(claimed, client, carried)
        except InvalidGrant:
            return _failure(TransactionFailed("the user or the client may no longer sign in"), carried)

    async def _tokens(
        self, claimed: BackchannelRequest, client: Client, carried: dict[str, str]
    ) -> Mapping[str, Any] | None:
        """The tokens: made at the first attempt, the same family and refresh token at each that follows."""
        house, now = self._house, self._house.now()
        await check_parties(house.memory, claimed.client_id, claimed.account_id)
        if claimed.state == "approved":
            family = await self._open(claimed, client, carried, now)
        else:
            found = await house.store.find_family(claimed.family_id or "")
            if found is None or not found.is_live(now):
                raise InvalidGrant("what was bought has ended")
            family = found
        secret = carried.get("refresh_token")
        if secret is not None:
            kept = await house.store.find_refresh_token(digest("refresh_token", secret))
            if kept is None or kept[0].spent_at is not None:
                return None  # it was used, so it arrived; only the answer to it was lost
        access = replace(access_of(family, family.scopes, TokenRequest(client, {}, now), house.memory), jkt=claimed.jkt)
        identity = identity_of(family, access)
        token = house.mint.sign(access)
        house.counts.tokens_issued += 1
        message: dict[str, Any] = {
            "auth_req_id": carried["auth_req_id"],
            "access_token": token,
            "token_type": "Bearer" if access.jkt is None else "DPoP",
            "expires_in": access.expires_at // 1_000 - now // 1_000,
            "scope": write(access.scopes),
        }
        bound = {AUTH_REQ_ID: carried["auth_req_id"]}
        if secret is not None:
            message["refresh_token"] = secret
            bound[RT_HASH] = half_hash(secret)
        if identity is not None:
            ring, issuer = house.mint.ring, house.settings.issuer
            message["id_token"] = sign_identity(ring, issuer, identity, token, claims=bound)
        return message

    async def _open(self, claimed: BackchannelRequest, client: Client, carried: dict[str, str], now: int) -> Family:
        """Redeem the approval for a family, once; `carried` now has its refresh token too."""
        house = self._house
        family, kept = family_of(claimed, house.memory.lifetimes.refresh, now), None
        if "refresh_token" in client.grants:
            carried["refresh_token"], kept = draw_refresh_token(family, house.memory.lifetimes, now)
        sealed = await asyncio.to_thread(seal, json.dumps(carried), house.settings.key_secret)
        told = told_of(family, happened("issued", "client", now, detail="ciba, pushed"))
        await house.store.redeem_backchannel(
            claimed.request_hash,
            lambda found: backchannel.redeem_to_push(found, family.family_id, sealed),
            family,
            kept,
            events=(told,),
        )
        await check_again(house.memory, family, now)
        return family


def _failure(error: OAuthError, carried: Mapping[str, str]) -> Mapping[str, str]:
    return {"error": error.error, "error_description": error.description, "auth_req_id": carried["auth_req_id"]}
