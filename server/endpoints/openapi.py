"""The description of this server's own interface: `GET /openapi.json` (OpenAPI 3.1)."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from server.house import House

from .metadata import CACHE

if TYPE_CHECKING:
    from server.openapi.operation import About


class OpenApiEndpoint:
    """GET /openapi.json: written when somebody first asks, for few ever do. `table` is what it tells of."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.table: Sequence[BaseRoute] = ()
        self._written = b""

    async def __call__(self, request: Request) -> Response:
        if not self._written:
            from server.openapi.document import write

            self._written = await asyncio.to_thread(write, self._house.settings, self.table)
        return Response(self._written, 200, CACHE, "application/json")

    def about(self) -> "About":
        from server.openapi.operation import PUBLIC, Answer, Operation

        shown = Answer(200, "This document", {"type": "object"}, headers=PUBLIC)
        return {"GET": Operation("openapi", "Describe this interface (OpenAPI 3.1)", (shown,))}
