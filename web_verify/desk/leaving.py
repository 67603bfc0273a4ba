"""The desk for signing out because an app asked for it (OpenID Connect RP-Initiated Logout section 3)."""

from dataclasses import dataclass
from typing import Literal, Protocol

from .apps import Leaving
from .visitor import Visitor


@dataclass(frozen=True, slots=True)
class AskedToLeave:
    """An app asks that this person signs out. `app_name` is "" when it did not say who it is.

    `next`: the person is asked, or not: nobody is signed in, or the app proved that this very session is its own.
    `form_target` is where the browser may go afterwards ("": nowhere else).
    """

    app_name: str
    form_target: str
    next: Literal["ask", "leave"]


class LeavingDesk(Protocol):
    """Apps that sign out."""

    async def look_up_leaving(self, visitor: Visitor, ticket: str) -> AskedToLeave | None:
        """What the ticket says that the browser was sent here with; None for none of ours, or one too old."""
        ...

    async def leave(self, visitor: Visitor, ticket: str) -> Leaving | None:
        """End the visitor's session; where the app wants the browser to go, if anywhere."""
        ...
