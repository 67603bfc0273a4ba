"""The desk for apps: what one asks, and where the browser goes with the answer (RFC 6749 section 4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from .visitor import Problem, ScopeText, Visitor


@dataclass(frozen=True, slots=True)
class AppAsking:
    """An app that waits for a decision, and what comes next: this person signs in, is asked, or is not asked at all.

    `is_app_proven`: an operator registered it under `app_name`, and it did not say so itself. `form_target` is where a
    form may lead when the decision is taken, as a Content-Security-Policy writes it. `needs_passkey`: no password
    will do.
    """

    app_name: str
    form_target: str
    expires_at: int
    login_hint: str
    scopes: tuple[ScopeText, ...]
    next: Literal["sign_in", "ask", "leave"]
    is_app_proven: bool = True
    needs_passkey: bool = False


@dataclass(frozen=True, slots=True)
class Leaving:
    """The answer to an app: the address to send the browser to, which the app has registered.

    `fields` None: the answer is in the address. Else the browser posts them there (OAuth 2.0 Form Post Response Mode).
    """

    location: str
    form_target: str
    fields: tuple[tuple[str, str], ...] | None = None


class AppDesk(Protocol):
    """Apps that ask."""

    async def look_up_app(self, visitor: Visitor, request_id: str) -> AppAsking | Problem:
        """What the app asks that sent the browser here with this request. Changes nothing."""
        ...

    async def decide_app(
        self, visitor: Visitor, request_id: str, *, approve: bool | None, scopes: Sequence[str] | None = None
    ) -> Leaving | Problem:
        """Like `decide`; None answers without asking, where `next` is `leave`. `Problem("wrong")`: look again."""
        ...
