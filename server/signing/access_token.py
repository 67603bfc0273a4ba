"""Access tokens as RFC 9068 writes them: made, and checked by section 4."""

from typing import Any, Final

import jwt

from server.oauth import scope
from server.oauth.access import Access, DeadToken, InvalidToken, confirmation, nested
from server.oauth.authentication import acr

from .keys import Algorithm, KeyRing

REMEMBERED: Final = 10_000


class Mint:
    """Signs and checks access tokens of one issuer for one audience. `ring` is replaced when keys change."""

    def __init__(self, ring: KeyRing, issuer: str, audience: str, algorithm: Algorithm = "ES256") -> None:
        self.ring = ring
        self.issuer = issuer
        self.audience = audience
        self.algorithm = algorithm
        self._checked: dict[str, Access] = {}

    def use(self, ring: KeyRing) -> None:
        """Work with these keys from now on."""
        self.ring = ring
        self._checked.clear()

    def sign(self, access: Access) -> str:
        """The JWT that says this (RFC 9068 section 2), with the key that signs at its `issued_at`."""
        pair = self.ring.signing(self.algorithm, access.issued_at)
        headers = {"typ": "at+jwt", "kid": pair.kept.key_id}
        return jwt.encode(_claims(self.issuer, access), pair.private, algorithm=pair.kept.algorithm, headers=headers)

    def check(self, token: str, now: int) -> Access:
        """What the token says when it is ours, alive and for our own API (RFC 9068 section 4); raises `InvalidToken`.

        Whether its family was ended since is not known here.
        """
        access = self.read(token, now)
        if self.audience not in access.audience:
            raise InvalidToken("the access token is for another resource server")
        return access

    def read(self, token: str, now: int) -> Access:
        """Like `check`, for whichever resource server the token is."""
        access = self._checked.get(token) or self._remember(token, self._decode(token, now))
        if now >= access.expires_at:
            raise DeadToken("the access token has expired")
        return access

    def _remember(self, token: str, access: Access) -> Access:
        if len(self._checked) >= REMEMBERED:
            self._checked.pop(next(iter(self._checked)))
        self._checked[token] = access
        return access

    def _decode(self, token: str, now: int) -> Access:
        try:
            header = jwt.get_unverified_header(token)
            pair = self.ring.verifying(str(header.get("kid")), now)
            if str(header.get("typ")).lower().removeprefix("application/") != "at+jwt" or pair is None:
                raise InvalidToken("not an access token of this server")
            claims = jwt.decode(
                token,
                pair.public,
                algorithms=[pair.kept.algorithm],
                issuer=self.issuer,
                # The server's own clock is an argument: times and audience are checked by `read` and `check`.
                options=_OPTIONS,
            )
            return _access(claims)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise InvalidToken("not an access token of this server") from error


_REQUIRED: Final = ("iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti")
_OPTIONS: Final[Any] = {
    "require": list(_REQUIRED),
    **dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf", "verify_aud"), False),
}


def _claims(issuer: str, access: Access) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": access.audience[0] if len(access.audience) == 1 else list(access.audience),
        "sub": access.subject,
        "client_id": access.client_id,
        "scope": scope.write(access.scopes),
        "iat": access.issued_at // 1_000,
        "exp": access.expires_at // 1_000,
        "jti": access.token_id,
    }
    if access.family_id:
        claims |= {"sid": access.family_id, "device_id": access.device_id, "auth_time": access.auth_time // 1_000}
        claims |= {"acr": acr(access.amr), "amr": list(access.amr)} if access.amr else {}
    if bound := confirmation(access):
        claims["cnf"] = bound
    if access.actors:
        claims["act"] = nested(access.actors)
    return claims


def _unnested(act: Any) -> tuple[str, ...]:
    actors = []
    while act:
        actors.append(str(act["sub"]))
        act = act.get("act")
    return tuple(actors)


def _access(claims: dict[str, Any]) -> Access:
    audience = claims["aud"]
    family_id = claims.get("sid", "")
    return Access(
        token_id=claims["jti"],
        family_id=family_id,
        account_id=claims["sub"] if family_id else "",
        client_id=claims["client_id"],
        device_id=claims.get("device_id", ""),
        scopes=tuple(claims["scope"].split()),
        auth_time=int(claims.get("auth_time", 0)) * 1_000,
        issued_at=int(claims["iat"]) * 1_000,
        expires_at=int(claims["exp"]) * 1_000,
        jkt=claims.get("cnf", {}).get("jkt"),
        x5t=claims.get("cnf", {}).get("x5t#S256"),
        audience=(audience,) if isinstance(audience, str) else tuple(audience),
        actors=_unnested(claims.get("act")),
        amr=tuple(claims.get("amr", ())),
    )
