"""One device authorization: pending, then approved or denied, then redeemed; or expired (RFC 8628 section 3).

Every transition is a pure function from one frozen value to the next, and the state only moves forward. Instants are
milliseconds since the epoch.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from .errors import AccessDenied, AuthorizationPending, ExpiredToken, InvalidGrant, SlowDown

State = Literal["pending", "approved", "denied", "redeemed"]
GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"

INTERVAL: Final = 5_000  # RFC 8628 section 3.2: five seconds when the answer names none
STEP: Final = 5_000  # section 3.5: slow_down adds five seconds
LONGEST_INTERVAL: Final = 60_000
TOLERANCE: Final = 1_000  # latency is not impatience


@dataclass(frozen=True, slots=True)
class DeviceAuthorization:
    """A sign-in that a device has started. Both codes are kept as hashes only.

    `scopes` are those asked for, then, once approved, those granted. `address` is where the device asked from (seen by
    us); `claimed_name` is what it calls itself. `account_id`, `auth_time` and `amr` are those of whoever decided.
    `jkt` is the thumbprint of the key that began it, if one did: then only it may poll and redeem (ours; experimental).
    `max_age` (seconds) and `acr_values`: how lately and how well whoever approves must have signed in (`step_up.py`).

    `shows_match`: the device can show a number. `browser` is the hash of the browser that began it, if one did. A
    phone of `opened_by` opened it last at `opened_at`, `opens` times in all; `level`, `proof` and `match` are what
    was asked of it then (`presence.py`). `stopped_for` says why we denied it ourselves. `lasts_for` (milliseconds)
    bounds the sign-in, and `family_id` is the one that came of it. `given_name` is what the person calls the device.
    `ui_locales` are the languages it would speak.
    """

    code_hash: bytes
    user_code_hash: bytes
    client_id: str
    scopes: tuple[str, ...]
    created_at: int
    expires_at: int
    address: str = ""
    claimed_name: str | None = None
    state: State = "pending"
    account_id: str | None = None
    auth_time: int | None = None
    decided_at: int | None = None
    jkt: str | None = None
    amr: tuple[str, ...] = ()
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    shows_match: bool = False
    browser: str = ""
    opened_by: str | None = None
    opened_at: int | None = None
    opens: int = 0
    level: int | None = None
    proof: str = ""
    match: str = ""
    stopped_for: str = ""
    lasts_for: int | None = None
    family_id: str | None = None
    given_name: str = ""
    ui_locales: tuple[str, ...] = ()

    def is_expired(self, now: int) -> bool:
        return now >= self.expires_at


class Pace(NamedTuple):
    """How a waiting client polls: when it last polled in time (None: not yet), and the interval it must keep."""

    last_poll_at: int | None = None
    interval: int = INTERVAL


def keep_pace(pace: Pace, now: int) -> tuple[Pace, bool]:
    """The pace after a poll at `now`, and whether that poll was too early (RFC 8628 section 3.5).

    An early poll raises the interval but does not restart the clock, so that no client can lock itself out. A clock
    that was set back counts as on time.
    """
    last = pace.last_poll_at
    if last is None or not 0 <= now - last < pace.interval - TOLERANCE:
        return Pace(now, pace.interval), False
    if pace.interval >= LONGEST_INTERVAL:
        return pace, True
    return Pace(last, min(pace.interval + STEP, LONGEST_INTERVAL)), True


def poll(
    authorization: DeviceAuthorization | None, client_id: str, now: int, jkt: str | None = None
) -> DeviceAuthorization:
    """What a poll finds, by the state table: the authorization when it can be redeemed at once, else its error.

    `jkt` is the thumbprint of the key that this poll proved. The order is the law: whose code, then redeemed, then
    expiry, then the decision. Whether a pending poll came too early is `keep_pace`'s question, and is asked only of a
    pending one: what is settled is always collectable.
    """
    if authorization is None or authorization.client_id != client_id or authorization.state == "redeemed":
        raise InvalidGrant("the device code is unknown, used, or belongs to another client")
    if authorization.jkt is not None and authorization.jkt != jkt:
        raise InvalidGrant("the device code belongs to another key")
    if authorization.is_expired(now):
        raise ExpiredToken("the device code has expired; start again when the user asks for it")
    if authorization.state == "denied":
        raise AccessDenied("the user said no")
    if authorization.state == "pending":
        raise AuthorizationPending
    return authorization


def show_match(authorization: DeviceAuthorization | None) -> DeviceAuthorization:
    """The same authorization, whose device said that it can show a number (ours: `match=1` in its polls)."""
    if authorization is None:
        raise InvalidGrant("the device code is unknown, used, or belongs to another client")
    return authorization if authorization.state != "pending" else replace(authorization, shows_match=True)


def pending(authorization: DeviceAuthorization, now: int) -> AuthorizationPending:
    """The pending answer for a device that can show a number: whether a phone opened its code, the number, and how
    many seconds it has from now."""
    if not authorization.opens:
        return AuthorizationPending()
    news = AuthorizationPending(opened=True, expires_in=(authorization.expires_at - now) // 1_000)
    if authorization.match:
        news.members["match"] = authorization.match
    news.opens = authorization.opens
    return news


def slow_down(pace: Pace) -> SlowDown:
    """The answer to a poll that came too early; it carries the interval to keep, in seconds."""
    return SlowDown(interval=pace.interval // 1_000)


def is_spent_by(authorization: DeviceAuthorization | None, client_id: str, jkt: str | None) -> bool:
    """Whether this client, with the key that began it if one did, shows a code that has bought its tokens."""
    return (
        authorization is not None
        and authorization.state == "redeemed"
        and authorization.client_id == client_id
        and authorization.jkt in (None, jkt)
        and authorization.family_id is not None
    )


def redeem(
    authorization: DeviceAuthorization | None,
    client_id: str,
    now: int,
    jkt: str | None = None,
    family_id: str | None = None,
) -> DeviceAuthorization:
    """approved -> redeemed, for the client that got the code, as this family; raises like `poll`."""
    return replace(poll(authorization, client_id, now, jkt), state="redeemed", family_id=family_id)
