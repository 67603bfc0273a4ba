"""Links that work once: what a mail carries so that whoever reads it may join, choose a new password, or sign out.

The link's secret is kept as its hash. Opening a link changes nothing, because mail scanners open links: using it does
(OWASP Forgot Password Cheat Sheet; NIST SP 800-63B-4 section 4.2).
"""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

Purpose = Literal["invitation", "sign_up", "reset", "email", "device"]
MINUTE: Final = 60_000
LASTS_FOR: Final[dict[Purpose, int]] = {
    "invitation": 7 * 24 * 60 * MINUTE,
    "sign_up": 60 * MINUTE,
    "reset": 30 * MINUTE,
    "email": 60 * MINUTE,
    "device": 7 * 24 * 60 * MINUTE,
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was handed out. `account_id`, `email` and `family_id` are whom it concerns, "" where nobody.

    `is_mailed`: only whoever reads that address has it, so using it proves the address.
    """

    link_hash: bytes
    purpose: Purpose
    created_at: int
    expires_at: int
    account_id: str = ""
    email: str = ""
    family_id: str = ""
    is_mailed: bool = False

    def is_live(self, now: int, *purposes: Purpose) -> bool:
        """Whether it works now, for one of these purposes."""
        return now < self.expires_at and self.purpose in purposes


class Links(Protocol):
    """The part of the store that keeps links."""

    async def add_link(self, link: Link) -> None: ...

    async def find_link(self, link_hash: bytes) -> Link | None: ...

    async def take_link(self, link_hash: bytes) -> Link | None:
        """Take it away: of many callers one gets it."""
        ...

    async def forget_links(self, account_id: str, purpose: Purpose) -> None:
        """Take away all of this account with this purpose."""
        ...
