"""The desk for a person's own account: making one, a new password, addresses, browsers; and what a mail's link does.

Nothing here tells whether somebody has an account: who asks for a mail gets the same answer for every address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from .factors import Ways
from .people import SignedIn
from .visitor import Problem, Visitor

Field = Literal["email", "username", "name", "current", "password"]
Why = Literal["empty", "wrong", "shape", "taken", "short", "long", "known", "name"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with what was typed into one field."""

    field: Field
    why: Why


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser in which this person is signed in. `is_here`: the one that asks."""

    session_id: str
    name: str
    address: str
    signed_in_at: int
    last_used_at: int
    is_here: bool


@dataclass(frozen=True, slots=True)
class Factor:
    """A way in which this person can prove who they are."""

    kind: Literal["password"]


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """What a person sees of their account."""

    username: str
    name: str
    email: str | None
    is_email_verified: bool
    factors: tuple[Factor, ...]
    browsers: tuple[Browser, ...]
    ways: Ways = field(default_factory=Ways)


@dataclass(frozen=True, slots=True)
class NewDevice:
    """The device that a notice tells of. `signed_out_at` is None while it is signed in."""

    app_name: str
    claimed_name: str | None
    signed_in_at: int
    address: str
    signed_out_at: int | None = None


class JoinDesk(Protocol):
    """Making an account."""

    async def ask_to_join(self, visitor: Visitor, email: str) -> Fault | Problem | None:
        """Send a link to this address; None whoever it belongs to."""
        ...

    async def invited(self, token: str) -> str | None:
        """The address that a link was made for, while it works; None when it does not."""
        ...

    async def join(
        self, visitor: Visitor, token: str, *, username: str, name: str, password: str
    ) -> SignedIn | Problem | Sequence[Fault]:
        """Make the account and sign in. `Problem("expired")`: the link does not work any more."""
        ...


class ResetDesk(Protocol):
    """A new password for whoever forgot theirs."""

    async def ask_to_reset(self, visitor: Visitor, email: str) -> Fault | Problem | None:
        """Send a link to this address when an account has it; None in any case."""
        ...

    async def resetting(self, token: str) -> str | None:
        """Whose password the link changes, by user name; None when it does not work."""
        ...

    async def reset(self, visitor: Visitor, token: str, password: str, *, with_devices: bool) -> Fault | Problem | None:
        """Change it, once; every browser is signed out, and every device when asked."""
        ...


class AccountDesk(Protocol):
    """The account of whoever is signed in; nothing happens for anybody else."""

    async def account(self, visitor: Visitor) -> OwnAccount | None: ...

    async def change_password(
        self, visitor: Visitor, current: str, password: str, *, with_devices: bool
    ) -> SignedIn | Fault | Problem:
        """Every other browser is signed out, and every device when asked; this one goes on under a new secret."""
        ...

    async def ask_for_email(self, visitor: Visitor, current: str, email: str) -> Fault | Problem | None:
        """Send a link to a new address; it counts once the link was used."""
        ...

    async def asked_email(self, visitor: Visitor, token: str) -> str | None:
        """The address that this link confirms, for the person who asked for it."""
        ...

    async def confirm_email(self, visitor: Visitor, token: str) -> bool: ...

    async def sign_out_browser(self, visitor: Visitor, session_id: str) -> bool:
        """False when it is not this person's."""
        ...

    async def sign_out_everywhere(self, visitor: Visitor, *, with_devices: bool) -> None:
        """This browser included."""
        ...


class NoticeDesk(Protocol):
    """What the link in the notice of a new device does; nobody has to be signed in."""

    async def noticed(self, token: str) -> NewDevice | None: ...

    async def sign_out_noticed(self, visitor: Visitor, token: str) -> NewDevice | None:
        """Sign that one device out."""
        ...
