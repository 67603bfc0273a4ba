"""The desk for people: who is signed in, signing in, signing out."""

from dataclasses import dataclass
from typing import Protocol

from .visitor import Person, Problem, Visitor


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: `session` replaces the visitor's cookie (a new secret at every sign-in)."""

    session: str
    person: Person


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The password was right; the code of the person's app is still owed, in this browser."""


class PeopleDesk(Protocol):
    """Accounts and sessions."""

    def now(self) -> int:
        """The server's time."""
        ...

    async def person(self, visitor: Visitor) -> Person | None:
        """Who is signed in with this session, if anybody."""
        ...

    async def sign_in(self, visitor: Visitor, username: str, password: str) -> SignedIn | SecondStep | Problem:
        """Check a password. `Problem("wrong")` says the same for an unknown name; `too_many` after too many tries."""
        ...

    async def sign_out(self, visitor: Visitor) -> None:
        """End this session."""
        ...
