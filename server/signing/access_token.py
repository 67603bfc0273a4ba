"""Access tokens as RFC 9068 writes them: made, and checked by section 4."""

from dataclasses import dataclass
from typing import Any, Final

import jwt

from server.oauth import scope
from server.oauth.secret import draw_id
from server.oauth.token import Family

from .keys import KeyRing

REMEMBERED: Final = 10_000


class InvalidToken(Exception):
    """The token proves nothing here: malformed, foreign, expired, or of another kind."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a valid access token says. `expires_at`, `issued_at` and `auth_time` in milliseconds.

    `jkt`: only the holder of this key may use it (RFC 9449 section 6.1).
    """

    token_id: str
    family_id: str
    account_id: str
    client_id: str
    device_id: str
    scopes: tuple[str, ...]
    auth_time: int
    issued_at: int
    expires_at: int
    jkt: str | None = None


class Mint:
    """Signs and checks access tokens of one issuer for one audience. `ring` is replaced when keys change."""

    def __init__(self, ring: KeyRing, issuer: str, audience: str, *, algorithm: str = "ES256") -> None:
        self.ring = ring
        self.issuer = issuer
        self.audience = audience
        self.algorithm = algorithm
        self._checked: dict[str, Access] = {}

    def use(self, ring: KeyRing) -> None:
        """Work with these keys from now on."""
        self.ring = ring
        self._checked.clear()

    def sign(self, family: Family, scopes: tuple[str, ...], now: int, expires_at: int, jkt: str | None = None) -> str:
        """A token for this family with these scopes (RFC 9068 section 2), bound to the key `jkt` if one is given."""
        pair = self.ring.signing(self.algorithm, now)
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": family.account_id,
            "client_id": family.client_id,
            "scope": scope.write(scopes),
            "iat": now // 1_000,
            "exp": expires_at // 1_000,
            "auth_time": family.auth_time // 1_000,
            "jti": draw_id(),
            "sid": family.family_id,
            "device_id": family.device_id,
        }
        if jkt is not None:
            claims["cnf"] = {"jkt": jkt}
        headers = {"typ": "at+jwt", "kid": pair.kept.key_id}
        return jwt.encode(claims, pair.private, algorithm=pair.kept.algorithm, headers=headers)

    def check(self, token: str, now: int) -> Access:
        """What the token says when it is ours and alive (RFC 9068 section 4); raises `InvalidToken`.

        Whether its family was ended since is not known here.
        """
        access = self._checked.get(token) or self._remember(token, self._decode(token, now))
        if now >= access.expires_at:
            raise InvalidToken("the access token has expired")
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
                audience=self.audience,
                # The server's own clock is an argument, so the times are checked by `check`.
                options={"require": list(_REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            return _access(claims)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            raise InvalidToken("not an access token of this server") from error


_REQUIRED: Final = ("iss", "aud", "sub", "client_id", "scope", "iat", "exp", "auth_time", "jti", "sid", "device_id")


def _access(claims: dict[str, Any]) -> Access:
    return Access(
        token_id=claims["jti"],
        family_id=claims["sid"],
        account_id=claims["sub"],
        client_id=claims["client_id"],
        device_id=claims["device_id"],
        scopes=tuple(claims["scope"].split()),
        auth_time=int(claims["auth_time"]) * 1_000,
        issued_at=int(claims["iat"]) * 1_000,
        expires_at=int(claims["exp"]) * 1_000,
        jkt=claims["cnf"]["jkt"] if "cnf" in claims else None,
    )
