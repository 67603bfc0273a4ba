"""The desk for the inbox: apps that ask a person on their phone, and the answers (OpenID CIBA Core section 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .visitor import Problem, ScopeText, Visitor


@dataclass(frozen=True, slots=True)
class RequestAsking:
    """What an app asks of this very person. `message` is the app's own, one line that is safe to show ("": none).

    `is_app_proven`: an operator registered it under this name; else it gave the name itself.
    """

    request_id: str
    app_name: str
    message: str
    asked_at: int
    expires_at: int
    scopes: tuple[ScopeText, ...]
    is_app_proven: bool = True


@dataclass(frozen=True, slots=True)
class RequestDecided:
    """What this person answered. `is_stopped`: the app may not ask them for a while."""

    request_id: str
    app_name: str
    approved: bool
    decided_at: int
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class StoppedApp:
    """An app that may not ask this person: until then, or for good (None)."""

    client_id: str
    app_name: str
    until_at: int | None


class InboxDesk(Protocol):
    """Apps that ask people; nobody sees or decides a request but the person whom it was made for."""

    async def requests(self, visitor: Visitor) -> Sequence[RequestAsking]:
        """Those that wait, oldest first; empty without a session."""
        ...

    async def look_up_request(self, visitor: Visitor, request_id: str) -> RequestAsking | RequestDecided | Problem:
        """One of them. Changes nothing. `Problem("wrong")` for anybody else's, too."""
        ...

    async def decide_request(
        self,
        visitor: Visitor,
        request_id: str,
        *,
        approve: bool,
        scopes: Sequence[str] | None = None,
        stop_app: bool = False,
    ) -> RequestDecided | Problem:
        """Approve (all scopes asked, or only those named) or deny; `stop_app`: and hear nothing of the app for a day.

        Durable on return.
        """
        ...

    async def stopped_apps(self, visitor: Visitor) -> Sequence[StoppedApp]:
        """Those that may not ask this person now."""
        ...

    async def stop_app(self, visitor: Visitor, request_id: str) -> bool:
        """Never let the app of this request ask again. False when the request is not this person's."""
        ...

    async def let_app_ask(self, visitor: Visitor, client_id: str) -> None:
        """Let a stopped app ask again."""
        ...

    async def has_request_code(self, visitor: Visitor) -> bool:
        """Whether only apps that know this person's code may ask them."""
        ...

    async def set_request_code(self, visitor: Visitor, code: str) -> bool:
        """Demand this code of every app from now on; "" demands none. False for a code of the wrong length."""
        ...
