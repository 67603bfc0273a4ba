"""The steps that every token request shares (RFC 6749 section 3.2), and the shape of a grant.

The order is the law: parameters, then the client's authentication, then whether it may use the grant, then the grant.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from server.oauth.access import Access
from server.oauth.backchannel import BackchannelRequest
from server.oauth.backchannel import Change as ChangeBackchannel
from server.oauth.certificate import Certificate, demand_certificate
from server.oauth.client import Client
from server.oauth.delivery import Delivery
from server.oauth.device import DeviceAuthorization, Pace
from server.oauth.errors import InvalidGrant, InvalidRequest, UnsupportedGrantType
from server.oauth.event import NOWHERE, Event, Origin, What, happened
from server.oauth.identity import Identity
from server.oauth.proof import REMEMBERED_FOR, InvalidProof, Proof
from server.oauth.secret import digest, draw, draw_id
from server.oauth.store import Change, Store
from server.oauth.token import Family, RefreshToken, told_of


class SignIns(Protocol):
    """Sign-ins in progress, as `server/live` holds them in front of the store."""

    async def find(self, code_hash: bytes) -> DeviceAuthorization | None: ...

    async def redeem(
        self,
        code_hash: bytes,
        change: Change,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
        owed: Sequence[Delivery] = (),
    ) -> DeviceAuthorization: ...

    async def change(self, code_hash: bytes, change: Change) -> DeviceAuthorization: ...

    def keep_pace(self, code_hash: bytes, now: int) -> tuple[Pace, bool]: ...


class Backchannels(Protocol):
    """Backchannel requests in progress, as `server/live` holds them in front of the store."""

    async def find(self, request_hash: bytes) -> BackchannelRequest | None: ...

    async def redeem(
        self,
        request_hash: bytes,
        change: ChangeBackchannel,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
    ) -> BackchannelRequest: ...

    def keep_pace(self, request_hash: bytes, now: int) -> tuple[Pace, bool]: ...


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long things live, in milliseconds."""

    access: int
    refresh_idle: int
    refresh: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What a grant may ask and write.

    `audience` is that of our own API; `audiences` are the other resource servers, with the scopes each understands.
    `read` says what a living access token says, or raises `InvalidToken`; `notices` what is owed when a device signs
    in.
    """

    store: Store
    sign_ins: SignIns
    lifetimes: Lifetimes
    audience: str
    audiences: Mapping[str, tuple[str, ...]]
    read: Callable[[str], Access]
    backchannels: Backchannels
    notices: Callable[[Family], tuple[Delivery, ...]]


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A token request whose shared steps are done. `is_held_over`: it was counted as a poll when it arrived.

    `proof` is the proof of possession it showed, checked but for being new; `certificate` the one that tokens are to be
    bound to.
    """

    client: Client
    parameters: Mapping[str, str]
    now: int
    is_held_over: bool = False
    proof: Proof | None = None
    origin: Origin = NOWHERE
    certificate: Certificate | None = None

    @property
    def jkt(self) -> str | None:
        """The thumbprint of the key that this request proved by DPoP."""
        return self.proof.jkt if self.proof is not None else None

    @property
    def x5t(self) -> str | None:
        """The thumbprint of the certificate that tokens are to be bound to."""
        return self.certificate.thumbprint if self.certificate is not None else None

    @property
    def key(self) -> str | None:
        """The thumbprint of the key that this request proved, by DPoP or by TLS."""
        return self.jkt or (self.certificate.jkt if self.certificate is not None else None)

    @property
    def bound_to(self) -> str | None:
        """The key that refresh tokens are bound to: a public client's; others authenticate (RFC 9449 section 5)."""
        return self.key if self.client.auth_method == "none" else None

    def told(self, what: What, *, account_id: str = "", detail: str = "") -> Event:
        """An event of what this client was given."""
        client_id = self.client.client_id
        return happened(
            what, "client", self.now, self.origin, client_id=client_id, account_id=account_id, detail=detail
        )

    def told_of(self, family: Family, what: What, detail: str = "") -> Event:
        """An event of what this client was given, of this family."""
        return told_of(family, happened(what, "client", self.now, self.origin, detail=detail))


@dataclass(frozen=True, slots=True)
class Issue:
    """What is to be minted and answered; `members` are what the answer carries besides."""

    access: Access
    refresh_token: str | None = None
    identity: Identity | None = None
    members: Mapping[str, str] = field(default_factory=dict)


class Grant(Protocol):
    """The shape of a module in `server/oauth/grants`."""

    @property
    def GRANT_TYPE(self) -> str: ...

    @property
    def PARAMETERS(self) -> tuple[str, ...]: ...

    async def redeem(self, request: TokenRequest, memory: Memory) -> Issue: ...


def choose(parameters: Mapping[str, str], by_type: Mapping[str, Grant]) -> Grant:
    """The grant that is asked for. Raises `InvalidRequest` or `UnsupportedGrantType`."""
    grant_type = parameters.get("grant_type")
    if grant_type is None:
        raise InvalidRequest("grant_type is missing")
    grant = by_type.get(grant_type)
    if grant is None:
        if grant_type == "password":
            raise UnsupportedGrantType(
                "the password grant is not offered (RFC 9700 section 2.4): use the device authorization grant"
            )
        raise UnsupportedGrantType("this grant type is not offered; see grant_types_supported in the metadata")
    for name in grant.PARAMETERS:
        if name not in parameters:
            raise InvalidRequest(f"{name} is missing")
    return grant


def demand_proof(client: Client, proof: Proof | None) -> None:
    """Raise `InvalidProof` when a client that was registered for DPoP shows no proof (RFC 9449 section 5.2)."""
    if client.is_dpop_bound and proof is None:
        raise InvalidProof("this client must show a DPoP proof")


async def use_up_proof(memory: Memory, proof: Proof | None) -> None:
    """Raise `InvalidProof` when this proof has bought something before, on whichever server (RFC 9449 section 11.1)."""
    if proof is not None:
        key_hash = digest("proof", f"{proof.jkt}\0{proof.proof_id}")
        if not await memory.store.take_once(key_hash, proof.issued_at + REMEMBERED_FOR):
            raise InvalidProof("the proof was used before; make a new one for each request")


async def check_parties(memory: Memory, client_id: str, account_id: str | None) -> None:
    """Raise `InvalidGrant` unless the account may still sign devices in: asked again at every issue of tokens."""
    account = await memory.store.find_account(account_id) if account_id is not None else None
    client = await memory.store.find_client(client_id)
    if account is None or not account.is_enabled or client is None or not client.is_enabled:
        raise InvalidGrant("the account or the client may no longer sign in")


async def check_again(memory: Memory, family: Family, now: int) -> None:
    """Whoever disables a party ends the families there are: one that came to be a moment later ends here."""
    try:
        await check_parties(memory, family.client_id, family.account_id)
    except InvalidGrant:
        told = happened("revoked", "house", now, detail="the person or the app was disabled meanwhile")
        await memory.store.end_family(family.family_id, now, event=told)
        raise


def draw_refresh_token(family: Family, lifetimes: Lifetimes, now: int) -> tuple[str, RefreshToken]:
    """A refresh token to hand out, and the form in which it is kept; never outlives its family."""
    secret = draw()
    return secret, keep_refresh_token(secret, family, lifetimes, now)


def keep_refresh_token(secret: str, family: Family, lifetimes: Lifetimes, now: int) -> RefreshToken:
    """The form in which a refresh token is kept: its hash, and when it lapses unused."""
    expires_at = min(now + lifetimes.refresh_idle, family.expires_at)
    return RefreshToken(digest("refresh_token", secret), family.family_id, now, expires_at)


def access_of(family: Family, scopes: tuple[str, ...], request: TokenRequest, memory: Memory) -> Access:
    """The access token that a family's client gets now: never outlives its family, in whole seconds as JWTs count."""
    demand_certificate(request.client, request.certificate)  # also where the house itself made the request
    return Access(
        token_id=draw_id(),
        family_id=family.family_id,
        account_id=family.account_id,
        client_id=family.client_id,
        device_id=family.device_id,
        scopes=scopes,
        auth_time=family.auth_time,
        issued_at=request.now,
        expires_at=min(request.now + memory.lifetimes.access, family.expires_at) // 1_000 * 1_000,
        jkt=request.jkt,
        x5t=request.x5t,
        audience=(memory.audience,),
        amr=family.amr,
    )
