"""RFC 8628 section 3.1 and 3.2: a device asks for its codes."""

import json
import sqlite3
from typing import Any

import pytest
import requests

from server.oauth.device import GRANT_TYPE
from tests.conformance.wire import begin_many, not_kept, refused, send, started_so_far
from tests.house import SECRET, Phone, RunningHouse

PATH = "/device_authorization"
MEMBERS = {
    "device_code",
    "user_code",
    "verification_uri",
    "verification_uri_complete",
    "expires_in",
    "interval",
    "match_supported",
}


@pytest.fixture(scope="module")
def many(house: RunningHouse) -> list[dict[str, Any]]:
    """Three hundred sign-ins that live at the same time."""
    return begin_many(house, 300)


def test_dev_01_the_endpoint_takes_a_form_by_post(house: RunningHouse) -> None:
    assert house.post(PATH, {"client_id": "tv"}).status_code == 200
    before = started_so_far(house)
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
        answer = house.web.request(method, house.issuer + PATH, data={"client_id": "tv"}, timeout=10)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert "device_code" not in answer.text
    answer = house.web.post(house.issuer + PATH, json={"client_id": "tv"}, timeout=10)
    refused(answer, "invalid_request", 415)
    assert started_so_far(house) == before


def test_dev_02_a_client_that_does_not_authenticate_names_itself(house: RunningHouse) -> None:
    for fields in ([], [("scope", "profile")], [("client_id", "")]):
        assert "_code" not in refused(send(house, PATH, fields), "invalid_request").text
    assert "_code" not in refused(house.post(PATH, {"client_id": "nobody"}), "invalid_client", 401).text


def test_dev_04_empty_counts_as_absent_and_unknown_is_ignored(house: RunningHouse) -> None:
    fields = [[], [("scope", "")], [("foo", "bar")], [("foo", ""), ("scope", "profile")]]
    for more in fields:
        answer = send(house, PATH, [("client_id", "tv"), *more])
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == MEMBERS
    refused(send(house, PATH, [("client_id", ""), ("scope", "profile")]), "invalid_request")


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", [("client_id", "tv"), ("client_id", "tv")]),
        ("", [("client_id", "tv"), ("client_id", "radio")]),
        ("", [("client_id", "tv"), ("scope", "profile"), ("scope", "profile")]),
        ("", [("client_id", "tv"), ("scope", ""), ("scope", "profile")]),
        ("", [("client_id", "tv"), ("foo", "1"), ("foo", "2")]),
        ("?client_id=tv", [("client_id", "tv")]),
        ("?scope=profile", [("client_id", "tv")]),
    ],
)
def test_dev_05_no_parameter_may_come_twice(house: RunningHouse, query: str, fields: list[tuple[str, str]]) -> None:
    before = started_so_far(house)
    refused(send(house, PATH + query, fields), "invalid_request")
    assert started_so_far(house) == before


def test_dev_05_no_member_of_an_answer_comes_twice(house: RunningHouse) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(pairs) == len(dict(pairs))
        return dict(pairs)

    for form in ({"client_id": "tv"}, {"client_id": "nobody"}):
        json.loads(house.post(PATH, form).text, object_pairs_hook=once)


def test_dev_06_a_confidential_client_authenticates_here_too(house: RunningHouse) -> None:
    before = started_so_far(house)
    refused(house.post(PATH, {"client_id": "backend"}), "invalid_client", 401)
    refused(house.post(PATH, {"client_id": "backend", "client_secret": "wrong"}), "invalid_client", 401)
    answer = refused(house.post(PATH, {"scope": "profile"}, auth=("backend", "wrong")), "invalid_client", 401)
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert started_so_far(house) == before
    assert house.post(PATH, {"scope": "profile"}, auth=("backend", SECRET)).status_code == 200
    assert house.post(PATH, {"client_id": "backend", "client_secret": SECRET}).status_code == 200


def test_dev_07_polling_what_has_expired_begins_nothing(house: RunningHouse, started: dict[str, Any]) -> None:
    house.clock.advance(started["expires_in"] + 1)
    before = started_so_far(house)
    assert set(refused(house.poll(started), "expired_token").json()) == {"error", "error_description"}
    assert started_so_far(house) == before


def test_dev_08_the_answer_and_its_types(started: dict[str, Any]) -> None:
    assert set(started) == MEMBERS
    for name in ("expires_in", "interval"):
        assert type(started[name]) is int
        assert started[name] > 0
    assert started["match_supported"] is True
    for name in MEMBERS - {"expires_in", "interval", "match_supported"}:
        assert type(started[name]) is str


def test_dev_08_no_two_live_codes_are_the_same(many: list[dict[str, Any]]) -> None:
    """Three hundred over HTTP; that a forced collision draws again is in tests/live, the drawing in tests/oauth."""
    assert len({one["device_code"] for one in many}) == len({one["user_code"] for one in many}) == 300


def test_dev_09_the_interval_is_told_and_is_five_seconds(started: dict[str, Any]) -> None:
    assert started["interval"] == 5


def test_dev_10_codes_and_refusals_are_not_kept_by_any_cache(house: RunningHouse) -> None:
    assert not_kept(house.post(PATH, {"client_id": "tv"})).status_code == 200
    for form, headers in (({"client_id": "nobody"}, {}), ({"foo": "1"}, {}), ("{}", {"content-type": "text/plain"})):
        assert not_kept(house.post(PATH, form, headers=headers)).status_code >= 400


def test_dev_11_refusals_look_like_those_of_the_token_endpoint(house: RunningHouse) -> None:
    refused(house.post(PATH, {"client_id": "gone"}), "unauthorized_client")
    refused(house.post(PATH, {"client_id": "plain"}), "unauthorized_client")
    refused(house.post(PATH, {"client_id": "tv", "scope": "admin"}), "invalid_scope")
    refused(house.post(PATH, {"client_id": "modest", "scope": "profile readings:read"}), "invalid_scope")


def test_dev_12_the_complete_link_leads_to_the_same_request(
    house: RunningHouse, ana: Phone, started: dict[str, Any]
) -> None:
    complete = started["verification_uri_complete"]
    assert complete == f"{house.issuer}/D/{started['user_code'].replace('-', '')}"  # same origin, shorter path
    assert started["user_code"] in ana.web.get(complete, timeout=10).text


def test_dev_13_the_address_to_type_is_short_and_says_nothing(house: RunningHouse, started: dict[str, Any]) -> None:
    uri = started["verification_uri"]
    assert uri == f"{house.issuer}/device"
    assert len(uri) < 40
    assert "?" not in uri
    assert started["user_code"][:4] not in uri


def test_dev_34_device_codes_cannot_be_guessed_and_are_kept_as_hashes(
    house: RunningHouse, many: list[dict[str, Any]]
) -> None:
    codes = [one["device_code"] for one in many]
    for code in codes:
        assert len(code) >= 43  # 256 bits
        assert set(code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    for place in range(40):  # neither a counter nor a time: every place takes many values
        assert len({code[place] for code in codes}) > 15
    with sqlite3.connect(house.app.house.settings.data_dir / "porchlight.db") as database:
        dump = "\n".join(database.iterdump())
    for one in many:
        for secret in (one["device_code"], one["user_code"], one["user_code"].replace("-", "")):
            assert secret not in dump


def test_dev_36_the_codes_live_ten_minutes(started: dict[str, Any]) -> None:
    assert 300 <= started["expires_in"] <= 900


def test_dev_38_a_secret_in_the_firmware_changes_nothing(house: RunningHouse, ana: Phone) -> None:
    """Devices are public by default (`porchlight client add`), and one that has a secret is treated no better."""
    public, secret = house.begin(), house.post(PATH, {"client_id": "backend", "client_secret": SECRET}).json()
    assert {key: public[key] for key in ("expires_in", "interval")} == {
        key: secret[key] for key in ("expires_in", "interval")
    }
    ana.approve(public)
    ana.approve(secret)
    answers = [
        house.poll(public).json(),
        house.poll(secret, "backend", auth=("backend", SECRET)).json(),
    ]
    bought = [{key: one[key] for key in ("token_type", "expires_in", "scope")} for one in answers]
    assert bought[0] == bought[1]


def test_dev_40_user_codes_have_no_look_alikes(many: list[dict[str, Any]]) -> None:
    """Three hundred over HTTP; ten thousand, and that they are even, are in tests/oauth/test_user_code.py."""
    for code in (one["user_code"] for one in many):
        assert len(code) == 9
        assert code[4] == "-"
        assert set(code.replace("-", "")) <= set("BCDFGHJKLMNPQRSTVWXZ")


@pytest.mark.parametrize(
    "forged",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:443", "X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "444"},
        {"X-Forwarded-Prefix": "/evil", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Server": "evil.example"},
        {"Forwarded": "for=203.0.113.9;host=evil.example;proto=https"},
        {"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil", "X-HTTP-Method-Override": "GET"},
    ],
)
def test_dev_41_addresses_come_from_the_settings_alone(house: RunningHouse, forged: dict[str, str]) -> None:
    for request in (
        requests.Request("POST", house.issuer + PATH, data={"client_id": "tv"}, headers=forged),
        requests.Request("GET", house.issuer + "/.well-known/oauth-authorization-server", headers=forged),
        requests.Request("GET", house.issuer + "/D/BCDFGHJK", headers=forged),
    ):
        answer = house.web.send(house.web.prepare_request(request), allow_redirects=False, timeout=10)
        assert answer.status_code in (200, 404)
        assert "evil" not in answer.text
        assert "evil" not in str(answer.headers)
        if "verification_uri" in answer.text:
            assert answer.json()["verification_uri"] == f"{house.issuer}/device"
    assert GRANT_TYPE in house.get("/.well-known/oauth-authorization-server").text
