"""The server's counter for the pages: `web_verify.desk.Desk` over the law, the store and the guess budgets.

A wrong code and a wrong password cost the same whatever the reason, and are counted before they are checked.
"""

import asyncio
import hashlib
import ipaddress
from collections.abc import Sequence
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from server.consent import ConsentDesk
from server.house import House
from server.oauth import guess, verification
from server.oauth.account import Account, Session, tidy_username
from server.oauth.device import DeviceAuthorization
from server.oauth.secret import digest, draw
from server.oauth.store import Change
from server.oauth.user_code import normalise, show
from server.settings import SECOND
from web_verify.desk import AppAsking, Asking, Decided, Device, Leaving, Person, Problem, ScopeText, SignedIn, Visitor

HASHER: Final = PasswordHasher()
LONGEST_PASSWORD: Final = 1_024
MOST_DEVICES: Final = 200  # on one page; the operator's list has them all
AT_ONCE: Final = 2  # argon2 takes a core and 64 MiB each: more at once would starve the polls


class HouseDesk:
    """One desk per server. Methods as `web_verify.desk.Desk` promises."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._consent = ConsentDesk(house)
        self._hashing = asyncio.Semaphore(AT_ONCE)
        self._nobody = HASHER.hash(draw())

    def now(self) -> int:
        return self._house.now()

    async def person(self, visitor: Visitor) -> Person | None:
        signed_in = await self._signed_in(visitor)
        return Person(signed_in[1].username, signed_in[1].name) if signed_in else None

    async def sign_in(self, visitor: Visitor, username: str, password: str) -> SignedIn | Problem:
        house, now = self._house, self._house.now()
        typed = tidy_username(username)[:200]
        budgets = guess.password_budgets(house.limits, username=typed, address=visitor.address)
        wait = await house.store.take_tries(budgets, now)
        if wait:
            return Problem("too_many", wait)
        account = await house.store.find_account_by_username(typed)
        # An unknown name costs a hash too, so that the time taken tells nothing.
        is_right = await self._verify(account.password_hash if account else self._nobody, password)
        if account is None or not is_right or not account.is_enabled:
            return Problem("wrong")
        await house.store.give_back_tries(budgets)
        await house.store.end_session(digest("session", visitor.session))
        secret = draw()
        expires_at = now + house.settings.session_for * SECOND
        await house.store.add_session(Session(digest("session", secret), account.account_id, now, expires_at))
        return SignedIn(secret, Person(account.username, account.name))

    async def sign_out(self, visitor: Visitor) -> None:
        await self._house.store.end_session(digest("session", visitor.session))

    async def look_up(self, visitor: Visitor, typed: str) -> Asking | Decided | Problem:
        signed_in = await self._signed_in(visitor)
        account_id = signed_in[1].account_id if signed_in else None
        found = await self._find(visitor, typed, account_id)
        if isinstance(found, Problem):
            return found
        authorization, code = found
        if authorization.is_expired(self._house.now()) and authorization.state == "pending":
            return Problem("expired")
        if authorization.state == "pending":
            return await self._asking(authorization, code, visitor)
        return await self._settled(authorization, code, account_id)

    async def decide(
        self, visitor: Visitor, typed: str, *, approve: bool, scopes: Sequence[str] | None = None
    ) -> Decided | Problem:
        house = self._house
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return Problem("wrong")
        session, account = signed_in
        found = await self._find(visitor, typed, account.account_id)
        if isinstance(found, Problem):
            return found
        authorization, code = found
        try:
            decided = await house.sign_ins.change(
                authorization.code_hash, _decision(session, approve=approve, scopes=scopes, now=house.now())
            )
        except verification.NotPending as settled:
            if settled.authorization.state == "pending":
                return Problem("expired")
            return await self._settled(settled.authorization, code, account.account_id)
        return await self._settled(decided, code, account.account_id)

    async def look_up_app(self, visitor: Visitor, request_id: str) -> AppAsking | Problem:
        return await self._consent.look_up(request_id, await self._signed_in(visitor))

    async def decide_app(
        self, visitor: Visitor, request_id: str, *, approve: bool | None, scopes: Sequence[str] | None = None
    ) -> Leaving | Problem:
        return await self._consent.decide(visitor, request_id, await self._signed_in(visitor), approve, scopes)

    async def devices(self, visitor: Visitor) -> Sequence[Device]:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return ()
        listed = []
        families = await self._house.store.families(signed_in[1].account_id)
        for family in families[:MOST_DEVICES]:
            client = await self._house.clients.find(family.client_id)
            listed.append(
                Device(
                    device_id=family.device_id,
                    app_name=client.name if client else family.client_id,
                    claimed_name=family.claimed_name,
                    signed_in_at=family.created_at,
                    last_seen_at=family.last_seen_at,
                    address=family.address,
                    scopes=self._sentences(family.scopes),
                    signed_out_at=family.ended_at,
                )
            )
        return listed

    async def sign_out_device(self, visitor: Visitor, device_id: str) -> bool:
        signed_in = await self._signed_in(visitor)
        if signed_in is None:
            return False
        families = await self._house.store.families(signed_in[1].account_id)
        theirs = [family for family in families if family.device_id == device_id]
        for family in theirs:
            await self._house.store.end_family(family.family_id, self._house.now())
        return bool(theirs)

    async def _signed_in(self, visitor: Visitor) -> tuple[Session, Account] | None:
        if not visitor.session:
            return None
        session = await self._house.store.find_session(digest("session", visitor.session))
        if session is None or not session.is_live(self._house.now()):
            return None
        account = await self._house.store.find_account(session.account_id)
        return (session, account) if account is not None and account.is_enabled else None

    async def _verify(self, password_hash: str, password: str) -> bool:
        if len(password) > LONGEST_PASSWORD:
            return False
        async with self._hashing:
            return await asyncio.to_thread(verify_password, password_hash, password)

    async def _find(
        self, visitor: Visitor, typed: str, account_id: str | None
    ) -> tuple[DeviceAuthorization, str] | Problem:
        """The authorization that was typed and its normal form; a try is counted, and given back when it was right."""
        house = self._house
        session = hashlib.sha256(visitor.session.encode()).hexdigest()[:32]
        budgets = guess.user_code_budgets(house.limits, session=session, account_id=account_id, address=visitor.address)
        wait = await house.store.take_tries(budgets, house.now())
        if wait:
            return Problem("too_many", wait)
        if account_id is None:
            together = guess.service_budgets(house.limits)
            if await house.store.take_tries(together, house.now()):
                await house.store.give_back_tries(budgets)
                return Problem("sign_in")
            budgets += together
        code = normalise(typed)
        found = await house.sign_ins.find_by_user_code(digest("user_code", code)) if code else None
        if found is None or code is None:
            return Problem("wrong")
        await house.store.give_back_tries(budgets)
        return found, code

    async def _asking(self, authorization: DeviceAuthorization, code: str, visitor: Visitor) -> Asking:
        client = await self._house.clients.find(authorization.client_id)
        return Asking(
            app_name=client.name if client else authorization.client_id,
            is_app_proven=client is not None and client.auth_method != "none",
            user_code=show(code),
            asked_at=authorization.created_at,
            expires_at=authorization.expires_at,
            address=authorization.address,
            same_network=same_network(authorization.address, visitor.address, is_local=self._house.settings.is_local),
            claimed_name=authorization.claimed_name,
            scopes=self._sentences(authorization.scopes),
        )

    async def _settled(
        self, authorization: DeviceAuthorization, code: str, account_id: str | None
    ) -> Decided | Problem:
        """What is left to say of a code that was decided: to whoever decided, and to anybody else."""
        if authorization.account_id is None or authorization.account_id != account_id:
            return Problem("denied" if authorization.state == "denied" else "used")
        client = await self._house.clients.find(authorization.client_id)
        return Decided(
            app_name=client.name if client else authorization.client_id,
            user_code=show(code),
            approved=authorization.state != "denied",
            decided_at=authorization.decided_at or authorization.created_at,
        )

    def _sentences(self, scopes: Sequence[str]) -> tuple[ScopeText, ...]:
        return tuple(ScopeText(each, self._house.settings.scopes.get(each, each)) for each in scopes)


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password is the one hashed; some 150 ms of one core."""
    try:
        return HASHER.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


def _decision(session: Session, *, approve: bool, scopes: Sequence[str] | None, now: int) -> Change:
    def change(found: DeviceAuthorization | None) -> DeviceAuthorization:
        if found is None:
            raise LookupError("the device authorization was swept away")
        if not approve:
            return verification.deny(found, account_id=session.account_id, now=now)
        return verification.approve(
            found,
            account_id=session.account_id,
            auth_time=session.auth_time,
            amr=session.amr,
            scopes=scopes,
            now=now,
        )

    return change


def same_network(device: str, phone: str, *, is_local: bool) -> bool | None:
    """Whether both asked from one network, as far as addresses tell; None when they cannot tell.

    Two things never share a private address: where they seem to, it is that of a proxy or a router in front of us
    (unless the whole house is on one machine, `is_local`). Side by side in a private network they are neighbours.
    """
    try:
        one, other = ipaddress.ip_address(device), ipaddress.ip_address(phone)
    except ValueError:
        return None
    if is_local or one.is_global or other.is_global:
        return guess.network(device) == guess.network(phone)
    if one == other:
        return None
    return other in ipaddress.ip_network((one, 24 if one.version == 4 else 64), strict=False)
