"""RFC 6749 section 2.3, 5.2 and 6: who a client proves to be, and what its refresh tokens are worth."""

from typing import Any
from urllib.parse import quote

import pytest

from server.oauth.device import GRANT_TYPE
from tests.conformance.wire import poll_as, refresh, refused, tokens
from tests.house import SECRET, Phone, RunningHouse

ODD_SECRET = "colon: percent % plus + and é, long enough"


def test_tok_08_a_failed_authorization_header_is_answered_with_its_scheme(house: RunningHouse) -> None:
    form = {"grant_type": GRANT_TYPE, "device_code": "x"}
    for path in ("/token", "/device_authorization", "/revoke", "/introspect"):
        for header in (
            "Basic YmFja2VuZDp3cm9uZw==",
            "Basic !!!",
            "Basic ",
            "Basic YmFja2VuZA==",
            "Bearer x",
            "Digest x",
            "basic Og==",
            "Basic /w==",
        ):
            answer = house.post(path, form, headers={"Authorization": header})
            refused(answer, "invalid_client", 401)
            assert answer.headers["www-authenticate"].startswith("Basic realm=")
        refused(house.post(path, form | {"client_id": "backend", "client_secret": "wrong"}), "invalid_client", 401)
        refused(house.post(path, form | {"client_id": "tv", "client_secret": "made up"}), "invalid_client", 401)


def test_tok_09_one_way_to_authenticate_not_two(house: RunningHouse, ana: Phone) -> None:
    started = house.post("/device_authorization", {"scope": "profile"}, auth=("backend", SECRET)).json()
    ana.approve(started)
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"]}
    for twice in (
        {"client_secret": SECRET},
        {"client_id": "backend", "client_secret": SECRET},
        {"client_assertion": "x", "client_assertion_type": "y"},
        {"client_id": "tv"},
    ):
        refused(house.post("/token", form | twice, auth=("backend", SECRET)), "invalid_request")
    tokens(house.post("/token", form | {"client_id": "backend"}, auth=("backend", SECRET)))


def test_tok_10_every_refresh_token_that_is_no_good_is_told_the_same(house: RunningHouse, ana: Phone) -> None:
    foreign, revoked, expired, spent = (house.sign_in()["refresh_token"] for _ in range(4))
    house.post("/revoke", {"token": revoked, "client_id": "tv"})
    tokens(refresh(house, spent))
    bad = ["unknown", revoked, spent]
    answers = [refused(refresh(house, token), "invalid_grant").text for token in bad]
    answers.append(refused(refresh(house, foreign, "radio"), "invalid_grant").text)
    house.clock.advance(house.app.house.settings.refresh_idle_for)
    answers.append(refused(refresh(house, expired), "invalid_grant").text)
    assert len(set(answers)) == 1


def test_tok_10_every_device_code_that_is_no_good_is_told_the_same(house: RunningHouse, ana: Phone) -> None:
    used, pending = house.begin(), house.begin()
    ana.approve(used)
    tokens(house.poll(used))
    answers = [house.poll(used), house.poll({"device_code": "unknown"}), house.poll(pending, "radio")]
    for other_kind in (pending["user_code"], house.sign_in()["refresh_token"]):
        answers.append(house.poll({"device_code": other_kind}))
    assert len({refused(answer, "invalid_grant").text for answer in answers}) == 1


def test_tok_13_a_refresh_token_is_its_clients_alone(house: RunningHouse, ana: Phone) -> None:
    held = house.sign_in()["refresh_token"]
    for _ in range(3):
        refused(refresh(house, held, "radio"), "invalid_grant")
    form = {"grant_type": "refresh_token", "refresh_token": held}
    refused(house.post("/token", form, auth=("backend", SECRET)), "invalid_grant")
    held = tokens(refresh(house, held))["refresh_token"]
    tokens(refresh(house, held))


def test_tok_13_a_confidential_client_authenticates_to_refresh(house: RunningHouse, ana: Phone) -> None:
    started = house.post("/device_authorization", {"client_id": "backend", "client_secret": SECRET}).json()
    ana.approve(started)
    held = tokens(poll_as(house, started, SECRET))["refresh_token"]
    refused(refresh(house, held, "backend"), "invalid_client", 401)
    refused(refresh(house, held, "backend", client_secret="wrong"), "invalid_client", 401)
    tokens(refresh(house, held, "backend", client_secret=SECRET))


def test_tok_14_a_refresh_never_widens_the_scope(house: RunningHouse, ana: Phone, started: dict[str, Any]) -> None:
    ana.approve(started, leave_out=["readings:write"])
    held = tokens(house.poll(started))
    narrow = tokens(refresh(house, held["refresh_token"], scope="profile"))
    assert narrow["scope"] == "profile"
    for more in ("readings:write", "profile readings:write", "admin"):
        refused(refresh(house, narrow["refresh_token"], scope=more), "invalid_scope")
    assert tokens(refresh(house, narrow["refresh_token"]))["scope"] == "profile readings:read"


@pytest.mark.parametrize("client_id", ["odd", "odd: client+é"])
def test_tok_15_basic_takes_form_encoded_ids_and_secrets(house: RunningHouse, client_id: str) -> None:
    house.add_client(client_id, secret=ODD_SECRET)
    encoded = quote(client_id, safe=""), quote(ODD_SECRET, safe="")
    answer = house.post("/device_authorization", {"scope": "profile"}, auth=encoded)
    assert answer.status_code == 200, answer.text
    plus = encoded[0].replace("%20", "+"), encoded[1].replace("%20", "+")
    assert house.post("/device_authorization", {"scope": "profile"}, auth=plus).status_code == 200
    posted = {"client_id": client_id, "client_secret": ODD_SECRET}
    assert house.post("/device_authorization", posted).status_code == 200


def test_tok_15_a_secret_in_the_address_is_refused(house: RunningHouse) -> None:
    query = f"/device_authorization?client_secret={SECRET}"
    refused(house.post(query, {"client_id": "backend"}), "invalid_request")
    refused(house.post(f"{query}&client_id=backend", {"scope": "profile"}), "invalid_request")
