"""The device authorization grant: a device code becomes tokens once the person has approved (RFC 8628 section 3.4)."""

from typing import Final

from server.oauth import device
from server.oauth.device import DeviceAuthorization
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

GRANT_TYPE: Final = device.GRANT_TYPE
PARAMETERS: Final = ("device_code",)


async def redeem(request: TokenRequest, memory: Memory) -> Issue:
    """Raises what the state table says while there is nothing to redeem."""
    code_hash = digest("device_code", request.parameters["device_code"])
    client_id, now, jkt = request.client.client_id, request.now, request.key
    try:
        found = await memory.sign_ins.find(code_hash)
        approved = device.poll(found, client_id, now, jkt)
    except AuthorizationPending:
        if not request.is_held_over:
            pace, is_early = memory.sign_ins.keep_pace(code_hash, now)
            if is_early:
                raise device.slow_down(pace) from None
        if found is not None and request.parameters.get("match") == "1":
            if not found.shows_match:
                found = await memory.sign_ins.change(code_hash, device.show_match)
            raise device.pending(found, now) from None
        raise
    await check_parties(memory, client_id, approved.account_id)
    await use_up_proof(memory, request.proof)
    family = _family(approved, request, memory.lifetimes.refresh)
    secret, kept = None, None
    if "refresh_token" in request.client.grants:
        secret, kept = draw_refresh_token(family, memory.lifetimes, now)
    told = request.told_of(family, "issued", "device code")
    await memory.sign_ins.redeem(
        code_hash,
        lambda was: device.redeem(was, client_id, now, jkt, family.family_id),
        family,
        kept,
        events=(told,),
        owed=memory.notices(family),
    )
    await check_again(memory, family, now)
    access = access_of(family, family.scopes, request, memory)
    return Issue(access, secret, identity_of(family, access))


def _family(approved: DeviceAuthorization, request: TokenRequest, lifetime: int) -> Family:
    """What this approval buys. Its facts were fixed by the decision and cannot change before the redemption."""
    return Family(
        family_id=draw_id(),
        client_id=approved.client_id,
        account_id=approved.account_id or "",
        device_id=draw_id(),
        scopes=approved.scopes,
        auth_time=approved.auth_time or request.now,
        created_at=request.now,
        expires_at=request.now + min(lifetime, approved.lasts_for or lifetime),
        last_seen_at=request.now,
        claimed_name=approved.claimed_name,
        address=approved.address,
        jkt=request.bound_to,
        amr=approved.amr,
        given_name=approved.given_name,
    )
