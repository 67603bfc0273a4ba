"""One sign-in in progress, as this server holds it in memory."""

import asyncio
from typing import Final

from server.oauth.device import DeviceAuthorization, Pace

MOST_WAYS: Final = 8
HEARD_WITHIN: Final = 2_500  # a device that heard news asks again at once


class SignIn:
    """One sign-in in progress: its authorization as last heard, how its client polls, and who waits for its bell.

    `pending_until` says the same as the authorization in the one number that a poll needs: 0 once it is decided.
    `body_hash` and `wire_hash` are those of its poll's body and of all its bytes, as far as they are remembered;
    `hangs_up`: the connection of that poll is closed behind the answer. `ways` counts how differently it asked.
    `is_counted`: it takes a place, of all and of its network. `told`: of how many openings its device was told,
    `told_at`; `has_heard`: it asked again at once.
    """

    __slots__ = (
        "authorization",
        "bell",
        "body_hash",
        "hangs_up",
        "has_heard",
        "is_counted",
        "pace",
        "pending_until",
        "told",
        "told_at",
        "ways",
        "wire_hash",
    )

    def __init__(self, authorization: DeviceAuthorization) -> None:
        self.hear(authorization)
        self.pace = Pace()
        self.bell: asyncio.Future[None] | None = None
        self.body_hash: bytes | None = None
        self.wire_hash: bytes | None = None
        self.hangs_up = False
        self.ways = 0
        self.is_counted = False
        self.told = 0
        self.told_at = 0
        self.has_heard = False

    def hear(self, authorization: DeviceAuthorization) -> None:
        """Take the authorization as it is now."""
        self.authorization = authorization
        self.pending_until = authorization.expires_at if authorization.state == "pending" else 0


_ORDER: Final = {"pending": 0, "approved": 1, "denied": 1, "redeemed": 2}


def age_of(authorization: DeviceAuthorization) -> tuple[int, int, bool]:
    """Grows with every change of an authorization: what is younger is never replaced by what is older."""
    return _ORDER[authorization.state], authorization.opens, authorization.shows_match
