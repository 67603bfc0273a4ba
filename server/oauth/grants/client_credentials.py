"""The client credentials grant: a back end acts for itself (RFC 6749 section 4.4). Confidential clients only."""

from typing import Final

from server.oauth import scope
from server.oauth.access import Access
from server.oauth.errors import UnauthorizedClient
from server.oauth.secret import draw_id

from .pipeline import Issue, Memory, TokenRequest, use_up_proof
from .target import target

GRANT_TYPE: Final = "client_credentials"
PARAMETERS: Final = ()


async def redeem(request: TokenRequest, memory: Memory) -> Issue:
    """An access token of the client's own scopes; no refresh token, because the client can ask again."""
    client, now = request.client, request.now
    if client.auth_method == "none":
        raise UnauthorizedClient("this grant is for clients that authenticate")
    audience, understood = target(request, memory, client.scopes)
    scopes = scope.asked(request.parameters.get("scope"), understood)
    await use_up_proof(memory, request.proof)
    await memory.store.record((request.told("issued", detail="client credentials"),))
    return Issue(
        Access(
            token_id=draw_id(),
            family_id="",
            account_id="",
            client_id=client.client_id,
            device_id="",
            scopes=scopes,
            auth_time=0,
            issued_at=now,
            expires_at=(now + memory.lifetimes.access) // 1_000 * 1_000,
            jkt=request.jkt,
            x5t=request.x5t,
            audience=audience,
        )
    )
