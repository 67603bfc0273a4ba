"""Pushed authorization requests: left at the server, opened once, and nothing in the browser counts (RFC 9126)."""

from typing import Any

import pytest
import requests

from tests.conformance.app import BACK, GRANTS, App, came_back, decide, follow
from tests.conformance.test_bcp_code import SCOPES, house, phone
from tests.conformance.wire import at_once, not_kept, refused, tokens
from tests.dpop import Key
from tests.house import SECRET, Phone, RunningHouse, browser

__all__ = ["house", "phone"]


def push(app: App, auth: tuple[str, str] | None = None, **more: Any) -> requests.Response:
    headers = more.pop("headers", {})
    return app.house.post("/par", app.parameters(**more), auth=auth, headers=headers)


def pushed(app: App, auth: tuple[str, str] | None = None, **more: Any) -> str:
    answer = push(app, auth, **more)
    assert answer.status_code == 201, answer.text
    uri: str = not_kept(answer).json()["request_uri"]
    return uri


def open_it(app: App, web: requests.Session, request_uri: str, **more: str) -> requests.Response:
    return follow(app.house, web, "/authorize", params={"client_id": app.client_id, "request_uri": request_uri} | more)


def test_par_02_a_request_is_pushed_and_the_person_signs_in(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    answer = push(app)
    assert (answer.status_code, answer.json()["expires_in"]) == (201, 60)
    request_uri = answer.json()["request_uri"]
    assert request_uri.startswith("urn:ietf:params:oauth:request_uri:")
    assert len(request_uri.rpartition(":")[2]) == 43
    more = {"scope": "readings:read", "state": "evil", "redirect_uri": "https://evil.example/"}
    back = came_back(decide(phone, open_it(app, phone.web, request_uri, **more)))
    assert back["state"] == "s-1"
    assert tokens(app.redeem(back["code"]))["scope"] == "openid profile"


def test_par_02_it_works_once_for_its_client_and_for_a_minute(house: RunningHouse) -> None:
    app, other = App(house), App(house, "web-2")
    request_uri = pushed(app)
    for web, uri in ((other, request_uri), (app, request_uri + "x"), (app, "urn:ietf:params:oauth:request_uri:")):
        answer = open_it(web, browser(), uri)
        assert (answer.status_code, answer.headers.get("location")) == (400, None)
    assert open_it(app, browser(), request_uri).status_code == 200
    assert open_it(app, browser(), request_uri).status_code == 400
    late = pushed(app)
    house.clock.advance(60)
    assert open_it(app, browser(), late).status_code == 400


def test_par_02_of_ten_browsers_at_once_one_opens_it(house: RunningHouse) -> None:
    parameters = {"client_id": "web", "request_uri": pushed(App(house))}
    url = house.issuer + "/authorize"
    answers = at_once(lambda web, _: web.get(url, params=parameters, allow_redirects=False, timeout=40), 10)
    assert sorted(answer.status_code for answer in answers) == [303] + [400] * 9


def test_par_02_what_was_pushed_cannot_be_decided_before_it_is_opened(house: RunningHouse, phone: Phone) -> None:
    decide(phone, App(house).ask(phone.web))
    request_id = pushed(App(house)).rpartition(":")[2]
    assert follow(house, phone.web, f"/consent/{request_id}").status_code == 404


def test_par_01_the_client_authenticates_as_at_the_token_endpoint(house: RunningHouse, phone: Phone) -> None:
    app = App(house, "site")
    refused(push(app), "invalid_client", 401)
    refused(push(app, ("site", "wrong-secret")), "invalid_client", 401)
    refused(push(app, ("site", SECRET), client_id="web"), "invalid_request")
    refused(push(App(house, "nobody")), "invalid_client", 401)
    back = came_back(decide(phone, open_it(app, phone.web, pushed(app, ("site", SECRET), prompt="consent"))))
    tokens(app.redeem(back["code"]))


WRONG = (
    ({"redirect_uri": BACK + "/"}, "invalid_request"),
    ({"redirect_uri": None}, "invalid_request"),
    ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"scope": "admin"}, "invalid_scope"),
    ({"code_challenge": None}, "invalid_request"),
    ({"request": "e30."}, "request_not_supported"),
)


@pytest.mark.parametrize(("more", "error"), WRONG)
def test_par_01_the_whole_request_is_checked_at_once(house: RunningHouse, more: dict[str, Any], error: str) -> None:
    refused(push(App(house), **more), error)


def test_par_01_only_a_small_form_by_post(house: RunningHouse) -> None:
    assert house.get("/par").status_code == 405
    refused(push(App(house), state="x" * 20_000), "invalid_request", 413)
    json = {"content-type": "application/json"}
    refused(house.post("/par", "{}", headers=json), "invalid_request", 415)
    document = house.get("/.well-known/oauth-authorization-server").json()
    assert document["pushed_authorization_request_endpoint"] == house.issuer + "/par"


def test_par_02_a_client_that_must_push_is_held_to_it(house: RunningHouse, phone: Phone) -> None:
    house.add_client("web-par", grants=GRANTS, scopes=SCOPES, redirect_uris=(BACK,), requires_par=True)
    app = App(house, "web-par")
    assert came_back(app.ask(phone.web))["error"] == "invalid_request"
    back = came_back(decide(phone, open_it(app, phone.web, pushed(app))))
    tokens(app.redeem(back["code"]))


def test_dpop_a_proof_at_the_push_binds_the_code_to_its_key(house: RunningHouse, phone: Phone) -> None:
    app, key = App(house), Key()

    def proof(path: str) -> dict[str, str]:
        return {"DPoP": key.proof("POST", house.issuer + path, house.clock())}

    refused(push(app, headers=proof("/par"), dpop_jkt="x" * 43), "invalid_request")
    refused(push(app, headers=proof("/token")), "invalid_dpop_proof")
    back = came_back(decide(phone, open_it(app, phone.web, pushed(app, headers=proof("/par")))))
    refused(app.redeem(back["code"]), "invalid_grant")
    assert tokens(app.redeem(back["code"], headers=proof("/token")))["token_type"] == "DPoP"
