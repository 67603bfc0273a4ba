"""What devices measured: the demonstration of an API behind the tokens. A room of its own beside the law's promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

KEPT_PER_DEVICE: Final = 10_000
MOST_LISTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement of one stream ("temperature") of a device; `at` in milliseconds since the epoch."""

    reading_id: str
    device_id: str
    account_id: str
    stream: str
    value: float
    at: int


class Readings(Protocol):
    """The newest `KEPT_PER_DEVICE` readings of every device."""

    async def add(self, reading: Reading) -> None:
        """Durable when it returns; the oldest reading of the device makes room when there are too many."""
        ...

    async def list(
        self,
        account_id: str,
        device_id: str | None = None,
        stream: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> Sequence[Reading]:
        """Of one account (and device, and stream), newest first, at most `limit` (1 to `MOST_LISTED`); only those with
        `at` below `before`, where that is given."""
        ...

    async def delete(self, account_id: str, device_id: str | None = None, stream: str | None = None) -> int:
        """Delete all of one account (and device, and stream), durably; how many."""
        ...
