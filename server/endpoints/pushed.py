"""The pushed authorization request endpoint: an app leaves its request here, out of the browser's hands (RFC 9126)."""

from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import json_answer
from server.house import House
from server.oauth.authorization import PUSHED_FOR, URN, ask, redirect_uri_of
from server.oauth.errors import InvalidRequest
from server.oauth.grants.pipeline import demand_proof
from server.oauth.secret import digest, draw
from server.possession import shown_proof
from server.settings import SECOND

from .client_auth import proven_client
from .form import read_form

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
        pushed = ask(digest("request", request_id), client, form, now)
        if proof is not None:
            if pushed.jkt not in (None, proof.jkt):
                raise InvalidRequest("dpop_jkt is not the key of the DPoP proof")
            pushed = replace(pushed, jkt=proof.jkt)
        house.demand_share(request.client.host if request.client else "")
        await house.store.add_request(replace(pushed, stage="pushed", expires_at=now + PUSHED_FOR))
        return json_answer({"request_uri": URN + request_id, "expires_in": PUSHED_FOR // SECOND}, 201)
