"""The token endpoint's fast path: a repeated pending poll is answered in front of the router.

There is one law, not two: only a request with the very body that the token endpoint answered as pending before is
answered here, with the same pure `keep_pace` and the same prepared bytes. Everything else falls through to it.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.answers import refusal
from server.house import House
from server.live.sign_in import MOST_WAYS, SignIn
from server.oauth.device import INTERVAL, LONGEST_INTERVAL, STEP, Pace, keep_pace, slow_down
from server.oauth.errors import AuthorizationPending

from .form import FORM_TYPE

WIRE: Final = "porchlight.wire"  # in a scope: all bytes of the request, and whether its connection closes then
# With one of these, more than the body matters.
_MATTERS: Final = frozenset((b"authorization", b"prefer", b"dpop"))
_FORM_TYPES: Final = frozenset((FORM_TYPE.encode(), f"{FORM_TYPE}; charset=utf-8".encode()))


def is_memorable(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a token request with these headers is told from others by its body alone."""
    is_form = False
    for name, value in headers:
        if name in _MATTERS:
            return False
        if name == b"content-type":
            if is_form or value.lower() not in _FORM_TYPES:
                return False  # one of two types, and the endpoint reads the other
            is_form = True
    return is_form


class FastPoll:
    """ASGI: answers repeated pending polls at `path`, gives all else to `app`.

    A poll that repeats the bytes of one answered here is answered by `repeat`, before anybody reads it as HTTP: the
    street door asks.
    """

    def __init__(self, app: ASGIApp, house: House, path: str) -> None:
        self._app = app
        self._path = path
        self._sign_ins = house.sign_ins
        self._by_body = house.sign_ins.by_body
        self._by_wire = house.sign_ins.by_wire
        self._now = house.now
        self._counts = house.counts
        intervals = range(INTERVAL, LONGEST_INTERVAL + STEP, STEP)
        refusals = {0: refusal(AuthorizationPending())}
        refusals |= {interval: refusal(slow_down(Pace(None, interval))) for interval in intervals}
        self._messages = {interval: _messages(answer) for interval, answer in refusals.items()}
        self._lines = {interval: _lines(answer) for interval, answer in refusals.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST" or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        message = await receive()
        if not message.get("more_body") and message["type"] == "http.request":
            entry = self._by_body.get(sha256(message["body"]).digest())
            if entry is not None and is_memorable(scope["headers"]):
                interval = self._poll(entry)
                if interval is not None:
                    if entry.ways < MOST_WAYS:
                        self._remember(scope, entry)
                    start, body = self._messages[interval]
                    await send(start)
                    await send(body)
                    return
        await self._app(scope, _again(message, receive), send)

    def repeat(self, wire: bytes) -> tuple[Sequence[bytes], bool] | None:
        """The answer to these bytes, and whether to hang up then: header lines and body, all but status and date.

        None: to be read as HTTP.
        """
        entry = self._by_wire.get(sha256(wire).digest())
        if entry is None:
            return None
        interval = self._poll(entry)
        return None if interval is None else (self._lines[interval], entry.hangs_up)

    def _poll(self, entry: SignIn) -> int | None:
        """Count a poll: the interval that it is told to keep, 0 for none; None when it is not ours to answer."""
        now = self._now()
        if now >= entry.pending_until or not self._sign_ins.is_current:
            return None
        pace, is_early = keep_pace(entry.pace, now)
        entry.pace = pace
        self._counts.pending_polls += 1
        return pace.interval if is_early else 0

    def _remember(self, scope: Scope, entry: SignIn) -> None:
        """The street door leaves the bytes of a request that came in one piece in its scope."""
        wire, hangs_up = scope.get(WIRE, (b"", False))
        if wire:
            self._sign_ins.remember_wire(sha256(wire).digest(), entry, hangs_up=hangs_up)


def _again(first: Message, receive: Receive) -> Receive:
    """A `receive` that gives the message that was taken, then goes on."""
    kept: list[Message] = [first]

    async def resumed() -> Message:
        return kept.pop() if kept else await receive()

    return resumed


def _messages(answer: Response) -> tuple[Message, Message]:
    """An answer as the two messages it is sent in."""
    start = {"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers}
    return start, {"type": "http.response.body", "body": answer.body}


def _lines(answer: Response) -> tuple[bytes, bytes]:
    """An answer as its lines of headers, and its body."""
    return b"".join(b"%b: %b\r\n" % header for header in answer.raw_headers), bytes(answer.body)
