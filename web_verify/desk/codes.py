"""The desk for user codes: what asks under a code, and the decision (RFC 8628 section 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .visitor import Problem, ScopeText, Visitor


@dataclass(frozen=True, slots=True)
class Asking:
    """A sign-in that waits for a decision: what the server saw, and apart from it what the device claims of itself.

    `user_code` is formatted (WDJB-MJHT). `address` is where the device asked from, `same_network` whether that is this
    phone's network too (None: cannot be known). `claimed_name` comes from the device: at most 32 characters, already
    freed of control and bidirectional characters, never to be shown as verified. `is_app_proven`: the app proved with
    a secret or a key that it is the one registered under `app_name`; a public app only says so.
    """

    app_name: str
    user_code: str
    asked_at: int
    expires_at: int
    address: str
    same_network: bool | None
    claimed_name: str | None
    scopes: tuple[ScopeText, ...]
    is_app_proven: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """A sign-in that this very person has decided."""

    app_name: str
    user_code: str
    approved: bool
    decided_at: int


class CodeDesk(Protocol):
    """Devices that ask."""

    async def look_up(self, visitor: Visitor, typed: str) -> Asking | Decided | Problem:
        """What asks under this user code, however it was typed. A wrong code counts as a try. Changes no decision."""
        ...

    async def decide(
        self, visitor: Visitor, typed: str, *, approve: bool, scopes: Sequence[str] | None = None
    ) -> Decided | Problem:
        """Approve (with all scopes asked, or only those named) or deny, for the signed-in person; durable on return."""
        ...
