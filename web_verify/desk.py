"""What the pages ask of the server: the port that an authorization server hands them (RFC 8628 section 3.3).

Values are what a person may see and nothing more. Every method counts tries, checks limits and writes durably on the
server's side; the pages only show what came back. Instants are whole milliseconds since the epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Why = Literal["wrong", "expired", "used", "denied", "too_many", "blocked", "sign_in"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """The browser that asks: its session cookie (an opaque secret, never logged) and the address the server saw."""

    session: str
    address: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever is signed in on this phone."""

    username: str
    name: str


@dataclass(frozen=True, slots=True)
class ScopeText:
    """One scope and the sentence that says what it allows, verb first."""

    scope: str
    sentence: str


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


@dataclass(frozen=True, slots=True)
class AppAsking:
    """An app that waits for a decision, and what comes next: this person signs in, is asked, or is not asked at all.

    `form_target` is where a form may lead when the decision is taken, as a Content-Security-Policy writes it.
    """

    app_name: str
    form_target: str
    expires_at: int
    login_hint: str
    scopes: tuple[ScopeText, ...]
    next: Literal["sign_in", "ask", "leave"]


@dataclass(frozen=True, slots=True)
class Leaving:
    """The answer to an app: the address to send the browser to, which the app has registered.

    `fields` None: the answer is in the address. Else the browser posts them there (OAuth 2.0 Form Post Response Mode).
    """

    location: str
    form_target: str
    fields: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is nothing to decide. `retry_for` (milliseconds) is set for `too_many`.

    `sign_in`: too many strangers guess just now; whoever signs in is told.
    """

    why: Why
    retry_for: int = 0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: `session` replaces the visitor's cookie (a new secret at every sign-in)."""

    session: str
    person: Person


@dataclass(frozen=True, slots=True)
class Device:
    """A device that this person signed in. `signed_out_at` is None while it is signed in."""

    device_id: str
    app_name: str
    claimed_name: str | None
    signed_in_at: int
    last_seen_at: int
    address: str
    scopes: tuple[ScopeText, ...]
    signed_out_at: int | None = None


class Desk(Protocol):
    """The server's counter for the pages. No method raises for anything a person can type."""

    def now(self) -> int:
        """The server's time."""
        ...

    async def person(self, visitor: Visitor) -> Person | None:
        """Who is signed in with this session, if anybody."""
        ...

    async def sign_in(self, visitor: Visitor, username: str, password: str) -> SignedIn | Problem:
        """Check a password. `Problem("wrong")` says the same for an unknown name; `too_many` after too many tries."""
        ...

    async def sign_out(self, visitor: Visitor) -> None:
        """End this session."""
        ...

    async def look_up(self, visitor: Visitor, typed: str) -> Asking | Decided | Problem:
        """What asks under this user code, however it was typed. A wrong code counts as a try. Changes no decision."""
        ...

    async def decide(
        self, visitor: Visitor, typed: str, *, approve: bool, scopes: Sequence[str] | None = None
    ) -> Decided | Problem:
        """Approve (with all scopes asked, or only those named) or deny, for the signed-in person; durable on return."""
        ...

    async def look_up_app(self, visitor: Visitor, request_id: str) -> AppAsking | Problem:
        """What the app asks that sent the browser here with this request. Changes nothing."""
        ...

    async def decide_app(
        self, visitor: Visitor, request_id: str, *, approve: bool | None, scopes: Sequence[str] | None = None
    ) -> Leaving | Problem:
        """Like `decide`; None answers without asking, where `next` is `leave`. `Problem("wrong")`: look again."""
        ...

    async def devices(self, visitor: Visitor) -> Sequence[Device]:
        """The devices this person signed in, newest activity first, at most a few hundred; empty without a session."""
        ...

    async def sign_out_device(self, visitor: Visitor, device_id: str) -> bool:
        """End one device's tokens and MQTT session at once. False when it is not this person's."""
        ...
