"""RFC 8628 section 3.3 and 5.4 to 6.1: the person's half, through the pages as a browser without scripts sees them."""

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
import requests

from server.desk.desk import HouseDesk
from server.oauth.device import GRANT_TYPE
from tests.conformance.wire import is_undecided, refused, tokens, type_code
from tests.forms import Forms
from tests.house import PASSWORD, SCOPES, Phone, RunningHouse
from web_verify.desk import Problem


def test_dev_14_every_way_begins_with_the_code(house: RunningHouse) -> None:
    phone = Phone(house, "ben")  # one of its own: what is tried here counts as guessing
    phone.open(house.begin())
    page = phone.web.get(house.issuer + "/device", timeout=10)
    assert page.status_code == 200
    assert "user_code" in Forms(page.text).with_control("user_code").names
    token = Forms(page.text).with_control("user_code").fields["form_token"][0]
    for path in ("/device", "/D/", "/D/%20", "/sign-in"):
        answer = phone.web.post(house.issuer + path, {"form_token": token, "decision": "approve"}, timeout=10)
        assert answer.status_code in (400, 404), path
        assert "connected" not in answer.text


def test_dev_15_nobody_decides_without_signing_in(house: RunningHouse, started: dict[str, Any]) -> None:
    stranger = Phone(house)
    page = stranger.web.get(house.issuer + "/device", timeout=10)
    token = Forms(page.text).with_control("user_code").fields["form_token"][0]
    answer = stranger.web.post(
        started["verification_uri_complete"],
        {"form_token": token, "decision": "approve"},
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?code=")
    assert is_undecided(house, started)


def test_dev_16_the_page_says_what_asks_and_the_last_one_sends_back_to_the_device(
    house: RunningHouse, ana: Phone, started: dict[str, Any]
) -> None:
    page = ana.open(started)
    assert "Aurora TV" in page.text
    for scope in SCOPES:
        assert house.app.house.settings.scopes[scope] in page.text
    assert page.text.count('name="decision" value="deny"') == page.text.count('name="decision" value="approve"') == 1
    assert "Look at your device" in ana.submit(page, decision="approve").text
    denied = house.begin()
    assert "Nothing was signed in" in ana.deny(denied).text


def test_dev_17_no_page_ever_holds_the_device_code(house: RunningHouse, ana: Phone, started: dict[str, Any]) -> None:
    pages = [type_code(Phone(house), started["user_code"]), ana.open(started), ana.approve(started), ana.open(started)]
    pages.append(ana.web.get(house.issuer + "/devices", timeout=10))
    for page in pages:
        assert started["device_code"] not in page.text + page.url + str(page.headers)


def test_dev_18_the_code_and_the_plain_address_are_there_beside_the_link_for_the_qr(
    house: RunningHouse, ana: Phone, started: dict[str, Any]
) -> None:
    page = type_code(ana, started["user_code"])
    assert started["verification_uri"] == house.issuer + "/device"
    assert page.url == started["verification_uri_complete"]


@pytest.mark.parametrize(
    "headers", [{}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"X-Moz": "prefetch"}]
)
def test_dev_19_opening_the_link_shows_the_code_and_decides_nothing(
    house: RunningHouse, ana: Phone, started: dict[str, Any], headers: dict[str, str]
) -> None:
    for method in ("GET", "HEAD", "GET"):
        page = ana.web.request(method, started["verification_uri_complete"], headers=headers, timeout=10)
        assert page.status_code == 200
    assert started["user_code"] in page.text
    assert "on a screen in front of you" in page.text
    for method in ("PUT", "OPTIONS", "DELETE"):
        assert ana.web.request(method, started["verification_uri_complete"], timeout=10).status_code == 405
    query = started["verification_uri_complete"] + "?decision=approve"
    assert ana.web.get(query, timeout=10).status_code == 200
    assert is_undecided(house, started)


def test_dev_35_the_person_is_asked_to_compare_and_told_what_is_known(house: RunningHouse, ana: Phone) -> None:
    started = house.begin(device_name="Living\u202e room <b>TV</b>")
    house.clock.advance(60)
    page = ana.open(started).text
    for expected in (
        "Aurora TV",  # the registered name, apart from
        "It calls itself",  # what the device claims,
        "not verified",
        "1 minute ago",
        "127.0.0.1",
        "Same network as this phone",
        "It&#39;s a scam" if "&#39;s a scam" in page else "It's a scam",
        "on a screen in front of you",
    ):
        assert expected in page
    assert "<b>TV</b>" not in page
    assert "\u202e" not in page


def test_dev_36_an_expired_code_is_refused_on_the_page_already(
    house: RunningHouse, ana: Phone, started: dict[str, Any]
) -> None:
    page = ana.open(started)
    house.clock.advance(started["expires_in"])
    assert type_code(ana, started["user_code"]).status_code == 410
    assert ana.submit(page, decision="approve").status_code == 410
    refused(house.poll(started), "expired_token")


def _typings(code: str) -> list[str]:
    plain = code.replace("-", "")
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in plain.lower())
    assert unicodedata.normalize("NFKC", wide) == plain.lower()
    return [
        code,
        code.lower(),
        plain,
        plain.lower(),
        code.replace("-", " ").lower(),
        " ".join(plain),
        f"  {code}\u00a0 ",
        wide,
        code.replace("-", "\u2013"),
        f'"{code}".',
        f"https://tv.example.com/D/{plain.lower()}",
    ]


def test_dev_39_however_the_code_is_typed_it_is_the_same_request(
    house: RunningHouse, ana: Phone, started: dict[str, Any]
) -> None:
    for typed in _typings(started["user_code"]):
        assert type_code(ana, typed).url == started["verification_uri_complete"], typed
    plain = started["user_code"].replace("-", "")
    for path in (f"/D/{plain.lower()}", f"/d/{started['user_code']}", f"/device?user_code={started['user_code']}"):
        page = ana.web.get(house.issuer + path, timeout=10)
        assert page.status_code == 200
        assert started["user_code"] in page.text


def test_dev_42_the_device_cannot_widen_what_was_granted(
    house: RunningHouse, ana: Phone, started: dict[str, Any]
) -> None:
    ana.approve(started, leave_out=["readings:read", "readings:write"])
    form = {"grant_type": GRANT_TYPE, "device_code": started["device_code"], "client_id": "tv"}
    content = tokens(house.post("/token", form | {"scope": "admin readings:write"}))
    assert content["scope"] == "profile"


def test_dev_42_what_was_left_out_is_not_granted_because_the_desk_was_busy(
    house: RunningHouse, ana: Phone, started: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ana.open(started)

    async def busy(*_: object) -> Problem:
        return Problem("too_many", 60_000)

    monkeypatch.setattr(HouseDesk, "look_up", busy)
    assert ana.submit(page, decision="approve", leave_out=["profile"]).status_code == 429
    assert is_undecided(house, started)


def test_dev_42_somebody_else_learns_nothing_of_what_was_decided(
    house: RunningHouse, ana: Phone, ben: Phone, started: dict[str, Any]
) -> None:
    form = Forms(ben.open(house.begin()).text).with_control("decision").fields | {"decision": "deny"}
    ana.approve(started)
    denied = ben.web.post(started["verification_uri_complete"], form, timeout=10)
    for answer in (type_code(ben, started["user_code"]), denied):
        assert answer.status_code == 409
        assert "was used already" in answer.text
        assert "Aurora TV" not in answer.text
        assert "Ana" not in answer.text
    assert tokens(house.poll(started))["scope"]


@pytest.mark.parametrize("gone", ["client", "account"])
def test_dev_42_whoever_is_disabled_after_the_approval_gets_no_tokens(house: RunningHouse, gone: str) -> None:
    client_id, username = f"brief-{gone}", f"cleo-{gone}"
    house.add_client(client_id)
    house.add_person(username, "Cleo")
    started = house.begin(client_id)
    Phone(house, username).approve(started)
    store = house.app.house.store
    if gone == "client":
        client = house.do(store.find_client(client_id))
        assert client is not None
        house.do(store.change_client(replace(client, is_enabled=False)))
        refused(house.poll(started, client_id), "unauthorized_client")
    else:
        account = house.do(store.find_account_by_username(username))
        assert account is not None
        house.do(store.change_account(replace(account, is_enabled=False)))
        refused(house.poll(started, client_id), "invalid_grant")


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, True),
        ({"Origin": "https://evil.example"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({}, False),
        ({"Origin": "null"}, False),
    ],
)
def test_dev_42_a_form_of_another_site_decides_nothing(
    house: RunningHouse, ana: Phone, started: dict[str, Any], headers: dict[str, str], token: bool
) -> None:
    form = Forms(ana.open(started).text).with_control("decision")
    fields = dict(form.fields) | {"decision": ["approve"]}
    if not token:
        fields["form_token"] = ["x" * 43]
    answer = ana.web.post(started["verification_uri_complete"], fields, headers=headers, timeout=10)
    assert answer.status_code == 403
    assert is_undecided(house, started)


def test_dev_42_a_form_token_is_worth_nothing_to_another_visitor(
    house: RunningHouse, ana: Phone, ben: Phone, started: dict[str, Any]
) -> None:
    form = Forms(ben.open(started).text).with_control("decision")
    fields = dict(form.fields) | {"decision": ["approve"]}
    assert ana.web.post(started["verification_uri_complete"], fields, timeout=10).status_code == 403
    with requests.Session() as nobody:
        assert nobody.post(started["verification_uri_complete"], fields, timeout=10).status_code == 403
    assert PASSWORD not in str(fields)
    assert is_undecided(house, started)
