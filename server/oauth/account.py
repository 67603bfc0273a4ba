"""People who can approve, and their sessions on the pages."""

from dataclasses import dataclass

from .authentication import PASSWORD


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `account_id` is the `sub` of tokens; `password_hash` is argon2id in its PHC form."""

    account_id: str
    username: str
    name: str
    password_hash: str
    created_at: int
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which a person is signed in, by the methods in `amr`. The cookie's secret is kept as its hash.

    `session_id` stays when the same person signs in once more here: what was begun in this browser is known by it.
    """

    session_hash: bytes
    account_id: str
    auth_time: int
    expires_at: int
    amr: tuple[str, ...] = PASSWORD
    session_id: str = ""

    def is_live(self, now: int) -> bool:
        return now < self.expires_at


def tidy_username(typed: str) -> str:
    """User names are compared without regard to case and outer spaces; a NUL, which no name has, is made visible."""
    return typed.strip().casefold().replace("\0", "\ufffd")
