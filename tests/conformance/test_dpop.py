"""RFC 9449 over the wire: proofs at every door, bound codes, bound refresh tokens, nonces."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests

from server.oauth.device import GRANT_TYPE
from tests.dpop import Key
from tests.house import SECRET, Phone, RunningHouse, furnish, open_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("dpop")) as running:
        furnish(running)
        running.add_client("keyed", is_dpop_bound=True)
        yield running


class Device:
    """A device with a key of its own."""

    def __init__(self, house: RunningHouse, client_id: str = "tv") -> None:
        self.house, self.client_id, self.key = house, client_id, Key()

    def proof(self, path: str, method: str = "POST", **more: Any) -> str:
        return self.key.proof(method, self.house.issuer + path, self.house.clock(), **more)

    def begin(self, **headers: str) -> dict[str, Any]:
        headers = headers or {"DPoP": self.proof("/device_authorization")}
        answer = self.house.post("/device_authorization", {"client_id": self.client_id}, headers=headers)
        assert answer.status_code == 200, answer.text
        started: dict[str, Any] = answer.json()
        return started

    def poll(self, started: dict[str, Any], proof: str | None = None) -> requests.Response:
        headers = {"DPoP": self.proof("/token") if proof is None else proof} if proof != "" else {}
        return self.house.poll(started, self.client_id, headers=headers)

    def sign_in(self, started: dict[str, Any] | None = None) -> dict[str, Any]:
        started = started or self.begin()
        Phone(self.house).approve(started)
        answer = self.poll(started)
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def refresh(self, token: str, proof: str | None = None) -> requests.Response:
        form = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": token}
        headers = {"DPoP": self.proof("/token") if proof is None else proof} if proof != "" else {}
        return self.house.post("/token", form, headers=headers)

    def me(self, token: str, scheme: str = "DPoP", **headers: str) -> requests.Response:
        headers = headers or {"DPoP": self.proof("/api/me", "GET", token=token)}
        return self.house.get("/api/me", headers={"Authorization": f"{scheme} {token}"} | headers)


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_dpop_01_a_poll_with_a_proof_gets_a_bound_token(house: RunningHouse) -> None:
    device = Device(house)
    tokens = device.sign_in(house.begin())
    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": device.key.jkt}


@pytest.mark.parametrize(
    "wrong",
    [
        {"htm": "GET"},
        {"htu": "https://elsewhere.example/token"},
        {"jti": None},
        {"iat": 0},
    ],
)
def test_dpop_05_a_bad_proof_is_refused_and_the_code_stays_redeemable(
    house: RunningHouse, wrong: dict[str, Any]
) -> None:
    device = Device(house)
    started = device.begin()
    Phone(house).approve(started)
    answer = device.poll(started, device.proof("/token", **wrong))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")
    assert device.poll(started, "garbage").json()["error"] == "invalid_dpop_proof"
    assert device.poll(started).status_code == 200


def test_dpop_02_two_proofs_are_refused(house: RunningHouse) -> None:
    device = Device(house)
    request = requests.Request("POST", house.issuer + "/device_authorization", data={"client_id": "tv"}).prepare()
    connection = house.web.get_adapter(house.issuer)
    request.headers["DPoP"] = device.proof("/device_authorization") + ", " + device.proof("/device_authorization")
    answer = connection.send(request, timeout=10)
    assert answer.json()["error"] == "invalid_dpop_proof"


def test_dpop_03_the_public_url_from_the_settings_counts_not_the_requests_host(house: RunningHouse) -> None:
    device = Device(house)
    headers = {"DPoP": device.proof("/device_authorization"), "Host": "evil.example"}
    assert house.post("/device_authorization", {"client_id": "tv"}, headers=headers).status_code == 200


def test_dpop_04_a_proof_works_once(house: RunningHouse) -> None:
    device = Device(house)
    started = device.begin()
    proof = device.proof("/token")
    assert device.poll(started, proof).json()["error"] == "authorization_pending"
    assert device.poll(started, proof).json()["error"] == "invalid_dpop_proof"


def test_dpop_06_a_public_clients_refresh_token_is_bound_to_its_key(house: RunningHouse) -> None:
    device, thief = Device(house), Device(house)
    tokens = device.sign_in()
    assert thief.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert device.refresh(tokens["refresh_token"], "").json()["error"] == "invalid_grant"
    fresh = device.refresh(tokens["refresh_token"])
    assert fresh.status_code == 200, "a thief's tries raised no alarm against the owner"
    assert fresh.json()["token_type"] == "DPoP"


def test_dpop_07_a_confidential_clients_refresh_token_is_not_bound_to_a_key(house: RunningHouse) -> None:
    started = house.post("/device_authorization", {"scope": "profile"}, auth=("backend", SECRET)).json()
    Phone(house).approve(started)
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"]}
    tokens = []
    for _ in range(2):
        device = Device(house)
        answer = house.post("/token", form, auth=("backend", SECRET), headers={"DPoP": device.proof("/token")})
        assert answer.status_code == 200, answer.text
        assert claims_of(answer.json()["access_token"])["cnf"]["jkt"] == device.key.jkt
        tokens.append(answer.json())
        form = {"grant_type": "refresh_token", "refresh_token": tokens[-1]["refresh_token"]}


def test_dpop_08_a_client_registered_for_it_gets_nothing_without_a_proof(house: RunningHouse) -> None:
    device = Device(house, "keyed")
    refused = house.post("/device_authorization", {"client_id": "keyed"})
    assert refused.json()["error"] == "invalid_dpop_proof"
    started = device.begin()
    Phone(house).approve(started)
    assert device.poll(started, "").json()["error"] == "invalid_dpop_proof"
    assert device.poll(started).status_code == 200


def test_xd_14_and_dpop_12_a_bound_token_needs_its_scheme_its_proof_and_its_key(house: RunningHouse) -> None:
    device, thief = Device(house), Device(house)
    token = device.sign_in()["access_token"]
    assert device.me(token).status_code == 200
    refusals = [
        device.me(token, "Bearer"),
        thief.me(token),
        device.me(token, DPoP=device.proof("/api/me", "GET", token="another")),
        device.me(token, DPoP=device.proof("/api/readings", "GET", token=token)),
        house.get("/api/me", headers={"Authorization": f"DPoP {token}"}),
    ]
    for answer in refusals:
        assert answer.status_code == 401, answer.text
        assert answer.headers["WWW-Authenticate"].startswith("DPoP ")
        assert "algs=" in answer.headers["WWW-Authenticate"]
    unbound = house.sign_in()["access_token"]
    assert device.me(unbound).status_code == 401, "a bearer token is no DPoP token"


def test_dpop_13_introspection_names_the_key(house: RunningHouse) -> None:
    device = Device(house)
    token = device.sign_in()["access_token"]
    found = house.post("/introspect", {"token": token}, auth=("backend", SECRET)).json()
    assert (found["active"], found["token_type"], found["cnf"]) == (True, "DPoP", {"jkt": device.key.jkt})


def test_dpop_14_a_code_that_a_key_began_is_that_keys_alone(house: RunningHouse) -> None:
    device, thief = Device(house), Device(house)
    started = device.begin()
    assert thief.poll(started).json()["error"] == "invalid_grant"
    assert device.poll(started, "").json()["error"] == "invalid_grant"
    Phone(house).approve(started)
    assert thief.poll(started).json()["error"] == "invalid_grant"
    assert device.poll(started).status_code == 200
    metadata = house.get("/.well-known/oauth-authorization-server").json()
    assert "ES256" in metadata["dpop_signing_alg_values_supported"]


def test_a_refresh_whose_answer_was_lost_may_be_repeated_by_the_same_key(house: RunningHouse) -> None:
    device = Device(house)
    first = device.sign_in()["refresh_token"]
    answers = [device.refresh(first).json() for _ in range(3)]
    assert len({answer["refresh_token"] for answer in answers}) == 1, "one successor, never two branches"
    following = device.refresh(answers[0]["refresh_token"])
    assert following.status_code == 200
    assert device.refresh(first).json()["error"] == "invalid_grant", "the successor was used: too late to repeat"
    assert device.refresh(following.json()["refresh_token"]).status_code == 200


def test_a_confidential_client_may_repeat_a_refresh_too(house: RunningHouse) -> None:
    started = house.post("/device_authorization", {"scope": "profile"}, auth=("backend", SECRET)).json()
    Phone(house).approve(started)
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"]}
    tokens = house.post("/token", form, auth=("backend", SECRET)).json()
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answers = [house.post("/token", form, auth=("backend", SECRET)).json()["refresh_token"] for _ in range(2)]
    assert answers[0] == answers[1]


def test_bcp_07_after_a_minute_a_repeated_refresh_is_an_alarm(house: RunningHouse) -> None:
    device = Device(house)
    first = device.sign_in()["refresh_token"]
    successor = device.refresh(first).json()["refresh_token"]
    house.clock.advance(61)
    assert device.refresh(first).json()["error"] == "invalid_grant"
    assert device.refresh(successor).json()["error"] == "invalid_grant"


def test_dpop_09_and_10_where_nonces_are_demanded_the_round_trip_is_no_poll(tmp_path_factory: Any) -> None:
    with open_house(tmp_path_factory.mktemp("nonces"), dpop_nonces=True) as house:
        device = Device(furnish(house))
        refused = house.post(
            "/device_authorization", {"client_id": "tv"}, headers={"DPoP": device.proof("/device_authorization")}
        )
        assert (refused.status_code, refused.json()["error"]) == (400, "use_dpop_nonce")
        nonce = refused.headers["DPoP-Nonce"]
        started = device.begin(DPoP=device.proof("/device_authorization", nonce=nonce))
        assert device.poll(started).json()["error"] == "use_dpop_nonce"
        assert device.poll(started, device.proof("/token", nonce=nonce)).json()["error"] == "authorization_pending"
        Phone(house).approve(started)
        answer = device.poll(started, device.proof("/token", nonce=nonce))
        assert answer.status_code == 200
        assert answer.headers["DPoP-Nonce"] == nonce
        token = answer.json()["access_token"]
        refused = device.me(token)
        assert refused.status_code == 401
        assert 'error="use_dpop_nonce"' in refused.headers["WWW-Authenticate"]
        nonce = refused.headers["DPoP-Nonce"]
        assert device.me(token, DPoP=device.proof("/api/me", "GET", token=token, nonce=nonce)).status_code == 200
