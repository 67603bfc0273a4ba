"""The person's half of a device authorization: open, approve, deny, or say later "this was not me" (section 3.3).

Opening decides nothing, but a code belongs to the account that opened it first, and what proof of presence it asks
for is fixed then (`presence.py`): `approve_shown` takes no weaker one. RFC 8628 section 5.4, RFC 10027 sections 6.1.3
to 6.1.6.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from .device import DeviceAuthorization, State
from .presence import NUMBERS, Decision, Facts, Level, decide, read_match
from .secret import digest
from .step_up import is_met
from .terms import Terms
from .user_code import normalise

CLAIM_FOR: Final = 300_000  # a code belongs to the account that opened it for so long, and lives so long
LONGEST: Final = 900_000  # in all, however often it is opened


class NotPending(Exception):
    """There is nothing to decide: the code is expired, or was decided before. `authorization` says which."""

    def __init__(self, authorization: DeviceAuthorization) -> None:
        super().__init__(authorization.state)
        self.authorization = authorization


class Blocked(Exception):
    """The client's policy stops whoever opens the code from here. Nothing is burned."""


class NotOpened(Exception):
    """This account has not opened the code (lately), or opened it again since: its page must be shown first."""


class Unproven(Exception):
    """The proof that was asked for is missing, or says nothing: nothing is decided."""


class NotFresh(Exception):
    """Whoever approves must sign in first: their session is older, or weaker, than what the device asked."""


def open_for_decision(authorization: DeviceAuthorization, now: int) -> DeviceAuthorization:
    """The authorization when a person may decide it now; raises `NotPending`."""
    if authorization.state != "pending" or authorization.is_expired(now):
        raise NotPending(authorization)
    return authorization


def is_anothers(authorization: DeviceAuthorization, account_id: str, now: int) -> bool:
    """Whether another account opened this code and may still be deciding it."""
    owner, opened_at = authorization.opened_by, authorization.opened_at
    return owner not in (None, account_id) and opened_at is not None and now - opened_at < CLAIM_FOR


def open_by(
    authorization: DeviceAuthorization, *, account_id: str, facts: Facts, terms: Terms, match: str, now: int
) -> tuple[DeviceAuthorization, Decision]:
    """Opened by this account, and what is asked of it. `match` is a fresh number. Raises `NotPending` and `Blocked`.

    A second account, or a device that this person reported before, ends it: denied, `stopped_for` says why.
    """
    pending = open_for_decision(authorization, now)
    seen = replace(facts, is_shared=is_anothers(pending, account_id, now))
    asked = decide(seen, policy=terms.policy, digits=terms.digits, shows_match=pending.shows_match)
    if seen.is_shared or seen.history == "reported":
        why = "shared" if seen.is_shared else "reported"
        return replace(pending, state="denied", level=Level.BLOCKED, stopped_for=why, decided_at=now), asked
    if asked.proof is None:
        raise Blocked
    opened = replace(
        pending,
        opened_by=account_id,
        opened_at=now,
        opens=pending.opens + 1,
        level=int(asked.level),
        proof=asked.proof,
        match=match if asked.proof in NUMBERS else "",
        expires_at=max(pending.expires_at, min(now + CLAIM_FOR, pending.created_at + LONGEST)),
    )
    return opened, asked


def let_go(authorization: DeviceAuthorization, *, account_id: str, now: int) -> DeviceAuthorization:
    """Opened by nobody, as far as this account had it open; whoever opens it next is the first."""
    if authorization.opened_by != account_id or authorization.state != "pending" or authorization.is_expired(now):
        return authorization
    return replace(authorization, opened_by=None, level=None, proof="", match="")


def approve_shown(
    authorization: DeviceAuthorization,
    *,
    account_id: str,
    auth_time: int,
    amr: tuple[str, ...] = (),
    scopes: Collection[str] | None = None,
    shown: str,
    opens: int | None,
    terms: Terms,
    now: int,
) -> DeviceAuthorization:
    """pending -> approved when `shown` is the proof that was asked for at the opening number `opens`; else it is not.

    A wrong number ends it: denied, `stopped_for` says "mismatch". Raises `NotPending`, `NotOpened`, `NotFresh`,
    `Unproven`. What is given shrinks with the level.
    """
    pending = open_for_decision(authorization, now)
    if pending.opened_by != account_id or pending.level is None or opens != pending.opens:
        raise NotOpened  # another page of theirs may have been asked for more, or warned of more
    if pending.level >= Level.FAR and terms.policy != "allow" and auth_time < pending.created_at:
        raise NotFresh
    if pending.proof in NUMBERS:
        picked = read_match(shown)
        if not picked:
            raise Unproven
        if picked != pending.match:
            return replace(deny(pending, account_id=account_id, now=now), stopped_for="mismatch")
    elif pending.proof == "code":
        code = normalise(shown) if shown else None
        if code is None or digest("user_code", code) != pending.user_code_hash:
            raise Unproven
    granted = terms.granted(pending.scopes, pending.level, pending.proof)
    approved = approve(
        pending,
        account_id=account_id,
        auth_time=auth_time,
        amr=amr,
        scopes=[scope for scope in granted if scopes is None or scope in scopes],
        now=now,
    )
    return replace(approved, lasts_for=terms.lasts_for(pending.level))


def approve(
    authorization: DeviceAuthorization,
    *,
    account_id: str,
    auth_time: int,
    amr: tuple[str, ...] = (),
    scopes: Collection[str] | None = None,
    now: int,
) -> DeviceAuthorization:
    """pending -> approved, by this account, for the scopes asked or the part of them that the person left ticked.

    Consent fixes user, client and scope here: later changes only shrink it. Whoever stands before a page goes by
    `approve_shown`. Raises `NotFresh` when the device asked for a sign-in that is younger or stronger.
    """
    granted = tuple(scope for scope in authorization.scopes if scopes is None or scope in scopes)
    pending = open_for_decision(authorization, now)
    if not is_met(pending, auth_time, amr, now):
        raise NotFresh
    return replace(
        pending,
        state="approved",
        account_id=account_id,
        auth_time=auth_time,
        amr=amr,
        scopes=granted,
        decided_at=now,
    )


def deny(authorization: DeviceAuthorization, *, account_id: str, now: int) -> DeviceAuthorization:
    """pending -> denied, for good."""
    return replace(open_for_decision(authorization, now), state="denied", account_id=account_id, decided_at=now)


def take_back(authorization: DeviceAuthorization, *, account_id: str) -> DeviceAuthorization:
    """A slip of the finger, by whoever approved: nothing more comes of it. What came of it already, the store ends.

    Raises `NotPending` when this account did not approve it.
    """
    if authorization.account_id != account_id or authorization.state not in ("approved", "redeemed"):
        raise NotPending(authorization)
    state: State = "denied" if authorization.state == "approved" else "redeemed"
    return replace(authorization, state=state, stopped_for=authorization.stopped_for or "undone")


def report(authorization: DeviceAuthorization, *, account_id: str, now: int) -> DeviceAuthorization:
    """ "This was not me", by whoever approved: nothing more comes of it. What came of it already, the store ends.

    Raises `NotPending` when this account did not approve it. Again is no error.
    """
    if authorization.account_id != account_id or authorization.state not in ("approved", "redeemed", "denied"):
        raise NotPending(authorization)
    if authorization.state == "denied":
        return authorization
    state = "denied" if authorization.state == "approved" else authorization.state
    return replace(authorization, state=state, stopped_for="reported")
