"""Health for load balancers and operators: may this server be sent requests?"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import json_answer
from server.house import House

LOOPBACK: Final = ("127.0.0.1", "::1")


class HealthEndpoint:
    """GET /health: 200 while it serves, 503 while it closes or cannot hear the other servers."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        house = self._house
        status = "closing" if house.is_closing else "ok" if house.sign_ins.is_current else "catching_up"
        content: dict[str, str | int] = {"status": status}
        if request.client is not None and request.client.host in LOOPBACK:
            # How busy a house is, is for whoever runs it: from this machine, not from the street.
            content |= {
                "sign_ins_in_progress": len(house.sign_ins),
                "sign_ins_started": house.counts.sign_ins_started,
                "pending_polls": house.counts.pending_polls,
                "tokens_issued": house.counts.tokens_issued,
            }
        return json_answer(content, 200 if status == "ok" else 503)
