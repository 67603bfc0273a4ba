"""The street door: HTTP/1.1 as uvicorn speaks it, with an end to every request: so many bytes, so many seconds.

uvicorn itself collects a head without end, and waits for the rest of a request as long as the sender likes.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD: Final = 65_536
MAX_MORE: Final = 1_048_576  # of a body that comes in pieces; the counters refuse theirs much sooner
ASK_FOR = 30.0  # seconds that a request may take to arrive, and a new connection to begin one


class BoundedHttp(HttpToolsProtocol):
    """One connection. Costs a request that arrives in one piece next to nothing."""

    _asking: object = None  # the request that `_came` counts and `_patience` waits for
    _came: int = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._patience = self.loop.call_later(ASK_FOR, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._hurry_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        is_in_head = self.scope is None or "method" not in self.scope
        if not is_in_head and not self.cycle.more_body:
            if self._patience is not None:
                self._hurry_no_more()
            return
        if self._asking is not self.scope:
            self._asking, self._came = self.scope, 0
            self._hurry_no_more()
        self._came += len(data)
        if self._came > (MAX_HEAD if is_in_head else MAX_MORE):
            self._refuse(is_in_head)
        elif self._patience is None:
            self._patience = self.loop.call_later(ASK_FOR, self.transport.close)

    def _refuse(self, is_in_head: bool) -> None:
        if self.transport.is_closing():
            return
        if is_in_head:
            self.send_400_response("The head of the request is too long.")
        else:
            self.transport.close()

    def _hurry_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
