"""Whom a backchannel authentication request is about (CIBA Core section 7.1): a hint leads to one account, or to none.

`login_hint` is a user name. `login_hint_token` is a JWT that the client signed with one of its registered keys, for us,
with either `login_hint` or `sub` (as our ID tokens have it) in it. `id_token_hint` is an ID token that we issued to
this client, expired or not.
"""

from typing import Final

from server.house import House
from server.oauth.account import Account
from server.oauth.backchannel_asked import LONGEST_SIGNED, Signed
from server.oauth.client import Client
from server.oauth.errors import ExpiredLoginHintToken, InvalidRequest
from server.signing.request_object import read_identity_hint, read_signed

LONGEST_NAME: Final = 200


async def hinted_account(house: House, client: Client, hint: str, hinted: str) -> Account | None:
    """The account that may be asked; None when there is none. Raises `InvalidRequest`, `ExpiredLoginHintToken`."""
    if hint == "login_hint":
        found = await _named(house, hinted)
    elif hint == "login_hint_token":
        found = await _of_token(house, client, hinted)
    else:
        now = house.now()
        sub = read_identity_hint(hinted, house.mint.ring, house.settings.issuer, client.client_id, now)
        found = await house.store.find_account(sub)
    return found if found is not None and found.is_enabled else None


async def read_of(house: House, client: Client, text: str, what: str) -> Signed:
    """What a JWT of this client says, by its keys, which are asked for anew when none fits. Raises `InvalidRequest`."""
    if not client.jwks and not client.jwks_uri:
        raise InvalidRequest(f"{what} needs a client that has registered its keys")
    try:
        return read_signed(text, await house.client_keys.of(client), what)
    except InvalidRequest:
        fresh = await house.client_keys.again(client)
        if fresh is None:
            raise
        return read_signed(text, fresh, what)


async def _named(house: House, name: str) -> Account | None:
    return await house.store.find_account_by_username(name[:LONGEST_NAME])


async def _of_token(house: House, client: Client, text: str) -> Account | None:
    signed = await read_of(house, client, text, "login_hint_token")
    _check(signed, client.client_id, house.settings.issuer, house.now())
    name, sub = signed.members.get("login_hint"), signed.members.get("sub")
    if isinstance(name, str) and sub is None and "\0" not in name:
        return await _named(house, name)
    if isinstance(sub, str) and name is None and "\0" not in sub:
        return await house.store.find_account(sub[:LONGEST_NAME])
    raise InvalidRequest("a login_hint_token has either login_hint or sub")


def _check(signed: Signed, client_id: str, issuer: str, now: int) -> None:
    if signed.issuer != client_id or issuer not in signed.audience:
        raise InvalidRequest("iss of a login_hint_token is the client_id, and aud holds our issuer")
    if now >= signed.expires_at:
        raise ExpiredLoginHintToken("the login_hint_token has expired")
    if signed.expires_at > now + LONGEST_SIGNED:
        raise InvalidRequest("exp of a login_hint_token is at most an hour ahead")
