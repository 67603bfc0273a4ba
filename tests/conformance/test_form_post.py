"""Answers that travel as a form, and the ID token that may travel in no other way (Form Post Response Mode)."""

from typing import Any

import pytest
import requests

from tests.conformance.app import BACK, App, decide
from tests.conformance.test_bcp_code import SCOPES, house, phone
from tests.conformance.test_oidc import read
from tests.conformance.wire import tokens
from tests.forms import Forms
from tests.house import Phone, RunningHouse, browser

__all__ = ["house", "phone"]
ASKED = {"response_type": "id_token", "response_mode": "form_post", "nonce": "n-1", "code_challenge": None}


def posted(page: requests.Response) -> dict[str, str]:
    """What the page posts to the app."""
    assert page.status_code == 200, page.text
    (form,) = Forms(page.text).all
    assert form.action == BACK
    return {name: value for name, (value,) in form.fields.items()}


def old_app(house: RunningHouse) -> App:
    """An app that may ask for an ID token at once."""
    if house.do(house.app.house.store.find_client("web-old")) is None:
        house.add_client("web-old", grants=("implicit",), scopes=SCOPES, redirect_uris=(BACK,))
    return App(house, "web-old")


def test_oidc_04_an_id_token_is_posted_to_the_app_and_nowhere_else(house: RunningHouse, phone: Phone) -> None:
    page = decide(phone, old_app(house).ask(phone.web, **ASKED))
    answer = posted(page)
    assert answer.keys() == {"id_token", "state", "iss"}
    claims = read(house, answer["id_token"], "web-old")
    assert (claims["sub"], claims["nonce"], claims["amr"]) == ("account-ana", "n-1", ["pwd"])
    assert not {"at_hash", "sid"} & {*claims}
    policy = page.headers["content-security-policy"]
    assert "form-action https://app.example;" in policy
    assert "'unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"nonce": None}, "invalid_request"),
        ({"scope": "profile"}, "invalid_request"),
        ({"response_type": "id_token token"}, "unsupported_response_type"),
    ],
)
def test_oidc_04_what_is_missing_is_posted_too(house: RunningHouse, more: dict[str, Any], error: str) -> None:
    answer = posted(old_app(house).ask(browser(), **(ASKED | more)))
    assert (answer["error"], answer["iss"], answer["state"]) == (error, house.issuer, "s-1")


def test_oidc_04_no_id_token_stands_in_an_address(house: RunningHouse) -> None:
    for mode in (None, "query", "fragment"):
        answer = old_app(house).ask(browser(), **(ASKED | {"response_mode": mode}))
        assert "error=invalid_request" in answer.headers["location"]


def test_oidc_04_it_is_off_for_every_client_that_was_not_registered_for_it(house: RunningHouse) -> None:
    assert posted(App(house).ask(browser(), **ASKED))["error"] == "unauthorized_client"
    assert "error=unauthorized_client" in old_app(house).ask(browser()).headers["location"]


def test_oidc_04_what_the_app_sent_is_escaped(house: RunningHouse, phone: Phone) -> None:
    evil = "\"><script>alert(1)</script>'&amp;"
    page = decide(phone, old_app(house).ask(phone.web, **(ASKED | {"state": evil})))
    assert posted(page)["state"] == evil
    assert "<script>alert" not in page.text


def test_a_person_who_leaves_out_who_they_are_has_said_no(house: RunningHouse, phone: Phone) -> None:
    page = old_app(house).ask(phone.web, **ASKED)
    assert posted(decide(phone, page, leave_out=["openid"]))["error"] == "access_denied"
    page = old_app(house).ask(phone.web, **ASKED)
    assert posted(decide(phone, page, "deny"))["error"] == "access_denied"


def test_a_code_may_be_posted_too(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    answer = posted(decide(phone, app.ask(phone.web, response_mode="form_post")))
    assert tokens(app.redeem(answer["code"]))["id_token"]


def test_bcp_02_the_metadata_offers_no_access_token_here(house: RunningHouse) -> None:
    document = house.get("/.well-known/openid-configuration").json()
    assert document["response_types_supported"] == ["code", "id_token"]
    assert document["response_modes_supported"] == ["query", "form_post"]
    assert "implicit" not in document["grant_types_supported"]
