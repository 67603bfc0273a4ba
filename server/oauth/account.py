"""People who can approve, and their sessions on the pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from .authentication import PASSWORD
from .event import Event

USED_EVERY: Final = 60_000  # how often it is noted that a session was used


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `account_id` is the `sub` of tokens; `password_hash` is argon2id in its PHC form, "" for none.

    `email` is in its tidy form (`email_address.tidy_email`), no two people have the same; `is_email_verified` says that
    the person has shown to read it, not only an operator that it is theirs. `language` is the tag of the one that they
    were last answered in.
    """

    account_id: str
    username: str
    name: str
    password_hash: str
    created_at: int
    is_enabled: bool = True
    email: str | None = None
    is_email_verified: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which a person is signed in, by the methods in `amr`. The cookie's secret is kept as its hash.

    `session_id` stays when the same person signs in once more here: what was begun in this browser is known by it; it
    also names the session in lists, and is no secret. `browser` is what it calls itself, in short; `address` is where
    the person signed in from.
    """

    session_hash: bytes
    account_id: str
    auth_time: int
    expires_at: int
    amr: tuple[str, ...] = PASSWORD
    session_id: str = ""
    last_used_at: int = 0
    browser: str = ""
    address: str = ""

    def is_live(self, now: int) -> bool:
        return now < self.expires_at


def tidy_username(typed: str) -> str:
    """User names are compared without regard to case and outer spaces; a NUL, which no name has, is made visible."""
    return typed.strip().casefold().replace("\0", "\ufffd")


def is_still(now: Account | None, was: Account) -> bool:
    """Whether the account is what a decision was taken by: open, or closed, as then, by the same password and address.

    A password takes its time to check and to hash: whoever was faster meanwhile must not be undone.
    """
    return now is not None and (now.password_hash, now.is_enabled, now.username, now.email) == (
        was.password_hash, was.is_enabled, was.username, was.email
    )  # fmt: skip


class People(Protocol):
    """What the store promises about people and their sessions beside what every sign-in needs (`store.Store`)."""

    async def accounts(self) -> Sequence[Account]:
        """In the order of their user names."""
        ...

    async def find_account_by_email(self, email: str) -> Account | None: ...

    async def sessions(self, account_id: str) -> Sequence[Session]:
        """Of one person, the last used first."""
        ...

    async def use_session(self, session_hash: bytes, now: int) -> None:
        """Note that it was used now."""
        ...

    async def note_language(self, account_id: str, language: str) -> None:
        """Note in which language this person is answered now; nothing else of the account changes."""
        ...

    async def end_sessions(self, account_id: str, *, but: bytes = b"", events: Sequence[Event] = ()) -> int:
        """End all of a person but the one of this hash; how many. The events are written when there was one."""
        ...

    async def name_family(self, family_id: str, given_name: str) -> bool:
        """Note what the person calls this device; False when there is none."""
        ...
