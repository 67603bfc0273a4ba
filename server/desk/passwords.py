"""Passwords are hashed by argon2id, off the event loop, and a few at once."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from server.oauth.secret import draw

HASHER: Final = PasswordHasher()
LONGEST_PASSWORD: Final = 1_024
AT_ONCE: Final = 2  # argon2 takes a core and 64 MiB each: more at once would starve the polls


class Passwords:
    """Checks passwords, taking turns."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._nobody = HASHER.hash(draw())

    async def is_right(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one hashed. Without a hash it takes as long, so that the time tells nothing."""
        if len(password) > LONGEST_PASSWORD:
            return False
        async with self._turns:
            return await asyncio.to_thread(verify_password, password_hash or self._nobody, password)


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password is the one hashed; some 150 ms of one core."""
    try:
        return HASHER.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
