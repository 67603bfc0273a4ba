"""The street door: HTTP/1.1 as uvicorn speaks it, with an end to every request: so many bytes, so many seconds.

uvicorn itself collects a head without end, and waits for the rest of a request as long as the sender likes.

A device that waits sends the same bytes again and again. Such a poll is answered here, before it is read as HTTP, when
the counter says so (`server/endpoints/fast_poll.py`): half of what it costs is the reading.
"""

import asyncio
from typing import Any, Final

from server.endpoints.fast_poll import WIRE
from server.possession import PEER

from .uvicorn_alone import STATUS_LINE, HttpToolsProtocol

MAX_HEAD: Final = 65_536
MAX_MORE: Final = 1_048_576  # of a body that comes in pieces; the counters refuse theirs much sooner
MAX_REPEATED: Final = 4_096  # a longer request is always read
ASK_FOR = 30.0  # seconds that a request may take to arrive, and a new connection to begin one


class BoundedHttp(HttpToolsProtocol):
    """One connection. Costs a request that arrives in one piece next to nothing."""

    _asking: object = None  # the request that `_came` counts and `_patience` waits for
    _came: int = 0
    _patience: asyncio.TimerHandle | None = None
    _is_between = True  # requests, as far as the bytes go
    _head: tuple[object, bytes] = (None, b"")  # of an answer; the same for all until the date changes

    def __init__(self, config: Any, *more: Any, **named: Any) -> None:
        super().__init__(config, *more, **named)
        self._repeat = getattr(config.app, "repeat", None)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._patience = self.loop.call_later(ASK_FOR, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._hurry_no_more()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Before any middleware can put what a header says in its place."""
        super().on_message_begin()
        self.scope[PEER] = self.client[0] if self.client else ""  # type: ignore[typeddict-unknown-key]

    def data_received(self, data: bytes) -> None:
        was_between, self._is_between = self._is_between, False
        if was_between and self._repeat is not None and self._answers_again(data):
            self._is_between = True
            return
        super().data_received(data)
        is_in_head = self.scope is None or "method" not in self.scope
        if not is_in_head and not self.cycle.more_body:
            self._is_between = True
            if was_between and self._repeat is not None:
                self._leave_bytes(data)
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

    def _answers_again(self, data: bytes) -> bool:
        """Whether these bytes are a poll that was answered before, and has been answered again."""
        is_idle = (self.cycle is None or self.cycle.response_complete) and not self.pipeline
        if not is_idle or self.flow.write_paused or self.transport.is_closing():
            return False
        found = self._repeat(data) if self._repeat is not None and len(data) <= MAX_REPEATED else None
        if found is None:
            return False
        (lines, body), hangs_up = found
        self._hurry_no_more()
        self.transport.write(
            b"".join((self._dated(), lines, b"connection: close\r\n\r\n" if hangs_up else b"\r\n", body))
        )
        if hangs_up:
            self.transport.close()
        self.on_response_complete()
        return True

    def _dated(self) -> bytes:
        """The status and what every answer begins with; uvicorn makes a new list of headers every second."""
        defaults = self.server_state.default_headers
        if BoundedHttp._head[0] is not defaults:
            lines = [b"%b: %b\r\n" % header for header in defaults]
            BoundedHttp._head = (defaults, b"".join([STATUS_LINE[400], *lines]))
        return BoundedHttp._head[1]

    def _leave_bytes(self, data: bytes) -> None:
        """Leave the bytes of a request in its scope, when they are its own and no others."""
        is_alone = data.find(b"\r\n\r\n") + 4 + len(self.cycle.body) == len(data)
        if is_alone and len(data) <= MAX_REPEATED and not self.expect_100_continue:
            self.scope[WIRE] = (data, not self.cycle.keep_alive)  # type: ignore[typeddict-unknown-key]

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
