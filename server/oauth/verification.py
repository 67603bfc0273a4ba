"""The person's half of a device authorization: open, approve, deny (RFC 8628 section 3.3).

What proof of presence to ask before approval will be decided here, from facts, before `approve` is allowed.
"""

from collections.abc import Collection
from dataclasses import replace

from .device import DeviceAuthorization


class NotPending(Exception):
    """There is nothing to decide: the code is expired, or was decided before. `authorization` says which."""

    def __init__(self, authorization: DeviceAuthorization) -> None:
        super().__init__(authorization.state)
        self.authorization = authorization


def open_for_decision(authorization: DeviceAuthorization, now: int) -> DeviceAuthorization:
    """The authorization when a person may decide it now; raises `NotPending`."""
    if authorization.state != "pending" or authorization.is_expired(now):
        raise NotPending(authorization)
    return authorization


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

    Consent fixes user, client and scope here: later changes only shrink it.
    """
    granted = tuple(scope for scope in authorization.scopes if scopes is None or scope in scopes)
    return replace(
        open_for_decision(authorization, now),
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
