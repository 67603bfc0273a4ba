"""The pushed authorization request endpoint: an app leaves its request here, out of the browser's hands (RFC 9126)."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import json_answer
from server.house import House
from server.oauth.authorization import PUSHED_FOR, URN, ask, redirect_uri_of
from server.oauth.errors import (
    InvalidRequest,
    InvalidScope,
    RequestNotSupported,
    TooMany,
    UnmetRequirements,
    UnsupportedResponseType,
)
from server.oauth.grants.pipeline import demand_proof
from server.oauth.secret import digest, draw
from server.possession import shown_proof
from server.settings import SECOND

from .client_auth import proven_client
from .form import read_form

if TYPE_CHECKING:
    from server.openapi.operation import About

PATH: Final = "/par"


class PushedRequestEndpoint:
    """POST /par: the parameters of an authorization request and the client's authentication -> a `request_uri`."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        house = self._house
        form = await read_form(request)
        client = await proven_client(house, request, form)
        if "request_uri" in form:
            raise InvalidRequest("push the parameters themselves, not a request_uri")
        redirect_uri_of(client, form)
        proof = shown_proof(house, request, PATH)
        demand_proof(client, proof)
        now, request_id = house.now(), draw()
        pushed = ask(digest("request", request_id), client, form, now, self._house.acr_values)
        if proof is not None:
            if pushed.jkt not in (None, proof.jkt):
                raise InvalidRequest("dpop_jkt is not the key of the DPoP proof")
            pushed = replace(pushed, jkt=proof.jkt)
        house.demand_share(request.client.host if request.client else "")
        await house.store.add_request(replace(pushed, stage="pushed", expires_at=now + PUSHED_FOR))
        return json_answer({"request_uri": URN + request_id, "expires_in": PUSHED_FOR // SECOND}, 201)

    def about(self) -> "About":
        from server.openapi.operation import Answer, Field, Operation, members, text, whole
        from server.openapi.parts import (
            ANY_CLIENT,
            CLIENT_REFUSALS,
            PROOF,
            PROOF_REFUSALS,
            authorization_fields,
            client_form,
        )

        uri = Field("request_uri", text(pattern=f"^{URN}[A-Za-z0-9_-]+$"), True)
        kept = Answer(201, "Good for one visit", members(uri, Field("expires_in", whole(1), True, "Seconds")))
        refuses = (
            *(*CLIENT_REFUSALS, *PROOF_REFUSALS, InvalidScope, UnsupportedResponseType),
            *(RequestNotSupported, UnmetRequirements, TooMany),
        )
        takes = client_form(*authorization_fields(is_pushed=True))
        does = "Leave an authorization request here, out of the browser's hands (RFC 9126)"
        return {"POST": Operation("par", does, (kept,), refuses, takes=takes, headers=(PROOF,), by=ANY_CLIENT)}
