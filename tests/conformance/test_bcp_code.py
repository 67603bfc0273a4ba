"""The authorization code grant as RFC 9700 wants it: exact redirect URIs, one use, no open door."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests

from tests.conformance.app import BACK, GRANTS, App, came_back, decide, follow, submit
from tests.conformance.wire import StoppedClock, at_once, refresh, refused, tokens
from tests.dpop import Key
from tests.forms import Forms
from tests.house import PASSWORD, SECRET, Phone, RunningHouse, browser, furnish, open_house

SCOPES = ("openid", "profile", "readings:read")
LOOPBACK = "http://127.0.0.1/back"
NATIVE = "com.example.app:/back"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("apps"), clock=StoppedClock()) as running:
        furnish(running)
        uris = (BACK, "https://app.example/other?x=1", LOOPBACK, "http://[::1]/back", NATIVE)
        for client_id, secret in (("web", ""), ("web-2", ""), ("site", SECRET)):
            name = {"name": "Photo wall", "grants": GRANTS, "scopes": SCOPES, "redirect_uris": uris}
            running.add_client(client_id, secret=secret, **name)
        yield running


@pytest.fixture
def phone(house: RunningHouse) -> Phone:
    return Phone(house)


def test_a_person_signs_in_to_an_app_and_the_app_calls_the_api(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    page = app.ask(phone.web)
    assert page.status_code == 200
    assert "To sign in Photo wall" in page.text
    page = submit(phone, page, username="ana", password=PASSWORD)
    assert "Connect <bdi>Photo wall</bdi>?" in page.text
    assert page.text.index('value="deny"') < page.text.index('value="approve"')
    answer = came_back(submit(phone, page, decision="approve"))
    assert {"state": "s-1", "iss": house.issuer}.items() <= answer.items()
    got = tokens(app.redeem(answer["code"]))
    assert got["scope"] == "openid profile"
    assert house.me(got).json()["username"] == "ana"
    tokens(refresh(house, got["refresh_token"], "web"))


def test_it_is_listed_among_the_devices_and_can_be_signed_out_there(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    page = phone.web.get(house.address + "/devices", timeout=10)
    assert "Photo wall" in page.text
    everything = next(form for form in Forms(page.text).all if form.action == "/devices/sign-out")
    phone.web.post(house.address + everything.action, everything.fields, timeout=10)
    assert house.me(got).status_code == 401


def test_bcp_02_no_token_leaves_by_the_front_channel(house: RunningHouse, phone: Phone) -> None:
    for response_type in ("token", "id_token token", "code token", "none", "code id_token"):
        answer = came_back(App(house).ask(phone.web, response_type=response_type))
        assert answer["error"] == "unsupported_response_type"
        assert "access_token" not in answer


WRONG_URIS = (
    BACK + "/", BACK + "?x=1", BACK + "#f", BACK.upper(), BACK.replace("https", "http"), BACK + "/sub", BACK + "/../x",
    "https://app.example@evil.example/signed-in", "https://app.example.evil.example/signed-in",
    "//app.example/signed-in",
    "https://app.example:443/signed-in", "https://APP.example/signed-in", "javascript:alert(1)", "",
    "https://*.example/",
    "http://localhost/back", "http://127.0.0.1.evil.example/back", "http://127.0.0.1:99999/back", "http://127.0.0.1/bac",
    "http://127.0.0.1:80@evil.example/back", "http://127.0.0.1:/back", "https://app.example/other", "com.example.app:/",
)  # fmt: skip


@pytest.mark.parametrize("uri", WRONG_URIS)
def test_bcp_05_any_other_redirect_uri_is_an_error_page_and_no_redirect(house: RunningHouse, uri: str) -> None:
    for parameters in (App(house).parameters(redirect_uri=uri), App(house).parameters(redirect_uri=uri, scope="no")):
        answer = house.get("/authorize", params=parameters)
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "<h1>" in answer.text
        assert "evil" not in answer.text
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("uri", [LOOPBACK, "http://127.0.0.1:51004/back", "http://[::1]:8080/back", NATIVE])
def test_bcp_05_the_port_of_a_loopback_address_is_free(house: RunningHouse, phone: Phone, uri: str) -> None:
    app = App(house, redirect_uri=uri)
    tokens(app.redeem(app.approved(phone)["code"]))


def test_an_answer_joins_the_query_that_the_redirect_uri_has(house: RunningHouse, phone: Phone) -> None:
    app = App(house, redirect_uri="https://app.example/other?x=1")
    assert app.approved(phone)["x"] == "1"


@pytest.mark.parametrize("client_id", ["", "nobody", None])
def test_an_unknown_client_is_told_to_the_person_alone(house: RunningHouse, client_id: str | None) -> None:
    answer = house.get("/authorize", params=App(house).parameters(client_id=client_id))
    assert (answer.status_code, answer.headers.get("location")) == (400, None)
    assert "client_id is missing or unknown" in answer.text


def test_bcp_06_the_way_back_is_the_requests_whatever_else_is_named(house: RunningHouse, phone: Phone) -> None:
    evil = dict.fromkeys(("next", "return_to", "continue", "post_logout_redirect_uri"), "//evil.example")
    answer = came_back(decide(phone, App(house).ask(phone.web, **evil)))
    assert "code" in answer
    for path in (
        "/sign-in?request=//evil.example",
        "/consent/https:evil.example",
        "/sign-in?request=https:evil.example",
    ):
        page = follow(house, phone.web, path)
        assert page.status_code == 404
        assert "location" not in page.headers


@pytest.mark.parametrize("state", ['"><script>', "a b&c=d", "ü", "x" * 4_000, "%00", "a\r\nb"])
def test_the_state_comes_back_as_it_was(house: RunningHouse, phone: Phone, state: str) -> None:
    assert App(house).approved(phone, state=state)["state"] == state
    assert came_back(App(house).ask(phone.web, state=state, scope="nothing"))["state"] == state


def test_a_parameter_given_twice_is_refused_where_it_may_be_told(house: RunningHouse) -> None:
    def ask(twice: str) -> requests.Response:
        query = urlencode([*App(house).parameters().items(), (twice, "https://evil.example/")])
        return house.get(f"/authorize?{query}")

    for name in ("client_id", "redirect_uri"):
        assert (ask(name).status_code, ask(name).headers.get("location")) == (400, None)
    for name in ("state", "scope", "code_challenge"):
        answer = came_back(ask(name))
        assert (answer["error"], "state" in answer) == ("invalid_request", name != "state")


def test_the_request_may_come_by_post_too(house: RunningHouse, phone: Phone) -> None:
    parameters = App(house).parameters()
    assert house.post("/authorize", parameters).headers["location"].startswith("/consent/")
    assert house.post("/authorize", "{}", headers={"content-type": "application/json"}).status_code == 415
    assert house.post("/authorize", parameters | {"state": "x" * 20_000}).status_code == 413
    assert house.web.put(house.address + "/authorize", timeout=10).status_code == 405


def test_no_is_an_answer_too(house: RunningHouse, phone: Phone) -> None:
    page = App(house).ask(phone.web)
    answer = came_back(decide(phone, page, "deny"))
    assert answer.pop("error_description") == "the person said no"
    assert answer == {"error": "access_denied", "state": "s-1", "iss": house.issuer}


def test_a_request_is_decided_once_and_only_with_the_pages_own_form(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    page = submit(phone, app.ask(phone.web), username="ana", password=PASSWORD)
    assert phone.web.post(page.url, {"decision": "approve"}, timeout=10).status_code == 403
    other = Phone(house, "ben")
    stranger = submit(other, App(house).ask(other.web), username="ben", password=PASSWORD)
    token = stranger.text.partition('name="form_token" value="')[2].partition('"')[0]
    assert phone.web.post(page.url, {"decision": "approve", "form_token": token}, timeout=10).status_code == 403
    assert submit(phone, page, decision="perhaps").status_code == 400
    came_back(submit(phone, page, decision="approve"))
    assert submit(phone, page, decision="approve").status_code == 410
    assert phone.web.get(page.url, timeout=10).status_code == 410


def test_a_guest_decides_nothing(house: RunningHouse) -> None:
    guest = browser()
    page = App(house).ask(guest)
    request_id = page.url.partition("request=")[2]
    token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
    form = {"decision": "approve", "form_token": token}
    answer = guest.post(f"{house.address}/consent/{request_id}", form, allow_redirects=False, timeout=10)
    assert answer.headers["location"] == f"/consent/{request_id}"
    assert "/sign-in" in follow(house, guest, f"/consent/{request_id}").url


def test_a_request_lapses_after_ten_minutes(house: RunningHouse, phone: Phone) -> None:
    page = submit(phone, App(house).ask(phone.web), username="ana", password=PASSWORD)
    house.clock.advance(600)
    assert submit(phone, page, decision="approve").status_code == 410
    assert phone.web.get(page.url, timeout=10).status_code == 410


def test_less_may_be_allowed_than_was_asked(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    page = app.ask(phone.web, scope="openid profile readings:read")
    answer = came_back(decide(phone, page, leave_out=["readings:read", "openid"]))
    got = tokens(app.redeem(answer["code"]))
    assert got["scope"] == "profile"
    page = app.ask(phone.web, scope="profile")
    assert decide(phone, page, leave_out=["profile"]).status_code == 400


def test_bcp_11_the_way_back_is_303_and_the_forms_may_lead_to_that_app_alone(house: RunningHouse, phone: Phone) -> None:
    for uri, target in (
        (BACK, "https://app.example"),
        ("http://127.0.0.1:51004/back", "http://127.0.0.1:51004"),
        ("http://[::1]:8080/back", "http:"),
        (NATIVE, "com.example.app:"),
    ):
        guest = Phone(house)
        page = App(house, redirect_uri=uri).ask(guest.web)
        for shown in (page, submit(guest, page, username="ana", password=PASSWORD)):
            assert f"form-action 'self' {target};" in shown.headers["content-security-policy"]
            assert shown.headers["x-frame-options"] == "DENY"


def test_bcp_12_nothing_of_this_answers_another_origin(house: RunningHouse) -> None:
    for path in ("/authorize", "/consent/x"):
        answer = house.get(path, headers={"Origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_a_code_lives_a_minute(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    code = app.approved(phone)["code"]
    house.clock.advance(60)
    refused(app.redeem(code), "invalid_grant")


def test_a_code_is_its_clients_and_its_redirect_uris(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    code = app.approved(phone)["code"]
    refused(app.redeem(code, client_id="web-2"), "invalid_grant")
    refused(app.redeem(code, redirect_uri=LOOPBACK), "invalid_grant")
    refused(app.redeem(code, redirect_uri=None), "invalid_grant")
    refused(app.redeem(code[:-1] + "x"), "invalid_grant")
    refused(app.redeem(""), "invalid_request")
    tokens(app.redeem(code))


def test_a_code_that_is_used_twice_ends_what_it_bought(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    code = app.approved(phone)["code"]
    got = tokens(app.redeem(code))
    refused(app.redeem(code, code_verifier="x" * 43), "invalid_grant")
    assert house.me(got).status_code == 200, "a code alone is worth nothing, and raises no alarm"
    refused(app.redeem(code), "invalid_grant")
    assert house.me(got).status_code == 401
    refused(refresh(house, got["refresh_token"], "web"), "invalid_grant")


def test_of_twenty_redemptions_at_once_one_wins_and_the_alarm_ends_it(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    code = app.approved(phone)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": app.verifier}
    answers = at_once(lambda web, _: web.post(house.issuer + "/token", form | {"client_id": "web"}, timeout=40), 20)
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert {answer.json()["error"] for answer in answers if answer.status_code != 200} == {"invalid_grant"}
    assert house.me(won[0]).status_code == 401


def test_nobody_redeems_for_an_account_that_was_disabled_meanwhile(house: RunningHouse) -> None:
    house.add_person("cleo", "Cleo")
    phone, app = Phone(house, "cleo"), App(house)
    code = app.approved(phone)["code"]
    account = house.do(house.app.house.store.find_account("account-cleo"))
    assert account is not None
    house.do(house.app.house.store.change_account(type(account)(*account_fields(account), is_enabled=False)))
    refused(app.redeem(code), "invalid_grant")


def account_fields(account: object) -> tuple[object, ...]:
    return tuple(getattr(account, name) for name in ("account_id", "username", "name", "password_hash", "created_at"))


def test_a_confidential_client_must_authenticate(house: RunningHouse, phone: Phone) -> None:
    app = App(house, "site")
    code = app.approved(phone)["code"]
    refused(app.redeem(code, client_id="site"), "invalid_client", 401)
    tokens(app.redeem(code))


def test_a_client_without_the_grant_hears_so(house: RunningHouse) -> None:
    house.add_client("web-none", redirect_uris=(BACK,))
    assert came_back(App(house, "web-none").ask(browser()))["error"] == "unauthorized_client"
    refused(App(house, "web-none").redeem("x"), "unauthorized_client")


def test_dpop_the_key_that_was_announced_is_the_only_one_that_redeems(house: RunningHouse, phone: Phone) -> None:
    app, key, thief = App(house), Key(), Key()
    code = app.approved(phone, dpop_jkt=key.jkt)["code"]
    url = house.issuer + "/token"
    refused(app.redeem(code), "invalid_grant")
    refused(app.redeem(code, headers={"DPoP": thief.proof("POST", url, house.clock())}), "invalid_grant")
    got = tokens(app.redeem(code, headers={"DPoP": key.proof("POST", url, house.clock())}))
    assert got["token_type"] == "DPoP"
    assert came_back(app.ask(phone.web, dpop_jkt="short"))["error"] == "invalid_request"


def test_who_said_yes_to_a_confidential_app_is_not_asked_again(house: RunningHouse, phone: Phone) -> None:
    app = App(house, "site")
    app.sign_in(phone)
    assert "code" in came_back(app.ask(phone.web)), "it is known by its secret, and was allowed all this"
    assert app.ask(phone.web, prompt="consent").status_code == 200
    assert app.ask(phone.web, scope="openid profile readings:read").status_code == 200, "this is more"
    assert app.ask(phone.web, prompt="select_account").status_code == 200
    public = App(house)
    public.sign_in(phone)
    assert public.ask(phone.web).status_code == 200, "anybody can call themselves a public client"


def test_prompt_none_shows_nothing(house: RunningHouse, phone: Phone) -> None:
    house.add_client("site-2", secret=SECRET, grants=GRANTS, scopes=SCOPES, redirect_uris=(BACK,))
    app = App(house, "site-2")
    assert came_back(app.ask(browser(), prompt="none"))["error"] == "login_required"
    decide(phone, App(house).ask(phone.web))
    assert came_back(app.ask(phone.web, prompt="none"))["error"] == "consent_required"
    assert came_back(app.ask(phone.web, prompt="none login"))["error"] == "invalid_request"
    app.sign_in(phone)
    assert "code" in came_back(app.ask(phone.web, prompt="none"))


def test_prompt_login_and_max_age_ask_for_the_password_again(house: RunningHouse, phone: Phone) -> None:
    app = App(house)
    app.sign_in(phone)
    house.clock.advance(100)
    assert "/consent/" in app.ask(phone.web, max_age="100").url
    for more in ({"prompt": "login"}, {"max_age": "99"}, {"max_age": "0"}):
        page = app.ask(phone.web, login_hint="ana", **more)
        assert "/sign-in" in page.url
        assert 'value="ana"' in page.text
        assert "code" in came_back(decide(phone, page))
        house.clock.advance(100)
    assert came_back(app.ask(phone.web, max_age="-1"))["error"] == "invalid_request"


def test_request_objects_are_not_read(house: RunningHouse, phone: Phone) -> None:
    assert came_back(App(house).ask(phone.web, request="e30.e30."))["error"] == "request_not_supported"
    answer = house.get("/authorize", params=App(house).parameters(request_uri="https://evil.example/request"))
    assert (answer.status_code, answer.headers.get("location")) == (400, None)
