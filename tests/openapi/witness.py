"""A witness between the server and its street: every answer is held against what its endpoint says of itself."""

import json
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema
from starlette.routing import Match, Route
from starlette.types import Message, Receive, Scope, Send

from server.app import Porchlight
from server.openapi.document import document, walked


class Witness:
    """Stands before the router of this server. `undocumented` are the answers that the description does not know."""

    def __init__(self, app: Porchlight) -> None:
        self._router, app._router = app._router, self  # type: ignore[assignment]
        self.undocumented: list[str] = []
        self.answered: Counter[tuple[str, int]] = Counter()
        self._routes = [(prefix, route) for prefix, route in walked(self._router.routes)]
        said = document(app.house.settings, self._router.routes)
        self._paths, self._shared = said["paths"], said["components"]["responses"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and look at each answer that is whole."""
        said = self._said(scope) if scope["type"] == "http" else None
        if said is None:
            await self._router(scope, receive, send)
            return
        label, responses = said
        start: dict[str, Any] = {}
        body = bytearray()

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    self._look(label, responses, start, bytes(body))
            await send(message)

        await self._router(scope, receive, heard)

    def _said(self, scope: Scope) -> tuple[str, Mapping[str, Any]] | None:
        for prefix, route in self._routes:
            inner = {**scope, "path": scope["path"].removeprefix(prefix)} if prefix else scope
            if isinstance(route, Route) and route.matches(inner)[0] is Match.FULL:
                path = route.path.replace(":path", "")
                one = self._paths[path].get(scope["method"].lower())
                return (f"{scope['method']} {path}", one["responses"]) if one is not None else None
        return None

    def _look(self, label: str, responses: Mapping[str, Any], start: Mapping[str, Any], body: bytes) -> None:
        status = start["status"]
        self.answered[label, status] += 1
        if status == 499:  # nobody is there to read it
            return
        wrong = self._wrong(responses.get(str(status)), start, body)
        if wrong:
            self.undocumented.append(f"{label} {status}: {wrong}")

    def _wrong(self, said: Mapping[str, Any] | None, start: Mapping[str, Any], body: bytes) -> str:
        if said is None:
            return f"the status is not documented: {body[:200]!r}"
        said = self._shared[said["$ref"].rpartition("/")[2]] if "$ref" in said else said
        headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        for name, header in said.get("headers", {}).items():
            if header["required"] and name not in headers:
                return f"the header {name} is missing"
            if name in headers and (fault := _fault(header["schema"], headers[name])):
                return f"{name}: {fault}"
        content, kind = said.get("content", {}), headers.get("content-type", "").partition(";")[0]
        if not content:
            return "" if not body else f"a body that is not documented: {body[:200]!r}"
        if kind not in content:
            return f"the media type {kind} is not documented"
        return _json_fault(content[kind]["schema"], body) if kind == "application/json" else ""


def _json_fault(schema: Mapping[str, Any], body: bytes) -> str:
    return _fault(schema, json.loads(body))


def _fault(schema: Mapping[str, Any], value: object) -> str:
    error = next(_validator(json.dumps(schema)).iter_errors(value), None)
    return "" if error is None else f"{error.message} at {error.json_path}"


@lru_cache(maxsize=512)
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema))
