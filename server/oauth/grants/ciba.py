"""The CIBA grant: an auth_req_id becomes tokens once the person has approved (CIBA Core sections 10.1 and 11)."""

from typing import Final

from server.oauth import backchannel, device
from server.oauth.backchannel import BackchannelRequest
from server.oauth.errors import AuthorizationPending
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

GRANT_TYPE: Final = backchannel.GRANT_TYPE
PARAMETERS: Final = ("auth_req_id",)


async def redeem(request: TokenRequest, memory: Memory) -> Issue:
    """Raises what the state table says while there is nothing to redeem."""
    request_hash = digest("auth_req_id", request.parameters["auth_req_id"])
    client_id, now, jkt = request.client.client_id, request.now, request.key
    try:
        approved = backchannel.poll(await memory.backchannels.find(request_hash), client_id, now, jkt)
    except AuthorizationPending:
        if not request.is_held_over:
            pace, is_early = memory.backchannels.keep_pace(request_hash, now)
            if is_early:
                raise device.slow_down(pace) from None
        raise
    await check_parties(memory, client_id, approved.account_id)
    await use_up_proof(memory, request.proof)
    family = family_of(approved, memory.lifetimes.refresh, now)
    secret, kept = None, None
    if "refresh_token" in request.client.grants:
        secret, kept = draw_refresh_token(family, memory.lifetimes, now)
    await memory.backchannels.redeem(
        request_hash,
        lambda found: backchannel.redeem(found, client_id, family.family_id, now, jkt),
        family,
        kept,
        events=(request.told_of(family, "issued", "ciba"),),
    )
    await check_again(memory, family, now)
    access = access_of(family, family.scopes, request, memory)
    return Issue(access, secret, identity_of(family, access))


def family_of(approved: BackchannelRequest, lifetime: int, now: int) -> Family:
    """What this approval buys. Its clients authenticate, so no refresh is bound to a key."""
    return Family(
        family_id=draw_id(),
        client_id=approved.client_id,
        account_id=approved.account_id,
        device_id=draw_id(),
        scopes=approved.scopes,
        auth_time=approved.auth_time or now,
        created_at=now,
        expires_at=now + lifetime,
        last_seen_at=now,
        address=approved.decided_from,
        amr=approved.amr,
    )
