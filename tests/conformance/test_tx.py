"""Client credentials and token exchange over the wire (RFC 6749 section 4.4, RFC 8693)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jwt
import pytest
import requests

from server.oauth.grants.token_exchange import ACCESS_TOKEN, GRANT_TYPE
from tests.dpop import Key
from tests.house import SECRET, RunningHouse, furnish, open_house

DOWNSTREAM = "https://store.example/api"
OTHER = "https://other.example/api"
AUDIENCES = {DOWNSTREAM: "readings:read profile", OTHER: "readings:read"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("exchange"), audiences=AUDIENCES) as running:
        furnish(running)
        grants = ("client_credentials", GRANT_TYPE)
        middle = {"grants": grants, "audiences": (DOWNSTREAM,), "scopes": ("readings:read", "profile")}
        running.add_client("middle", secret=SECRET, **middle)
        running.add_client(
            "store",
            secret=SECRET,
            grants=(GRANT_TYPE,),
            resource=DOWNSTREAM,
            audiences=(OTHER,),
            may_introspect=True,
        )
        running.add_client("public", grants=grants)
        yield running


def exchange(house: RunningHouse, token: str, client: str = "middle", **more: Any) -> requests.Response:
    form = {"grant_type": GRANT_TYPE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    headers = more.pop("headers", {})
    form |= {"audience": DOWNSTREAM} | more
    form = {name: value for name, value in form.items() if value is not None}
    return house.post("/token", form, auth=(client, SECRET), headers=headers)


def claims_of(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    claims: dict[str, Any] = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    return claims


def refused(answer: requests.Response) -> str:
    assert answer.status_code in (400, 401), answer.text
    error: str = answer.json()["error"]
    return error


def test_a_back_end_gets_a_token_of_its_own(house: RunningHouse) -> None:
    form = {"grant_type": "client_credentials", "scope": "readings:read"}
    answer = house.post("/token", form, auth=("middle", SECRET))
    claims = claims_of(answer)
    assert (claims["sub"], claims["client_id"], claims["scope"]) == ("middle", "middle", "readings:read")
    assert "refresh_token" not in answer.json()
    assert "sid" not in claims
    found = house.post("/introspect", {"token": answer.json()["access_token"]}, auth=("backend", SECRET)).json()
    assert (found["active"], found["sub"]) == (True, "middle")


def test_client_credentials_are_for_confidential_clients_and_known_scopes(house: RunningHouse) -> None:
    form = {"grant_type": "client_credentials"}
    assert refused(house.post("/token", form | {"client_id": "public"})) == "unauthorized_client"
    wide = form | {"scope": "readings:write"}
    assert refused(house.post("/token", wide, auth=("middle", SECRET))) == "invalid_scope"


@pytest.mark.parametrize("missing", ["subject_token", "subject_token_type"])
def test_tx_01_the_subject_token_and_its_type_are_required(house: RunningHouse, missing: str) -> None:
    token = house.sign_in()["access_token"]
    assert refused(exchange(house, token, **{missing: None})) == "invalid_request"


def test_tx_02_an_actor_token_is_not_taken_in_place_of_client_authentication(house: RunningHouse) -> None:
    token = house.sign_in()["access_token"]
    assert refused(exchange(house, token, actor_token=token)) == "invalid_request"
    assert refused(exchange(house, token, actor_token_type=ACCESS_TOKEN)) == "invalid_request"


def test_tx_03_a_token_that_is_not_good_is_an_invalid_request(house: RunningHouse) -> None:
    tokens = house.sign_in()
    assert refused(exchange(house, "garbage")) == "invalid_request"
    assert refused(exchange(house, tokens["refresh_token"])) == "invalid_request"
    id_token = "urn:ietf:params:oauth:token-type:id_token"
    assert refused(exchange(house, tokens["access_token"], subject_token_type=id_token)) == "invalid_request"
    house.post("/revoke", {"client_id": "tv", "token": tokens["refresh_token"]})
    assert refused(exchange(house, tokens["access_token"])) == "invalid_request"
    expired = house.sign_in()["access_token"]
    house.clock.advance(901)
    assert refused(exchange(house, expired)) == "invalid_request"


def test_tx_03_neither_an_id_token_nor_another_issuers_token_passes_for_an_access_token(house: RunningHouse) -> None:
    house.add_client("reader", scopes=("openid", "profile"), name="Reader")
    tokens = house.sign_in(client_id="reader", scope="openid profile")
    assert refused(exchange(house, tokens["id_token"])) == "invalid_request"
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    header = {name: jwt.get_unverified_header(tokens["access_token"])[name] for name in ("kid", "typ")}
    for said in (claims, claims | {"iss": "https://other.example"}):
        assert refused(exchange(house, jwt.encode(said, Key().private, "ES256", header))) == "invalid_request"
    assert exchange(house, tokens["access_token"]).status_code == 200


def test_tx_04_and_06_the_person_stays_the_subject_and_the_api_becomes_the_actor(house: RunningHouse) -> None:
    answer = exchange(house, house.sign_in()["access_token"])
    claims = claims_of(answer)
    assert answer.json()["issued_token_type"] == ACCESS_TOKEN
    assert answer.json()["token_type"] == "Bearer"
    assert (claims["sub"], claims["client_id"], claims["aud"]) == ("account-ana", "middle", DOWNSTREAM)
    assert claims["act"] == {"sub": "middle"}
    further = exchange(house, answer.json()["access_token"], "store", audience=OTHER)
    assert claims_of(further)["act"] == {"sub": "store", "act": {"sub": "middle"}}


@pytest.mark.parametrize(
    "target",
    [{"audience": "https://unknown.example"}, {"audience": OTHER}, {"resource": "x#y"}, {"resource": "/relative"}],
)
def test_tx_05_a_target_that_is_unknown_or_not_allowed_is_refused(house: RunningHouse, target: dict[str, str]) -> None:
    assert refused(exchange(house, house.sign_in()["access_token"], **target)) == "invalid_target"


def test_tx_05_resource_and_audience_may_be_repeated(house: RunningHouse) -> None:
    answer = exchange(house, house.sign_in()["access_token"], resource=[DOWNSTREAM, f"{house.issuer}/api"])
    assert claims_of(answer)["aud"] == [DOWNSTREAM, f"{house.issuer}/api"]


def test_tx_07_never_more_scope_nor_a_longer_life(house: RunningHouse) -> None:
    token = house.sign_in(scope="readings:read readings:write")["access_token"]
    assert claims_of(exchange(house, token))["scope"] == "readings:read"
    assert refused(exchange(house, token, scope="profile")) == "invalid_scope"
    assert refused(exchange(house, token, scope="readings:write")) == "invalid_scope"
    house.clock.advance(600)
    assert exchange(house, token).json()["expires_in"] <= 301


def test_tx_07_a_bound_token_is_not_laundered_into_a_bearer_token(house: RunningHouse) -> None:
    device, api = Key(), Key()
    started = house.begin()
    house.phone().approve(started)
    proof = device.proof("POST", f"{house.issuer}/token", house.clock())
    token = house.poll(started, headers={"DPoP": proof}).json()["access_token"]
    assert refused(exchange(house, token)) == "invalid_dpop_proof"
    proof = api.proof("POST", f"{house.issuer}/token", house.clock())
    claims = claims_of(exchange(house, token, headers={"DPoP": proof}))
    assert claims["cnf"] == {"jkt": api.jkt}


def test_tx_06_and_07_only_a_client_that_authenticates_and_is_the_tokens_audience_may_trade_it(
    house: RunningHouse,
) -> None:
    token = house.sign_in()["access_token"]
    assert refused(exchange(house, token, "store", audience=OTHER)) == "invalid_request"
    form = {"grant_type": GRANT_TYPE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    assert refused(house.post("/token", form | {"client_id": "public"})) == "unauthorized_client"
    assert refused(exchange(house, token, "backend")) == "unauthorized_client"


def test_tx_08_the_subject_token_is_neither_used_up_nor_outlived(house: RunningHouse) -> None:
    tokens = house.sign_in()
    answer = exchange(house, tokens["access_token"])
    assert "refresh_token" not in answer.json()
    assert house.me(tokens).status_code == 200
    traded = {"token": answer.json()["access_token"]}
    assert house.post("/introspect", traded, auth=("store", SECRET)).json()["active"] is True
    house.post("/revoke", {"client_id": "tv", "token": tokens["refresh_token"]})
    assert house.post("/introspect", traded, auth=("store", SECRET)).json() == {"active": False}


@pytest.mark.parametrize("who", ["the person", "the device's app"])
def test_tx_03_and_08_what_stands_on_somebody_who_was_disabled_is_traded_no_more(house: RunningHouse, who: str) -> None:
    """The switch alone, as between the two steps of an operator's command: the sign-in itself lives still."""
    house.add_client(client_id := f"lamp of {len(who)}".replace(" ", "-"))
    token, store = house.sign_in("ben", client_id)["access_token"], house.app.house.store
    assert exchange(house, token).status_code == 200
    account, client = house.do(store.find_account("account-ben")), house.do(store.find_client(client_id))
    assert account is not None
    assert client is not None
    if who == "the person":
        house.do(store.change_account(replace(account, is_enabled=False)))
    else:
        house.do(store.change_client(replace(client, is_enabled=False)))
    assert refused(exchange(house, token)) == "invalid_request"
    house.do(store.change_account(replace(account, is_enabled=True)))


def test_int_02_a_resource_server_learns_nothing_of_another_ones_tokens(house: RunningHouse) -> None:
    tokens = house.sign_in()
    traded = exchange(house, tokens["access_token"]).json()["access_token"]
    assert house.post("/introspect", {"token": traded}, auth=("backend", SECRET)).json() == {"active": False}
    own = {"token": tokens["access_token"]}
    assert house.post("/introspect", own, auth=("store", SECRET)).json() == {"active": False}


def test_bcp_09_a_token_for_another_api_opens_neither_ours_nor_mqtt(house: RunningHouse) -> None:
    traded = exchange(house, house.sign_in()["access_token"]).json()
    assert house.me(traded).status_code == 401
    headers = {"Authorization": f"Bearer {traded['access_token']}"}
    assert house.post("/mqtt/credentials", headers=headers).status_code == 401


def test_tx_07_a_traded_token_is_no_device_and_opens_no_mqtt_session(house: RunningHouse) -> None:
    token = house.sign_in(scope="profile readings:read")["access_token"]
    traded = exchange(house, token, audience=f"{house.issuer}/api").json()["access_token"]
    headers = {"Authorization": f"Bearer {traded}"}
    assert house.get("/api/me", headers=headers).json()["username"] == "ana"
    assert house.post("/mqtt/credentials", headers=headers).status_code == 401
    assert "device_id" not in claims_of(exchange(house, token)) or not claims_of(exchange(house, token))["device_id"]


def test_rev_07_a_traded_token_is_revoked_through_what_it_came_from(house: RunningHouse) -> None:
    traded = exchange(house, house.sign_in()["access_token"]).json()["access_token"]
    answer = house.post("/revoke", {"token": traded}, auth=("middle", SECRET))
    assert refused(answer) == "unsupported_token_type"
