"""The refresh token grant, with rotation and the reuse alarm (RFC 6749 section 6, RFC 9700 section 4.14)."""

from typing import Final

from server.oauth import scope, token
from server.oauth.errors import InvalidGrant
from server.oauth.secret import digest
from server.oauth.token import Family, RefreshToken, Rotation

from .pipeline import Issue, Memory, TokenRequest, access_expiry, check_parties, draw_refresh_token

GRANT_TYPE: Final = "refresh_token"
PARAMETERS: Final = ("refresh_token",)


async def redeem(request: TokenRequest, memory: Memory) -> Issue:
    """Raises `InvalidGrant` for every token that is not this client's live one, `InvalidScope` for more scope."""
    token_hash = digest("refresh_token", request.parameters["refresh_token"])
    client_id, now = request.client.client_id, request.now
    found = await memory.store.find_refresh_token(token_hash)
    if found is None or found[1].client_id != client_id:
        raise InvalidGrant("the refresh token is unknown, expired, revoked, or belongs to another client")
    shown, family = found
    # A spent token must reach the alarm whatever else is wrong with the request.
    scopes = scope.asked(request.parameters.get("scope"), family.scopes) if shown.spent_at is None else ()
    await check_parties(memory, client_id, family.account_id)
    secret, successor = draw_refresh_token(family, memory.lifetimes, now)

    def change(kept: RefreshToken, current: Family) -> Rotation:
        return token.rotate(current, kept, successor, client_id, now)

    rotation = await memory.store.rotate(token_hash, change)
    if rotation is None:
        raise InvalidGrant("the refresh token is unknown, expired, revoked, or belongs to another client")
    if rotation.refusal is not None:
        raise rotation.refusal
    return Issue(rotation.family, scopes, access_expiry(family, memory.lifetimes, now), secret)
