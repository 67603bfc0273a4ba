"""One MQTT call becomes one in-process request under the API, and its answer one envelope: one API, two roads.

The same route, the same bearer check, the same errors as over HTTP. A call that is repeated (QoS 1 delivers at least
once, and a device retries with the same request id) gets the answer of the first, and nothing is done twice.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message

from device_agent.mqtt import envelope
from server.api.bearer import VOUCHED
from server.api.resource import Resource
from server.api.table import RESOURCES

from .brokers.port import Call

REMEMBER_FOR: Final = 120_000
REMEMBER_MOST: Final = 10_000


class Relay:
    """Answers calls by asking `app` under `prefix`. `now` gives milliseconds."""

    def __init__(self, app: ASGIApp, prefix: str, now: Callable[[], int]) -> None:
        self._app = app
        self._prefix = prefix
        self._now = now
        self._by_name: Mapping[str, Resource] = {each.name: each for each in RESOURCES}
        self._answers: dict[tuple[str, str], tuple[int, asyncio.Future[bytes]]] = {}

    async def answer(self, call: Call) -> bytes:
        """The envelope for this call; never raises for anything a device can send."""
        resource = self._by_name.get(call.method)
        if resource is None:
            return envelope.encode(404, _error("unknown_method", f"the methods are: {', '.join(self._by_name)}"))
        try:
            arguments = envelope.decode_call(call.payload)
        except envelope.EnvelopeError as error:
            return envelope.encode(400, _error("invalid_request", str(error)))
        if resource.method == "GET":
            return await self._ask(resource, call.token, arguments)
        return await self._once(call, resource, arguments)

    async def _once(self, call: Call, resource: Resource, arguments: Mapping[str, object]) -> bytes:
        """Do it the first time this request id comes; later ones get the same answer."""
        self._forget_old()
        key = (call.device_id, call.request_id)
        kept = self._answers.get(key)
        if kept is None:
            asked = asyncio.ensure_future(self._ask(resource, call.token, arguments))
            kept = self._answers[key] = (self._now(), asked)
        return await asyncio.shield(kept[1])

    def _forget_old(self) -> None:
        oldest = self._now() - REMEMBER_FOR
        for key, (at, answer) in list(self._answers.items()):
            if at >= oldest and len(self._answers) < REMEMBER_MOST:
                return
            if answer.done():
                del self._answers[key]

    async def _ask(self, resource: Resource, token: str, arguments: Mapping[str, object]) -> bytes:
        """The request, made in this process, and its answer in an envelope."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": resource.method,
            "scheme": "mqtt",
            "path": self._prefix + resource.path,
            "raw_path": (self._prefix + resource.path).encode(),
            "root_path": "",
            "query_string": _query(arguments) if resource.takes_query else b"",
            "headers": [(b"authorization", b"Bearer " + token.encode()), (b"content-type", b"application/json")],
            "client": None,
            VOUCHED: True,
            "server": None,
        }
        asked = _Exchange(b"" if resource.takes_query else json.dumps(arguments).encode())
        await self._app(scope, asked.receive, asked.send)
        return asked.envelope()


class _Exchange:
    """Both ends of one in-process request."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._status = 500
        self._answer: list[bytes] = []

    async def receive(self) -> Message:
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        else:
            self._answer.append(message.get("body", b""))

    def envelope(self) -> bytes:
        body = b"".join(self._answer)
        if len(body) > envelope.LARGEST:
            return envelope.encode(500, _error("too_large", "the answer does not fit into one message; ask for less"))
        return b'{"status":%d,"body":%s}' % (self._status, body or b"null")


def _query(arguments: Mapping[str, object]) -> bytes:
    pairs = [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in arguments.items()]
    return urlencode(pairs).encode()


def _error(word: str, description: str) -> dict[str, Any]:
    return {"error": word, "error_description": description}
