"""The authorization code grant: a code becomes tokens, once, for whoever has its verifier (RFC 6749 section 4.1.3)."""

from typing import Final

from server.oauth import authorization
from server.oauth.authorization import AuthorizationRequest, Shown
from server.oauth.errors import InvalidGrant
from server.oauth.identity import identity_of
from server.oauth.secret import digest, draw_id
from server.oauth.token import Family

from .pipeline import (
    Issue,
    Memory,
    TokenRequest,
    access_of,
    check_again,
    check_parties,
    draw_refresh_token,
    use_up_proof,
)

GRANT_TYPE: Final = authorization.GRANT_TYPE
PARAMETERS: Final = ("code",)


async def redeem(request: TokenRequest, memory: Memory) -> Issue:
    """Raises `InvalidGrant` for a code that is not this client's live one, for another redirect URI or verifier."""
    said, now = request.parameters, request.now
    shown = Shown(request.client.client_id, said.get("redirect_uri"), said.get("code_verifier"), request.jkt)
    code_hash = digest("code", said["code"])
    approved = authorization.check_shown(await memory.store.find_request_by_code(code_hash), shown)
    family = _family(approved, request, memory.lifetimes.refresh)
    try:
        authorization.redeem(approved, shown, family.family_id, now)
        await check_parties(memory, family.client_id, family.account_id)
        await use_up_proof(memory, request.proof)
        secret, kept = None, None
        if "refresh_token" in request.client.grants:
            secret, kept = draw_refresh_token(family, memory.lifetimes, now)
        await memory.store.redeem_request(
            approved.request_hash,
            lambda found: authorization.redeem(found, shown, family.family_id, now),
            family,
            kept,
            events=(request.told_of(family, "issued", "authorization code"),),
        )
        await check_again(memory, family, now)
    except InvalidGrant as refusal:
        refusal.is_recorded = await _raise_alarm(memory, code_hash, request)
        raise
    access = access_of(family, family.scopes, request, memory)
    return Issue(access, secret, identity_of(family, access, approved.nonce))


async def _raise_alarm(memory: Memory, code_hash: bytes, request: TokenRequest) -> bool:
    """A code that is shown again, verifier and all, is in two hands: what it bought ends (RFC 6749 section 4.1.2).

    Whether it ended now.
    """
    found = await memory.store.find_request_by_code(code_hash)
    if found is None or found.family_id is None:
        return False
    told = request.told("replayed", detail="authorization code")
    ended = await memory.store.end_family(found.family_id, request.now, event=told)
    return ended is not None and ended.ended_at == request.now


def _family(approved: AuthorizationRequest, request: TokenRequest, lifetime: int) -> Family:
    """What this approval buys. Its facts were fixed by the decision and cannot change before the redemption."""
    return Family(
        family_id=draw_id(),
        client_id=approved.client_id,
        account_id=approved.account_id or "",
        device_id=draw_id(),
        scopes=approved.scopes,
        auth_time=approved.auth_time or request.now,
        created_at=request.now,
        expires_at=request.now + lifetime,
        last_seen_at=request.now,
        address=approved.address,
        jkt=request.bound_to,
        amr=approved.amr,
        session_id=approved.session_id,
    )
