"""One backchannel authentication request: an app asks a person on their phone (CIBA Core 1.0 sections 7 to 12).

Pending, then approved or denied, then redeemed; or expired. Every transition is a pure function from one frozen value
to the next. Instants are milliseconds since the epoch. How often a client may poll is asked of `device.keep_pace`.
"""

import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

from .device import State
from .errors import (
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InvalidBindingMessage,
    InvalidGrant,
    InvalidRequest,
    OAuthError,
    UnauthorizedClient,
)
from .event import Event
from .prompts import Mute, RequestCode
from .token import Family, RefreshToken

GRANT_TYPE: Final = "urn:openid:params:grant-type:ciba"
MODES: Final = ("poll", "ping", "push")
HINTS: Final = ("login_hint", "login_hint_token", "id_token_hint")
LONGEST_MESSAGE: Final = 100
LONGEST_NOTIFICATION_TOKEN: Final = 1_024
SHORTEST_NOTIFICATION_TOKEN: Final = 22  # characters: 128 bits in Base64
SHORTEST: Final = 30_000
LONGEST: Final = 1_800_000
RETRY_AFTER: Final = (2_000, 10_000, 60_000, 300_000)  # milliseconds between attempts to notify; then it is given up
CLAIMED_FOR: Final = 30_000  # who has taken a notification on and is not heard of again has failed
LATEST: Final = 600_000  # tokens are not pushed later than this after the request's expiry
_UNSHOWABLE: Final = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
Mode = Literal["poll", "ping", "push"]


@dataclass(frozen=True, slots=True)
class BackchannelRequest:
    """What an app asks of one person. Its `auth_req_id` is kept as a hash.

    `scopes` are those asked for, then, once approved, those granted. `account_id` is whom it was made for: nobody else
    decides it. `jkt` is the thumbprint of the key that made it, if one did: then its tokens are for that key (ours).
    `sealed` is what a notification has to carry, for ping and push; `due_at` when the next attempt to bring it is due
    (None: nothing is owed), `attempts` how many there were. `family_id` is what it has bought.
    """

    request_hash: bytes
    client_id: str
    account_id: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int
    mode: Mode = "poll"
    binding_message: str = ""
    address: str = ""
    state: State = "pending"
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    decided_at: int | None = None
    decided_from: str = ""
    jkt: str | None = None
    sealed: str = ""
    due_at: int | None = None
    attempts: int = 0
    family_id: str | None = None

    def is_expired(self, now: int) -> bool:
        return now >= self.expires_at


class NotPending(Exception):
    """There is nothing to decide: the request is expired, or was decided before. `request` says which."""

    def __init__(self, request: BackchannelRequest) -> None:
        super().__init__(request.state)
        self.request = request


class NotDue(Exception):
    """Nothing is owed now: it was brought, is being brought by somebody else, or was given up."""


class AskedAlready(Exception):
    """A request of this app waits for this person already. It ends at `until` (milliseconds)."""

    def __init__(self, until: int) -> None:
        super().__init__(until)
        self.until = until


Change = Callable[[BackchannelRequest | None], BackchannelRequest]


def open_for_decision(request: BackchannelRequest | None, account_id: str, now: int) -> BackchannelRequest:
    """The request when this person may decide it now; raises `NotPending`, or `LookupError` for anybody else."""
    if request is None or request.account_id != account_id:
        raise LookupError("there is no such request")
    if request.state != "pending" or request.is_expired(now):
        raise NotPending(request)
    return request


def approve(
    request: BackchannelRequest | None,
    *,
    account_id: str,
    auth_time: int,
    amr: tuple[str, ...],
    address: str,
    scopes: Collection[str] | None,
    now: int,
) -> BackchannelRequest:
    """pending -> approved, for the scopes asked or the part of them that the person left ticked."""
    found = open_for_decision(request, account_id, now)
    return replace(
        found,
        state="approved",
        auth_time=auth_time,
        amr=amr,
        scopes=tuple(each for each in found.scopes if scopes is None or each in scopes),
        decided_at=now,
        decided_from=address,
        due_at=_owed(found, now),
    )


def deny(request: BackchannelRequest | None, *, account_id: str, address: str = "", now: int) -> BackchannelRequest:
    """pending -> denied, for good."""
    found = open_for_decision(request, account_id, now)
    return replace(found, state="denied", decided_at=now, decided_from=address, due_at=_owed(found, now))


def _owed(request: BackchannelRequest, now: int) -> int | None:
    return None if request.mode == "poll" else now


def poll(request: BackchannelRequest | None, client_id: str, now: int, jkt: str | None = None) -> BackchannelRequest:
    """What a token request finds, by the state table of `device.poll`: the request when it can be redeemed at once.

    A push client has nothing to ask for: what it gets is brought (section 11).
    """
    if request is None or request.client_id != client_id:
        raise InvalidGrant("the auth_req_id is unknown, used, or belongs to another client")
    if request.mode == "push":
        raise UnauthorizedClient("the tokens of this client are pushed; it may not ask for them")
    return settled(request, now, jkt)


def settled(request: BackchannelRequest, now: int, jkt: str | None = None) -> BackchannelRequest:
    """The request when tokens may be made of it now, else its error; whoever asks for them."""
    if request.state == "redeemed":
        raise InvalidGrant("the auth_req_id is unknown, used, or belongs to another client")
    if request.jkt is not None and request.jkt != jkt:
        raise InvalidGrant("the auth_req_id belongs to another key")
    if request.is_expired(now):
        raise ExpiredToken("the auth_req_id has expired; ask again when the user wants it")
    if request.state == "denied":
        raise AccessDenied("the user said no")
    if request.state == "pending":
        raise AuthorizationPending
    return request


def redeem(
    request: BackchannelRequest | None, client_id: str, family_id: str, now: int, jkt: str | None = None
) -> BackchannelRequest:
    """approved -> redeemed, for the client that asked; it has then bought this family. Raises like `poll`."""
    return replace(poll(request, client_id, now, jkt), state="redeemed", family_id=family_id, due_at=None, sealed="")


def redeem_to_push(request: BackchannelRequest | None, family_id: str, sealed: str) -> BackchannelRequest:
    """approved -> redeemed, for tokens that are brought; still owed, and `sealed` now has what to bring.

    The decision was in time, so it does not matter whether the notification is.
    """
    if request is None or request.mode != "push" or request.state != "approved":
        raise NotDue
    return replace(request, state="redeemed", family_id=family_id, sealed=sealed)


def claim(request: BackchannelRequest | None, now: int) -> BackchannelRequest:
    """Take on what is owed: nobody else brings it meanwhile. Raises `NotDue`."""
    if request is None or request.due_at is None or now < request.due_at:
        raise NotDue
    return replace(request, due_at=now + CLAIMED_FOR, attempts=request.attempts + 1)


def brought(request: BackchannelRequest | None) -> BackchannelRequest:
    """It was taken, or is given up: nothing is owed any more, and what it carried is forgotten."""
    if request is None or request.due_at is None:
        raise NotDue
    return replace(request, due_at=None, sealed="")


def not_brought(request: BackchannelRequest | None, now: int) -> BackchannelRequest:
    """It was not taken this time: again a little later, or, after the last attempt, never (`due_at` is None)."""
    if request is None or request.due_at is None:
        raise NotDue
    if request.attempts > len(RETRY_AFTER):
        return brought(request)
    return replace(request, due_at=now + RETRY_AFTER[request.attempts - 1])


def outcome(request: BackchannelRequest, now: int) -> OAuthError | None:
    """What a push client is told in place of tokens (section 12); None when it gets tokens.

    After a long silence of ours the client has forgotten what it asked: then it gets none.
    """
    if request.state == "denied":
        return AccessDenied("the user said no")
    if request.state == "pending" or now >= request.expires_at + LATEST:
        return ExpiredToken("nobody answered in time")
    return None


def check_message(text: str) -> str:
    """The binding message; raises `InvalidBindingMessage` for one that could not be shown as it is, or is too long."""
    if len(text) > LONGEST_MESSAGE:
        raise InvalidBindingMessage(f"binding_message has {LONGEST_MESSAGE} characters at most")
    if not text.strip() or any(unicodedata.category(each) in _UNSHOWABLE for each in text):
        raise InvalidBindingMessage("binding_message is one line of plain text, without control characters")
    return text


def lives_for(requested: str | None, usual: int) -> int:
    """How long a person may take, in milliseconds: what the client requested in seconds, within bounds."""
    if requested is None:
        return usual
    if not requested.isascii() or not requested.isdigit() or len(requested) > 10 or int(requested) == 0:
        raise InvalidRequest("requested_expiry is a positive whole number of seconds")
    return min(max(int(requested) * 1_000, SHORTEST), LONGEST)


class BackchannelStore(Protocol):
    """The part of the store that keeps backchannel requests, and whom people do not want to be asked by."""

    async def add_backchannel(self, request: BackchannelRequest, *, events: Sequence[Event] = ()) -> None:
        """Raises `AskedAlready` while a request of this client waits for this account: of many at once one is added."""
        ...

    async def find_backchannel(self, request_hash: bytes) -> BackchannelRequest | None: ...

    async def backchannels(self, account_id: str, now: int) -> Sequence[BackchannelRequest]:
        """Those that wait for this account's decision, oldest first."""
        ...

    async def due_backchannels(self, now: int, limit: int) -> Sequence[BackchannelRequest]:
        """Those of which something is owed by now, the longest due first."""
        ...

    async def change_backchannel(
        self, request_hash: bytes, change: Change, *, events: Sequence[Event] = ()
    ) -> BackchannelRequest:
        """Apply a transition; news of `backchannel`."""
        ...

    async def redeem_backchannel(
        self,
        request_hash: bytes,
        change: Change,
        family: Family,
        refresh_token: RefreshToken | None,
        *,
        events: Sequence[Event] = (),
    ) -> BackchannelRequest:
        """Apply the transition and open the family, both or neither; news of `backchannel`."""
        ...

    async def put_mute(self, mute: Mute, *, events: Sequence[Event] = ()) -> None:
        """Keep it, in place of one of the same key."""
        ...

    async def end_mute(self, key: str, *, events: Sequence[Event] = ()) -> None: ...

    async def mutes(self, account_id: str, now: int) -> Sequence[Mute]:
        """Those that hold now."""
        ...

    async def put_request_code(self, code: RequestCode, *, events: Sequence[Event] = ()) -> None:
        """Keep it, in place of the account's one before. An empty hash: the account has none."""
        ...

    async def find_request_code(self, account_id: str) -> RequestCode | None: ...
