"""The refresh token grant, with rotation and the reuse alarm (RFC 6749 section 6, RFC 9700 section 4.14).

An answer that was lost on the way is no theft: whoever proves to be the same party, by the family's key or by client
authentication, may repeat the request for a minute and gets the same successor. All others set off the alarm.
"""

from dataclasses import replace
from typing import Final

from server.oauth import scope, token
from server.oauth.errors import InvalidGrant
from server.oauth.identity import identity_of
from server.oauth.secret import digest
from server.oauth.token import Family, RefreshToken, Rotation

from .pipeline import Issue, Memory, TokenRequest, access_of, check_parties, keep_refresh_token, use_up_proof

GRANT_TYPE: Final = "refresh_token"
PARAMETERS: Final = ("refresh_token",)


async def redeem(request: TokenRequest, memory: Memory) -> Issue:
    """Raises `InvalidGrant` for every token that is not this client's live one, `InvalidScope` for more scope."""
    shown_token, asked = request.parameters["refresh_token"], request.parameters.get("scope")
    found = await memory.store.find_refresh_token(digest("refresh_token", shown_token))
    if found is None or found[1].client_id != request.client.client_id:
        raise _refused()
    shown, family = found
    if family.jkt is not None and family.jkt != request.key:
        raise _refused()  # a stolen token alone is worth nothing, and raises no alarm against its owner
    if shown.spent_at is None:
        scope.asked(asked, family.scopes)  # a spent token must reach the alarm whatever else is wrong
    await check_parties(memory, family.client_id, family.account_id)
    await use_up_proof(memory, request.proof)
    successor = token.successor_of(shown_token, shown.salt)
    family = await _rotate(request, memory, shown, family, successor)
    access = access_of(family, scope.asked(asked, family.scopes), request, memory)
    return Issue(access, successor, identity_of(family, access))


async def _rotate(request: TokenRequest, memory: Memory, shown: RefreshToken, family: Family, successor: str) -> Family:
    """Spend the token for its successor, repeat a lost answer, or end the family: one of them, atomically."""
    client_id, now = request.client.client_id, request.now
    kept = keep_refresh_token(successor, family, memory.lifetimes, now)
    is_same_party = family.jkt is not None or request.client.auth_method != "none"

    def change(current: RefreshToken, of_family: Family) -> Rotation:
        if is_same_party and token.may_repeat(of_family, current, now):
            return Rotation(of_family, current, events=(request.told_of(of_family, "repeated"),))
        rotation = token.rotate(of_family, current, kept, client_id, now)
        if rotation.successor is not None:
            return replace(rotation, events=(request.told_of(of_family, "refreshed"),))
        if rotation.family != of_family:
            return replace(rotation, events=(request.told_of(of_family, "replayed", "refresh token"),))
        return rotation

    rotation = await memory.store.rotate(shown.token_hash, change)
    if rotation is None:
        raise _refused()
    if rotation.refusal is not None:
        rotation.refusal.is_recorded = bool(rotation.events)
        raise rotation.refusal
    if rotation.successor is None:
        await _check_unused(memory, kept.token_hash, now)
    return rotation.family


async def _check_unused(memory: Memory, successor_hash: bytes, now: int) -> None:
    """Raise `InvalidGrant` when the successor was used already: a late repetition must not hand it out again."""
    found = await memory.store.find_refresh_token(successor_hash)
    if found is None or found[0].spent_at is not None or now >= found[0].expires_at:
        raise _refused()


def _refused() -> InvalidGrant:
    return InvalidGrant("the refresh token is unknown, expired, revoked, or belongs to another client")
