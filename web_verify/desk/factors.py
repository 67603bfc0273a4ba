"""The desk for the ways to sign in beside a password: passkeys, one-time codes, other providers.

What a thief would change here asks for the proof of the moment: `Problem("stale")` means that the person signs in once
more first, in whichever way they do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from .people import SignedIn
from .visitor import Problem, Visitor

NotTold = Literal["denied", "expired", "broken", "unknown", "domain", "not_fresh", "disabled", "taken"]


@dataclass(frozen=True, slots=True)
class OwnPasskey:
    """`passkey_id` names it in forms. `is_alarmed`: there may be a copy, so that it opens nothing."""

    passkey_id: str
    name: str
    added_at: int
    last_used_at: int
    is_synced: bool
    is_alarmed: bool


@dataclass(frozen=True, slots=True)
class CodeApp:
    """A code app in use, and how many recovery codes are left."""

    added_at: int
    last_used_at: int
    recovery_codes: int


@dataclass(frozen=True, slots=True)
class LinkedProvider:
    """An identity at another provider. `link_id` names it in forms, `label` is what a person knows it by."""

    link_id: str
    name: str
    label: str
    linked_at: int
    last_used_at: int


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways beside a password in which a person signs in."""

    passkeys: tuple[OwnPasskey, ...] = ()
    code_app: CodeApp | None = None
    providers: tuple[LinkedProvider, ...] = ()


@dataclass(frozen=True, slots=True)
class NewCodeApp:
    """What a code app is to be told: typed in, or as the address in a square."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CameBack:
    """A person is back from a provider. `came_for` is what they left with; exactly one of the others says more."""

    came_for: str
    signed_in: SignedIn | None = None
    is_linked: bool = False
    why_not: NotTold | None = None


class PasskeyDesk(Protocol):
    """Passkeys. What a browser brings is JSON that the pages pass on as it is."""

    async def ways(self, visitor: Visitor) -> Ways | Problem:
        """Those of whoever is signed in, with the proof of the moment."""
        ...

    async def ask_for_passkey(self, visitor: Visitor) -> Mapping[str, Any] | Problem:
        """What to ask the browser with; it tells nothing about anybody."""
        ...

    async def sign_in_by_passkey(self, visitor: Visitor, answer: str) -> SignedIn | Problem: ...

    async def ask_for_new_passkey(self, visitor: Visitor) -> Mapping[str, Any] | Problem: ...

    async def add_passkey(self, visitor: Visitor, answer: str, name: str) -> Problem | None: ...

    async def remove_passkey(self, visitor: Visitor, passkey_id: str) -> Problem | None:
        """`Problem("last")`: nothing would be left to sign in with."""
        ...


class CodeAppDesk(Protocol):
    """One-time codes of a code app, and the codes for when it is lost."""

    async def second_step(self, visitor: Visitor) -> str | None:
        """Who gave the password in this browser and owes the code, by user name."""
        ...

    async def finish_second_step(self, visitor: Visitor, typed: str) -> SignedIn | Problem:
        """`Problem("expired")`: the password comes first again."""
        ...

    async def begin_code_app(self, visitor: Visitor) -> Problem | None: ...

    async def new_code_app(self, visitor: Visitor) -> NewCodeApp | Problem | None:
        """What was begun and is not confirmed yet."""
        ...

    async def confirm_code_app(self, visitor: Visitor, typed: str) -> tuple[str, ...] | Problem:
        """The recovery codes, shown this once."""
        ...

    async def renew_recovery_codes(self, visitor: Visitor) -> tuple[str, ...] | Problem: ...

    async def remove_code_app(self, visitor: Visitor) -> Problem | None: ...


class ProviderDesk(Protocol):
    """Other OpenID providers."""

    async def to_provider(
        self, visitor: Visitor, key: str, came_for: str, *, links: bool, fresh: bool
    ) -> str | NotTold | Problem:
        """The address to go to, which begins with http; or why not. `Problem("wrong")`: there is no such provider."""
        ...

    async def from_provider(self, visitor: Visitor, key: str, answer: Mapping[str, str]) -> CameBack: ...

    async def unlink_provider(self, visitor: Visitor, link_id: str) -> Problem | None: ...
