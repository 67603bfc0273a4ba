"""Health for load balancers and operators: may this server be sent requests?"""

from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import json_answer
from server.house import House

if TYPE_CHECKING:
    from server.openapi.operation import About

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

    def about(self) -> "About":
        from server.openapi.operation import Answer, Field, Operation, members, text, whole

        counts = ("sign_ins_in_progress", "sign_ins_started", "pending_polls", "tokens_issued")
        status = Field("status", text("ok", "closing", "catching_up"), True)
        shown = members(status, *(Field(name, whole(), says="Told to this machine alone") for name in counts))
        serves = Answer(200, "It may be sent requests", shown)
        rests = Answer(503, "It closes, or cannot hear the other servers", shown)
        return {"GET": Operation("health", "Say whether this server may be sent requests", (serves, rests))}
