"""The device authorization grant: a device code becomes tokens once the person has approved (RFC 8628 section 3.4)."""

from typing import Final

from server.oauth import device
from server.oauth.device import DeviceAuthorization
from server.oauth.errors import AuthorizationPending
from server.oauth.secret import digest, draw_id
from server.oauth.token import Family

from .pipeline import Issue, Memory, TokenRequest, access_expiry, check_parties, draw_refresh_token

GRANT_TYPE: Final = device.GRANT_TYPE
PARAMETERS: Final = ("device_code",)


async def redeem(request: TokenRequest, memory: Memory) -> Issue:
    """Raises what the state table says while there is nothing to redeem."""
    code_hash = digest("device_code", request.parameters["device_code"])
    client_id, now = request.client.client_id, request.now
    try:
        approved = device.poll(await memory.sign_ins.find(code_hash), client_id, now)
    except AuthorizationPending:
        if not request.is_held_over:
            pace, is_early = memory.sign_ins.keep_pace(code_hash, now)
            if is_early:
                raise device.slow_down(pace) from None
        raise
    await check_parties(memory, client_id, approved.account_id)
    family = _family(approved, memory.lifetimes.refresh, now)
    secret, kept = None, None
    if "refresh_token" in request.client.grants:
        secret, kept = draw_refresh_token(family, memory.lifetimes, now)
    await memory.sign_ins.redeem(code_hash, lambda found: device.redeem(found, client_id, now), family, kept)
    return Issue(family, family.scopes, access_expiry(family, memory.lifetimes, now), secret)


def _family(approved: DeviceAuthorization, lifetime: int, now: int) -> Family:
    """What this approval buys. Its facts were fixed by the decision and cannot change before the redemption."""
    return Family(
        family_id=draw_id(),
        client_id=approved.client_id,
        account_id=approved.account_id or "",
        device_id=draw_id(),
        scopes=approved.scopes,
        auth_time=approved.auth_time or now,
        created_at=now,
        expires_at=now + lifetime,
        last_seen_at=now,
        claimed_name=approved.claimed_name,
        address=approved.address,
    )
