"""The token endpoint's fast path: a repeated pending poll is answered in front of the router.

There is one law, not two: only a request with the very body that the token endpoint answered as pending before is
answered here, with the same pure `keep_pace` and the same prepared bytes. Everything else falls through to it.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.answers import refusal
from server.house import House
from server.oauth.device import INTERVAL, LONGEST_INTERVAL, STEP, Pace, keep_pace, slow_down
from server.oauth.errors import AuthorizationPending, OAuthError

from .form import FORM_TYPE

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
    """ASGI: answers repeated pending polls at `path`, gives all else to `app`."""

    def __init__(self, app: ASGIApp, house: House, path: str) -> None:
        self._app = app
        self._path = path
        self._sign_ins = house.sign_ins
        self._by_body = house.sign_ins.by_body
        self._now = house.now
        self._counts = house.counts
        self._pending = _messages(AuthorizationPending())
        intervals = range(INTERVAL, LONGEST_INTERVAL + STEP, STEP)
        self._slow_down = {interval: _messages(slow_down(Pace(None, interval))) for interval in intervals}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST" or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        message = await receive()
        if not message.get("more_body") and message["type"] == "http.request":
            entry = self._by_body.get(sha256(message["body"]).digest())
            if entry is not None and self._sign_ins.is_current and is_memorable(scope["headers"]):
                now = self._now()
                if now < entry.pending_until:
                    pace, is_early = keep_pace(entry.pace, now)
                    entry.pace = pace
                    self._counts.pending_polls += 1
                    start, body = self._slow_down[pace.interval] if is_early else self._pending
                    await send(start)
                    await send(body)
                    return
        await self._app(scope, _again(message, receive), send)


def _again(first: Message, receive: Receive) -> Receive:
    """A `receive` that gives the message that was taken, then goes on."""
    kept: list[Message] = [first]

    async def resumed() -> Message:
        return kept.pop() if kept else await receive()

    return resumed


def _messages(error: OAuthError) -> tuple[Message, Message]:
    """The answer as the two messages it is sent in, the same bytes as the token endpoint's."""
    answer = refusal(error)
    start = {"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers}
    return start, {"type": "http.response.body", "body": answer.body}
