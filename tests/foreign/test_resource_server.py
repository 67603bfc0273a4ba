"""Resource servers of others verify our access tokens by the JWK Set alone, before, across and after a key rotation."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from authlib.oauth2.rfc6750 import InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwt as jose
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from server.commands import keys as keys_command
from server.commands import main
from tests.conformance.wire import refresh
from tests.dpop import Key
from tests.house import Clock, RunningHouse, furnish, open_house
from tests.waiting import wait_until

BEHIND = 1_500  # seconds: the house begins so far in the past, so that what it does then is not in the future
ALGORITHMS = ["ES256", "RS256", "EdDSA"]
Verify = Callable[[str], dict[str, Any]]


class NoToken(Exception):
    """This resource server would answer 401."""


@pytest.fixture
def house(pem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningHouse]:
    clock = Clock()
    clock.advance(-BEHIND)
    monkeypatch.setattr(keys_command, "wall_clock", clock)
    settings: dict[str, Any] = {"tls_cert": pem, "tls_key": pem, "access_for": 4 * BEHIND}
    with open_house(tmp_path, clock=clock, **settings) as running:
        running.web.verify = pem
        yield furnish(running)


class PyJwtServer:
    """PyJWT with its own client for JWK Sets, whose cache of five minutes goes by the clock of the house."""

    def __init__(self, house: RunningHouse, pem: str) -> None:
        known = house.get("/.well-known/openid-configuration").json()
        self.house, self.issuer, self.jwks_uri = house, known["issuer"], known["jwks_uri"]
        self.trust, self.kept_until = ssl.create_default_context(cafile=pem), 0

    def _keys(self) -> jwt.PyJWKClient:
        if self.house.clock() >= self.kept_until:
            self.kept = jwt.PyJWKClient(self.jwks_uri, ssl_context=self.trust)
            self.kept_until = self.house.clock() + 300_000
        return self.kept

    def __call__(self, token: str) -> dict[str, Any]:
        try:
            key = self._keys().get_signing_key_from_jwt(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self.issuer + "/api",
                issuer=self.issuer,
                options={"require": ["exp", "iat", "sub", "client_id", "jti", "scope"]},
            )
        except jwt.PyJWTError as error:
            raise NoToken(error) from error
        return claims


class AuthlibServer(JWTBearerTokenValidator):
    """Authlib's validator of RFC 9068, which keeps the JWK Set for as long as our answer says."""

    def __init__(self, house: RunningHouse, pem: str) -> None:
        self.house, self.pem, self.kept_until, self.kept = house, pem, 0, KeySet([])
        super().__init__(house.issuer, house.issuer + "/api")

    def get_jwks(self) -> KeySet:
        if self.house.clock() >= self.kept_until:
            answer = requests.get(self.house.issuer + "/jwks", verify=self.pem, timeout=10)
            seconds = int(answer.headers["cache-control"].partition("max-age=")[2])
            self.kept, self.kept_until = KeySet.import_key_set(answer.json()), self.house.clock() + seconds * 1_000
        return self.kept

    def __call__(self, token: str) -> dict[str, Any]:
        try:
            claims = self.authenticate_token(token)
            self.validate_token(claims, ["profile"], None)
        except (InvalidTokenError, ValueError) as error:
            raise NoToken(error) from error
        return dict(claims)


class JoseServer:
    """joserfc, by hand: the key set, the registry of claims, the type of the token."""

    def __init__(self, house: RunningHouse, pem: str) -> None:
        self.house, self.pem = house, pem
        self.claims = jose.JWTClaimsRegistry(
            iss={"essential": True, "value": house.issuer},
            aud={"essential": True, "value": house.issuer + "/api"},
            exp={"essential": True},
        )

    def __call__(self, token: str) -> dict[str, Any]:
        found = requests.get(self.house.issuer + "/jwks", verify=self.pem, timeout=10).json()
        try:
            read = jose.decode(token, KeySet.import_key_set(found), algorithms=ALGORITHMS)
            self.claims.validate(read.claims)
        except (JoseError, ValueError) as error:
            raise NoToken(error) from error
        assert read.header["typ"] == "at+jwt"
        return dict(read.claims)


SERVERS = (PyJwtServer, AuthlibServer, JoseServer)


@pytest.fixture(params=SERVERS)
def verify(request: pytest.FixtureRequest, house: RunningHouse, pem: str) -> Verify:
    server: Verify = request.param(house, pem)
    return server


def test_key_01_a_rotation_is_never_noticed_by_who_verifies(
    house: RunningHouse, verify: Verify, tmp_path: Path
) -> None:
    tokens = [house.sign_in()]
    assert verify(tokens[0]["access_token"])["sub"] == "account-ana"
    kids = {jwt.get_unverified_header(tokens[0]["access_token"])["kid"]}
    for minute in range(15):
        if minute == 2:
            rotate(house, tmp_path)
        tokens.append(refresh(house, tokens[-1]["refresh_token"]).json())
        for each in tokens:
            assert verify(each["access_token"])["client_id"] == "tv"
        kids.add(jwt.get_unverified_header(tokens[-1]["access_token"])["kid"])
        house.clock.advance(60)
    assert len(kids) == 2, "and the new key signs by now"


def rotate(house: RunningHouse, data: Path) -> None:
    """As an operator does it, while the server runs; until the server has heard of it."""
    before = len(house.get("/jwks").json()["keys"])
    assert main(("keys", "rotate", "--data-dir", str(data))) == 0
    wait_until(lambda: len(house.get("/jwks").json()["keys"]) == before + 1)


def test_jat_03_what_is_forged_expired_or_for_somebody_else_is_refused_by_all(
    house: RunningHouse, verify: Verify
) -> None:
    good = house.sign_in()["access_token"]
    head, body, signature = good.split(".")
    claims, header = jwt.decode(good, options={"verify_signature": False}), jwt.get_unverified_header(good)
    strange = jwt.encode(claims, Key().private, algorithm="ES256", headers=header)
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"kid": header["kid"], "typ": header["typ"]})
    for bad in (
        good + "x",
        f"{head}.{body}.",
        f"{head}.{body[:-4]}AAAA.{signature}",
        unsigned,
        strange,
    ):
        with pytest.raises(NoToken):
            verify(bad)
    assert verify(good)
