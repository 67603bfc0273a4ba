"""What an ID token says of a person, and which claims each scope opens (OpenID Connect Core sections 2 and 5.4)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from .access import Access
from .account import Account
from .authorization import AuthorizationRequest
from .token import Family

SCOPE: Final = "openid"
# Scope -> the claims about the person that it opens.
BY_SCOPE: Final = {"profile": ("name", "preferred_username")}
CLAIMS: Final = ("sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "at_hash", "sid")


@dataclass(frozen=True, slots=True)
class Identity:
    """An ID token to be minted. Instants in milliseconds; `auth_time` and `amr` are those of the approval, for ever.

    `nonce` is the authorization request's: the device flow and refreshes have none. `family_id` is "" without a family.
    """

    account_id: str
    client_id: str
    family_id: str
    auth_time: int
    amr: tuple[str, ...]
    issued_at: int
    expires_at: int
    nonce: str | None = None


def identity_of(family: Family, access: Access, nonce: str | None = None) -> Identity | None:
    """The identity that goes with an access token; None without the scope `openid`."""
    if SCOPE not in access.scopes:
        return None
    return Identity(
        account_id=family.account_id,
        client_id=family.client_id,
        family_id=family.family_id,
        auth_time=family.auth_time,
        amr=family.amr,
        issued_at=access.issued_at,
        expires_at=access.expires_at,
        nonce=nonce,
    )


def identity_at_once(request: AuthorizationRequest, lifetime: int) -> Identity:
    """The identity that an approved request gets without a code and without any other token."""
    now = request.decided_at or 0
    return Identity(
        account_id=request.account_id or "",
        client_id=request.client_id,
        family_id="",
        auth_time=request.auth_time or now,
        amr=request.amr,
        issued_at=now,
        expires_at=now + lifetime,
        nonce=request.nonce,
    )


def claims_of(account: Account, scopes: Collection[str]) -> dict[str, str]:
    """What these scopes tell of the person, beside `sub`."""
    known = {"name": account.name, "preferred_username": account.username}
    opened = [claim for scope in scopes for claim in BY_SCOPE.get(scope, ())]
    return {claim: known[claim] for claim in opened}
