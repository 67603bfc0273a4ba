"""RFC 9068: access tokens are JWTs that say who, what and for whom, and prove nothing anywhere else."""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conformance.wire import refresh, tokens
from tests.house import Phone, RunningHouse

ONE = 1_000


def claims_of(house: RunningHouse, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, verified with the published keys alone, as a resource server does it."""
    header = jwt.get_unverified_header(token)
    key = next(key for key in house.get("/jwks").json()["keys"] if key["kid"] == header["kid"])
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(
        token,
        jwt.PyJWK(key).key,
        algorithms=[key["alg"]],
        audience=f"{house.issuer}/api",
        issuer=house.issuer,
        options=options,
    )
    return header, claims


def call(house: RunningHouse, token: str, path: str = "/api/me") -> requests.Response:
    return house.get(path, headers={"Authorization": f"Bearer {token}"})


def test_jat_01_header_and_claims(house: RunningHouse) -> None:
    held = house.sign_in(scope="profile readings:read")
    for token in (held["access_token"], tokens(refresh(house, held["refresh_token"]))["access_token"]):
        header, claims = claims_of(house, token)
        assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
        assert claims["iss"] == house.issuer
        assert (claims["sub"], claims["client_id"]) == ("account-ana", "tv")
        assert claims["scope"] == "profile readings:read"
        for name in ("exp", "iat", "auth_time"):
            assert type(claims[name]) is int
        assert claims["exp"] - claims["iat"] == held["expires_in"]
        assert len(claims["jti"]) >= 16
    assert claims_of(house, held["access_token"])[1]["jti"] != claims["jti"]


def test_jat_02_auth_time_is_when_the_person_signed_in_and_stays(house: RunningHouse) -> None:
    phone = Phone(house)
    phone.open(house.begin())
    signed_in_at = house.clock() // ONE
    house.clock.advance(100)
    started = house.begin()
    phone.approve(started)
    house.clock.advance(20)
    held = tokens(house.poll(started))
    first = claims_of(house, held["access_token"])[1]
    house.clock.advance(300)
    second = claims_of(house, tokens(refresh(house, held["refresh_token"]))["access_token"])[1]
    assert first["auth_time"] == second["auth_time"] == signed_in_at
    assert second["iat"] - first["iat"] == 300
    assert first["aud"] == second["aud"] == f"{house.issuer}/api"


def _foreign(token: str, *, typ: str = "at+jwt", algorithm: str = "ES256", **changes: Any) -> str:
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    kid = jwt.get_unverified_header(token)["kid"]
    key: Any = ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else "a-key-that-is-no-secret-at-all-32b"
    return jwt.encode(claims, key, algorithm=algorithm, headers={"typ": typ, "kid": kid})


def _unsigned(token: str) -> str:
    header = jwt.get_unverified_header(token) | {"alg": "none"}
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{encoded}.{token.split('.')[1]}."


def _ours(house: RunningHouse, token: str, headers: dict[str, Any], **changes: Any) -> str:
    """Signed with the house's own key, but not what it signs."""
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    pair = house.app.house.mint.ring.signing("ES256", house.clock())
    return jwt.encode(claims, pair.private, algorithm="ES256", headers={"kid": pair.kept.key_id} | headers)


@pytest.mark.parametrize(
    "what",
    [
        "foreign key",
        "HS256",
        "none",
        "typ JWT",
        "no typ",
        "other audience",
        "other issuer",
        "no exp",
        "tampered",
        "cut",
    ],
)
def test_jat_03_a_resource_takes_only_what_this_server_signed_for_it(house: RunningHouse, what: str) -> None:
    good = house.sign_in()["access_token"]
    at = {"typ": "at+jwt"}
    header, _, rest = good.partition(".")
    makers: dict[str, Callable[[], str]] = {
        "foreign key": lambda: _foreign(good),
        "HS256": lambda: _foreign(good, algorithm="HS256"),
        "none": lambda: _unsigned(good),
        "typ JWT": lambda: _ours(house, good, {"typ": "JWT"}),
        "no typ": lambda: _ours(house, good, {"typ": None}),
        "other audience": lambda: _ours(house, good, at, aud="https://other.example/api"),
        "other issuer": lambda: _ours(house, good, at, iss="https://other.example"),
        "no exp": lambda: _ours(house, good, at, exp=None),
        "tampered": lambda: f"{header}.{'A' + rest[1:]}",
        "cut": lambda: good.rpartition(".")[0],
    }
    answer = call(house, makers[what]())
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert call(house, good).status_code == 200


def test_jat_03_an_expired_token_is_told_apart_from_none(house: RunningHouse) -> None:
    held = house.sign_in()
    house.clock.advance(held["expires_in"] - 1)
    assert call(house, held["access_token"]).status_code == 200
    house.clock.advance(1)
    assert 'error="invalid_token"' in call(house, held["access_token"]).headers["www-authenticate"]
    nothing = house.get("/api/me")
    assert nothing.status_code == 401
    assert nothing.headers["www-authenticate"].startswith('Bearer realm="porchlight"')
    assert "error=" not in nothing.headers["www-authenticate"]
    refresh_token = call(house, held["refresh_token"])
    assert refresh_token.status_code == 401


def test_o21_01_a_token_in_the_address_is_refused(house: RunningHouse) -> None:
    token = house.sign_in()["access_token"]
    for headers in ({}, {"Authorization": f"Bearer {token}"}):
        answer = house.get(f"/api/me?access_token={token}", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_jat_02_a_scope_that_is_missing_is_named(house: RunningHouse) -> None:
    token = house.sign_in(scope="profile")["access_token"]
    answer = call(house, token, "/api/readings")
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    assert 'scope="readings:read"' in answer.headers["www-authenticate"]
