"""The device authorization grant: a device code becomes tokens once the person has approved (RFC 8628 section 3.4).

An answer that was lost on the way is no theft: whoever proves to be the same party, by the key or by client
authentication, may poll once more for a minute and gets the same refresh token. To all others a code is worth one.
"""

from typing import Final

from server.oauth import device, token
from server.oauth.device import DeviceAuthorization
from server.oauth.errors import AuthorizationPending, InvalidGrant
from server.oauth.identity import identity_of
from server.oauth.proof import Proof
from server.oauth.secret import digest, draw_id
from server.oauth.token import Family, RefreshToken

from .pipeline import (
    Issue,
    Memory,
    TokenRequest,
    access_of,
    check_again,
    check_parties,
    draw_refresh_token,
    keep_refresh_token,
    use_up_proof,
)

GRANT_TYPE: Final = device.GRANT_TYPE
PARAMETERS: Final = ("device_code",)


async def redeem(request: TokenRequest, memory: Memory) -> Issue:
    """Raises what the state table says while there is nothing to redeem."""
    code_hash = digest("device_code", request.parameters["device_code"])
    client_id, now, jkt = request.client.client_id, request.now, request.key
    found = await memory.sign_ins.find(code_hash)
    if device.is_spent_by(found, client_id, jkt):
        return await _repeat(found, request, memory, request.proof)
    try:
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
        secret, kept = _first_refresh_token(family, request, memory)
    told = request.told_of(family, "issued", "device code")
    try:
        await memory.sign_ins.redeem(
            code_hash,
            lambda was: device.redeem(was, client_id, now, jkt, family.family_id),
            family,
            kept,
            events=(told,),
            owed=memory.notices(family),
        )
    except InvalidGrant:  # another poll was faster: of the same party, or not; perhaps on another server
        return await _repeat(await memory.store.find_device(code_hash), request, memory, None)
    await check_again(memory, family, now)
    access = access_of(family, family.scopes, request, memory)
    return Issue(access, secret, identity_of(family, access))


def _first_refresh_token(family: Family, request: TokenRequest, memory: Memory) -> tuple[str, RefreshToken]:
    """One that can be made again, for whoever can prove to be the same; else one that nobody can make again."""
    if request.bound_to is None and request.client.auth_method == "none":
        return draw_refresh_token(family, memory.lifetimes, request.now)
    secret = token.first_of(request.parameters["device_code"], family.family_id)
    return secret, keep_refresh_token(secret, family, memory.lifetimes, request.now)


async def _repeat(
    found: DeviceAuthorization | None, request: TokenRequest, memory: Memory, proof: Proof | None
) -> Issue:
    """The answer to the poll that redeemed the code, once more: the same family, the same refresh token.

    `proof` is one to be used up still. Raises `InvalidGrant` for whoever is not the same party, too late, or has used
    what it got.
    """
    spent = InvalidGrant("the device code is unknown, used, or belongs to another client")
    client, now = request.client, request.now
    if found is None or not device.is_spent_by(found, client.client_id, request.key):
        raise spent
    family = await memory.store.find_family(found.family_id or "")
    if family is None:
        raise spent
    secret, kept = None, None
    if "refresh_token" in client.grants:
        secret = token.first_of(request.parameters["device_code"], family.family_id)
        kept = await memory.store.find_refresh_token(digest("refresh_token", secret))
        if kept is None:
            raise spent
    first = kept[0] if kept is not None else None
    is_proven = client.auth_method != "none"
    if not token.may_repeat_first(family, first, request.key, now, is_proven=is_proven):
        raise spent
    await check_parties(memory, client.client_id, family.account_id)
    await use_up_proof(memory, proof)
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
