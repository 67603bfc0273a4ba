"""RFC 9701: the answer to an introspection as a JWT that its reader can keep as proof."""

from typing import Any

import jwt
import pytest
import requests

from tests.conformance.test_int import INACTIVE, revoke
from tests.conformance.wire import refused
from tests.house import SECRET, RunningHouse

TYPE = "application/token-introspection+jwt"


def ask(house: RunningHouse, token: str, accept: str = TYPE) -> requests.Response:
    return house.post("/introspect", {"token": token}, auth=("backend", SECRET), headers={"accept": accept})


def read(house: RunningHouse, answer: requests.Response) -> dict[str, Any]:
    """What the JWT says, verified by metadata, JWK Set and PyJWT."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, TYPE), answer.text
    assert answer.headers["cache-control"] == "no-store"
    document = house.get("/.well-known/oauth-authorization-server").json()
    header = jwt.get_unverified_header(answer.text)
    assert header["typ"] == "token-introspection+jwt"
    algorithms = document["introspection_signing_alg_values_supported"]
    assert header["alg"] in algorithms
    keys = house.get(document["jwks_uri"].removeprefix(house.issuer)).json()["keys"]
    (key,) = (jwt.PyJWK(each) for each in keys if each["kid"] == header["kid"])
    claims: dict[str, Any] = jwt.decode(
        answer.text, key, algorithms, audience="backend", issuer=house.issuer, options={"verify_iat": False}
    )
    return claims


def test_int_08_an_active_token_is_described_in_one_member_for_its_reader_alone(house: RunningHouse) -> None:
    token = house.sign_in()["access_token"]
    claims = read(house, ask(house, token))
    assert {*claims} == {"iss", "aud", "iat", "token_introspection"}, "no sub, no exp: it is no token"
    assert claims["iat"] == house.clock() // 1_000
    plain = house.post("/introspect", {"token": token}, auth=("backend", SECRET)).json()
    assert claims["token_introspection"] == plain
    assert plain["active"] is True


def test_int_08_of_an_inactive_token_it_says_no_more_than_that(house: RunningHouse) -> None:
    held = house.sign_in()
    revoke(house, held["refresh_token"])
    for token in (held["access_token"], "garbage"):
        assert read(house, ask(house, token))["token_introspection"] == INACTIVE


@pytest.mark.parametrize("form", [{}, {"client_id": "tv"}, {"client_id": "backend"}])
def test_int_08_who_does_not_authenticate_gets_400(house: RunningHouse, form: dict[str, str]) -> None:
    asked = {"token": house.sign_in()["access_token"], **form}
    answer = house.post("/introspect", asked, headers={"accept": TYPE})
    refused(answer, "invalid_client")


def test_int_08_a_wrong_password_in_the_header_is_401_as_http_wants(house: RunningHouse) -> None:
    asked = {"token": house.sign_in()["access_token"]}
    refused(
        house.post("/introspect", asked, auth=("backend", "wrong"), headers={"accept": TYPE}), "invalid_client", 401
    )


def test_int_08_the_answer_opens_no_api(house: RunningHouse) -> None:
    signed = ask(house, house.sign_in()["access_token"]).text
    assert house.get("/api/me", headers={"Authorization": f"Bearer {signed}"}).status_code == 401


@pytest.mark.parametrize(
    ("accept", "is_signed"),
    [
        (f"{TYPE}, application/json;q=0.5", True),
        (f"application/json, {TYPE};q=0.1", True),
        (TYPE.upper(), True),
        (f"{TYPE};q=0, application/json", False),
        ("application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_int_08_who_does_not_ask_for_it_gets_json(house: RunningHouse, accept: str, is_signed: bool) -> None:
    answer = ask(house, house.sign_in()["access_token"], accept)
    assert answer.headers["content-type"] == (TYPE if is_signed else "application/json")
