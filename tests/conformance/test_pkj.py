"""Clients that authenticate with a key of their own (RFC 7523, RFC 7523bis)."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from server.endpoints.client_auth import ASSERTION_TYPE
from server.oauth.device import GRANT_TYPE
from tests.conformance.wire import refused
from tests.house import SECRET, Phone, RunningHouse, furnish, open_house

KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
PUBLIC: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(KEY.public_key())) | {"kid": "fleet-1"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("pkj")) as running:
        furnish(running)
        jwks = json.dumps({"keys": [PUBLIC]})
        running.add_client("fleet", auth_method="private_key_jwt", jwks=jwks)
        running.add_client("other", auth_method="private_key_jwt", jwks=jwks)
        yield running


def assertion(house: RunningHouse, key: Any = KEY, header: dict[str, Any] | None = None, **claims: Any) -> str:
    now = house.clock() // 1_000
    said = {"iss": "fleet", "sub": "fleet", "aud": house.issuer, "exp": now + 60, "iat": now}
    said |= {"jti": secrets.token_urlsafe(9)} | claims
    said = {name: value for name, value in said.items() if value is not None}
    headers = {"kid": "fleet-1", "typ": "client-authentication+jwt"} if header is None else header
    return jwt.encode(said, key, algorithm="ES256", headers=headers)


def shown(text: str) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}


def begin(house: RunningHouse, text: str, **more: str) -> requests.Response:
    return house.post("/device_authorization", shown(text) | more)


def test_pkj_01_a_fleet_signs_in_with_its_own_key(house: RunningHouse) -> None:
    started = begin(house, assertion(house)).json()
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"]}
    assert house.post("/token", form | shown(assertion(house))).json()["error"] == "authorization_pending"
    Phone(house).approve(started)
    tokens = house.post("/token", form | shown(assertion(house, header={}))).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert house.post("/token", refresh | shown(assertion(house))).status_code == 200
    metadata = house.get("/.well-known/oauth-authorization-server").json()
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]
    assert "none" not in metadata["token_endpoint_auth_signing_alg_values_supported"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "tv"},
        {"exp": None},
        {"exp": 1},
        {"jti": None},
        {"jti": ""},
        {"key": OTHER},
        {"header": {"kid": "another"}},
        {"header": {"typ": "at+jwt"}},
    ],
    ids=repr,
)
def test_pkj_01_an_assertion_that_says_anything_else_is_refused(house: RunningHouse, wrong: dict[str, Any]) -> None:
    answer = begin(house, assertion(house, **wrong))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_pkj_01_no_other_algorithm_and_no_other_keys(house: RunningHouse) -> None:
    claims = jwt.decode(assertion(house), options={"verify_signature": False})
    for text in (
        jwt.encode(claims, None, algorithm="none"),
        jwt.encode(claims, PUBLIC["x"].ljust(64), algorithm="HS256"),
        "a.b.c",
        "x" * 9_000,
    ):
        assert begin(house, text).json()["error"] == "invalid_client"
    assert begin(house, assertion(house, iss="tv", sub="tv")).json()["error"] == "invalid_client"


def test_pkj_02_an_assertion_works_once_wherever_it_is_shown(house: RunningHouse) -> None:
    text = assertion(house)
    assert begin(house, text).status_code == 200
    assert begin(house, text).json()["error"] == "invalid_client"
    assert house.post("/revoke", shown(text) | {"token": "x"}).json()["error"] == "invalid_client"
    poll = {"grant_type": GRANT_TYPE, "device_code": "x" * 43} | shown(assertion(house))
    assert house.post("/token", poll).json()["error"] == "invalid_grant"
    assert house.post("/token", poll).json()["error"] == "invalid_client"


def test_pkj_02_an_assertion_for_a_day_is_refused(house: RunningHouse) -> None:
    answer = begin(house, assertion(house, exp=house.clock() // 1_000 + 86_400))
    assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize("path", ["/token", "", "/"])
def test_pkj_03_the_audience_is_the_issuer_alone(house: RunningHouse, path: str) -> None:
    wrong = house.issuer + path if path else [house.issuer, "https://evil.example"]
    assert begin(house, assertion(house, aud=wrong)).json()["error"] == "invalid_client"
    assert begin(house, assertion(house, aud=[house.issuer])).json()["error"] == "invalid_client"


def test_tok_09_an_assertion_goes_with_no_other_way(house: RunningHouse) -> None:
    for answer in (
        begin(house, assertion(house), client_secret=SECRET),
        begin(house, assertion(house), client_id="other"),
        house.post("/device_authorization", shown(assertion(house)), auth=("fleet", SECRET)),
        house.post("/device_authorization", shown(assertion(house)) | {"client_assertion_type": "jwt"}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_dev_06_a_client_with_a_key_gets_nothing_without_it(house: RunningHouse) -> None:
    assert house.post("/device_authorization", {"client_id": "fleet"}).json()["error"] == "invalid_client"
    assert house.post("/device_authorization", {"client_id": "fleet", "client_secret": "x"}).status_code == 401


@pytest.mark.parametrize("path", ["/token", "/device_authorization", "/par", "/bc-authorize", "/introspect", "/revoke"])
def test_a_broken_assertion_is_answered_with_a_challenge_everywhere(house: RunningHouse, path: str) -> None:
    form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion(house, key=OTHER)}
    refused(house.post(path, form | {"grant_type": "client_credentials", "token": "x"}), "invalid_client", 401)
