"""Passwords are hashed by argon2id, off the event loop, and a few at once."""

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Final

from server.desk.breached import Breached
from server.oauth.password import LONGEST, Fault, fault_of, normal
from server.oauth.secret import draw

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LONGEST_PASSWORD: Final = LONGEST
AT_ONCE: Final = 2  # argon2 takes a core and 64 MiB each: more at once would starve the polls


class Passwords:
    """Checks and hashes passwords, taking turns. `breached` is the path of a list of stolen ones, "" for none."""

    def __init__(self, *, shortest: int = 15, breached: str = "") -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._shortest = shortest
        self._breached = Breached(breached) if breached else None

    async def is_right(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one hashed. Without a hash it takes as long, so that the time tells nothing."""
        if len(password) > LONGEST_PASSWORD:
            return False
        async with self._turns:
            return await asyncio.to_thread(_is_right, password_hash, password)

    async def fault(self, password: str, names: tuple[str, ...]) -> Fault | None:
        """Why somebody may not choose this password; `names` are theirs and the service's."""
        chosen = normal(password)
        fault = fault_of(chosen, shortest=self._shortest, names=names)
        if (
            fault is None
            and self._breached is not None
            and await asyncio.to_thread(self._breached.__contains__, chosen)
        ):
            return "known"
        return fault

    async def hash(self, password: str) -> str:
        """To be kept in place of the password."""
        async with self._turns:
            return await asyncio.to_thread(hash_password, password)


def hash_password(password: str) -> str:
    """Some 150 ms of one core."""
    return _hasher().hash(normal(password))


def verify_password(password_hash: str, password: str) -> bool:
    """Whether the password is the one hashed; some 150 ms of one core."""
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return _hasher().verify(password_hash, normal(password))
    except (Argon2Error, InvalidHashError):
        return False


def _is_right(password_hash: str | None, password: str) -> bool:
    nobody = _nobody()  # made for whoever is first, known or not, so that the time tells nothing
    return verify_password(password_hash or nobody, password)


@cache
def _nobody() -> str:
    return _hasher().hash(draw())


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher  # half a megabyte, with the first password

    return PasswordHasher()
