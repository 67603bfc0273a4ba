"""What the server owes somebody elsewhere: a mail, a notice. Kept until it is delivered or it is too late.

A delivery says what is owed and about whom, never the text: that is written when it is sent, so that no link which
opens something ever lies in the storage.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from .secret import draw_id

MINUTE: Final = 60_000
# After each failure the next try waits this long; after the last one the delivery is given up.
WAITS: Final = (MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 3 * 60 * MINUTE, 12 * 60 * MINUTE)
LEASE_FOR: Final = 2 * MINUTE  # whoever claims it has this long; then another server tries


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing owed. `subject` is what it is about as its kind knows it: an address, a family.

    It is tried from `due_at` on, and not after `expires_at`. `language` is that of whoever asked for it.
    """

    delivery_id: str
    kind: str
    subject: str
    account_id: str
    created_at: int
    due_at: int
    expires_at: int
    tries: int = 0
    language: str = ""


def owed(kind: str, subject: str, now: int, *, account_id: str = "", lasts_for: int, language: str = "") -> Delivery:
    """A new delivery, due at once, worth sending for `lasts_for` milliseconds."""
    return Delivery(draw_id(), kind, subject, account_id, now, now, now + lasts_for, language=language)


def postponed(delivery: Delivery, now: int) -> Delivery | None:
    """The delivery after one more failure; None when it is given up."""
    if delivery.tries >= len(WAITS):
        return None
    due_at = now + WAITS[delivery.tries]
    return replace(delivery, tries=delivery.tries + 1, due_at=due_at) if due_at < delivery.expires_at else None


class Deliveries(Protocol):
    """The part of the store that keeps what is owed."""

    async def owe(self, deliveries: Sequence[Delivery]) -> None:
        """Keep them; news of `delivery`."""
        ...

    async def claim_deliveries(self, now: int, most: int) -> Sequence[Delivery]:
        """Those due now, each for one caller alone: they are due again after `LEASE_FOR`."""
        ...

    async def postpone_delivery(self, delivery: Delivery) -> None:
        """Write it as it is now; when it is gone, nothing happens."""
        ...

    async def settle_delivery(self, delivery_id: str) -> None:
        """It was delivered, or is given up."""
        ...
