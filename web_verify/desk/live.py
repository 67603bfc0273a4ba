"""The desk for pages that are open: it says when what they show has changed."""

from collections.abc import AsyncIterator
from typing import Protocol

from .visitor import Visitor


class LiveDesk(Protocol):
    """One word at once, then one each time that something changed; "" now and then says that nothing has.

    None: nobody is signed in, or too many pages are open. The words end when there is nothing more to wait for.
    """

    async def watch_code(self, visitor: Visitor, typed: str) -> AsyncIterator[str] | None:
        """`pending`, `approved`, `redeemed`, `denied`, `expired`; `over` for somebody else's code."""
        ...

    async def watch_devices(self, visitor: Visitor) -> AsyncIterator[str] | None:
        """A word that is another one when the list of this person's devices is."""
        ...
