"""Token families: all that one approval bought, its refresh tokens, rotation, the reuse alarm (RFC 9700 section 4.14).

A family is what a person sees as "a device that is signed in". It has exactly one live refresh token at a time.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from typing import Final

from .errors import InvalidGrant, OAuthError
from .event import Event

REPLAY_FOR: Final = 60_000  # how long a refresh may be repeated after a lost answer


@dataclass(frozen=True, slots=True)
class Family:
    """Everything issued from one approval. `ended_at` is None while it lives; nothing revives an ended family.

    `device_id` names the device in topics and lists, `auth_time` is when the person authenticated, `amr` how;
    instants are milliseconds. `claimed_name` and `address` are as the device authorization had them. `jkt` is the
    thumbprint of the key that all of a public client's refreshes must prove (RFC 9449 section 5). `session_id` is that
    of the browser in which an app was opened; "" for devices, which no browser's sign-out concerns. `given_name` is
    what the person calls the device.
    """

    family_id: str
    client_id: str
    account_id: str
    device_id: str
    scopes: tuple[str, ...]
    auth_time: int
    created_at: int
    expires_at: int
    last_seen_at: int
    claimed_name: str | None = None
    address: str = ""
    ended_at: int | None = None
    jkt: str | None = None
    amr: tuple[str, ...] = ()
    session_id: str = ""
    given_name: str = ""

    def is_live(self, now: int) -> bool:
        return self.ended_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One refresh token of a family, kept as its hash; `spent_at` is set by its one use.

    Its successor is made from the token itself and `salt` (`successor_of`), so that whoever shows the token again can
    be given the same successor, though neither is kept in the clear.

    It lapses at `expires_at` when it is not used: a device may be switched off that long.
    """

    token_hash: bytes
    family_id: str
    created_at: int
    expires_at: int
    spent_at: int | None = None
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a refresh changes, to be written at once: the family, the token shown, and its successor unless refused.

    `events` tell of it in the audit.
    """

    family: Family
    shown: RefreshToken
    successor: RefreshToken | None = None
    refusal: OAuthError | None = None
    events: tuple[Event, ...] = ()


def successor_of(token: str, salt: bytes) -> str:
    """The refresh token that takes this one's place: 256 bits that only the token and its salt together make."""
    digest = hmac.new(token.encode(), b"successor\0" + salt, hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def first_of(code: str, family_id: str) -> str:
    """The first refresh token of a family that a device code bought, for whoever proved to be the same party.

    It is made again when the code is shown again, and neither code nor token is kept in the clear. Like its successors
    it is worth nothing without the family's key or the client's authentication.
    """
    digest = hmac.new(code.encode(), b"first\0" + family_id.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def may_repeat_first(family: Family, first: RefreshToken | None, key: str | None, now: int, *, is_proven: bool) -> bool:
    """Whether the answer that opened this family may be given once more, because it was lost on the way.

    Whoever asks has shown the same code again. `key` is the key that the request proved, `is_proven`: its client
    authenticated. `first` None: the client gets no refresh tokens. What was used already is not given again.
    """
    is_same = family.jkt == key if family.jkt is not None else is_proven
    is_unused = first is None or (first.spent_at is None and now < first.expires_at)
    return is_same and is_unused and family.is_live(now) and now - family.created_at < REPLAY_FOR


def may_repeat(family: Family, shown: RefreshToken, now: int) -> bool:
    """Whether a spent token may be answered once more with the same successor, because the first answer was lost.

    Whoever asks must have proved to be the same party: by the family's key, or by client authentication. The successor
    is the same each time: there is never a second live branch.
    """
    return shown.spent_at is not None and family.is_live(now) and now - shown.spent_at < REPLAY_FOR


def rotate(family: Family, shown: RefreshToken, successor: RefreshToken, client_id: str, now: int) -> Rotation:
    """Spend `shown` and put `successor` in its place (RFC 6749 section 6).

    A token that was spent before raises the alarm: the whole family ends (RFC 9700 section 4.14.2). Another client's
    attempt changes nothing. A refusal is part of the result, because the alarm must be written before it is answered.
    """
    refusal = InvalidGrant("the refresh token is unknown, expired, revoked, or belongs to another client")
    if family.client_id != client_id:
        return Rotation(family, shown, refusal=refusal)
    if shown.spent_at is not None:
        return Rotation(end(family, now), shown, refusal=refusal)
    if not family.is_live(now) or now >= shown.expires_at:
        return Rotation(family, shown, refusal=refusal)
    seen = replace(family, last_seen_at=max(now, family.last_seen_at))
    return Rotation(seen, replace(shown, spent_at=now), successor)


def told_of(family: Family, event: Event) -> Event:
    """The event, about this family."""
    return replace(
        event,
        client_id=family.client_id,
        account_id=family.account_id,
        device_id=family.device_id,
        family_id=family.family_id,
    )


def end(family: Family, now: int) -> Family:
    """The family, ended; when it was ended before, that moment stays."""
    return family if family.ended_at is not None else replace(family, ended_at=now)
