"""What was shown lately and works once: proofs of possession (RFC 9449 section 11.1) and client assertions.

This memory is this server's own and costs no write; before anything is bought the storage is asked too, for all.
"""

from hashlib import sha256
from typing import Final

MOST: Final = 200_000


class Replays:
    """What was seen, until it is too old to be shown again."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def is_new(self, whose: str, name: str, until: int) -> bool:
        """Whether it is seen for the first time; remembered until then (milliseconds), in few bytes."""
        key = sha256(f"{whose}\0{name}".encode()).digest()[:16]
        if key in self._seen:
            return False
        if len(self._seen) >= MOST:
            self._seen.pop(next(iter(self._seen)))
        self._seen[key] = until
        return True

    def sweep(self, now: int) -> None:
        """Forget what is too old by itself."""
        self._seen = {key: until for key, until in self._seen.items() if now < until}
