"""OpenID Connect RP-Initiated Logout 1.0: an app signs a person out of the browser, and no browser goes astray."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests

from tests.conformance.app import BACK, GRANTS, App, decide, submit, within
from tests.conformance.wire import FORM, StoppedClock, refresh, refused, tokens
from tests.forms import Forms
from tests.house import SECRET, Phone, RunningHouse, browser, furnish, open_house

SCOPES = ("openid", "profile", "offline_access")
AWAY = "https://app.example/signed-out"
END = "/end_session"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("apps"), clock=StoppedClock()) as running:
        furnish(running)
        for client_id, secret in (("web", ""), ("site", SECRET)):
            name = {"name": "Photo wall", "grants": GRANTS, "scopes": SCOPES, "redirect_uris": (BACK,)}
            running.add_client(client_id, secret=secret, post_logout_redirect_uris=(AWAY, f"{AWAY}?x=1"), **name)
        running.add_client("web-2", grants=GRANTS, scopes=SCOPES, redirect_uris=(BACK,))
        yield running


@pytest.fixture
def phone(house: RunningHouse) -> Phone:
    return Phone(house)


def ask(house: RunningHouse, web: requests.Session, method: str = "GET", **more: str) -> requests.Response:
    """Send a browser to the end session endpoint; what it shows in the end."""
    url = house.address + END
    if method == "POST":
        answer = web.post(url, urlencode(more), headers=FORM, allow_redirects=False, timeout=10)
    else:
        answer = web.get(url, params=more, allow_redirects=False, timeout=10)
    return within(house, web, answer)


def is_signed_in(phone: Phone) -> bool:
    page = phone.web.get(phone.house.address + "/devices", timeout=10)
    return "/sign-in" not in page.url


def test_the_metadata_names_the_endpoint(house: RunningHouse) -> None:
    document = house.get("/.well-known/openid-configuration").json()
    assert document["end_session_endpoint"] == house.issuer + END
    assert document["backchannel_logout_supported"] is document["backchannel_logout_session_supported"] is True


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_app_that_proves_the_session_signs_the_person_out_at_once(
    house: RunningHouse, phone: Phone, method: str
) -> None:
    got = App(house).sign_in(phone)
    answer = ask(house, phone.web, method, id_token_hint=got["id_token"], post_logout_redirect_uri=AWAY, state="s&1 ü")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{AWAY}?state=s%261+%C3%BC")
    assert not is_signed_in(phone)
    refused(refresh(house, got["refresh_token"], "web"), "invalid_grant")


def test_the_hint_may_be_old_and_the_address_may_have_a_query(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    house.clock.advance(3_600)
    answer = ask(house, phone.web, id_token_hint=got["id_token"], post_logout_redirect_uri=f"{AWAY}?x=1", state="s")
    assert answer.headers["location"] == f"{AWAY}?x=1&state=s"


def test_without_a_hint_the_person_is_asked_and_may_stay(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    page = ask(house, phone.web, client_id="web", post_logout_redirect_uri=AWAY)
    assert page.status_code == 200
    assert "Photo wall" in page.text
    assert "form-action 'self' https://app.example" in page.headers["content-security-policy"]
    assert page.text.index('value="stay"') < page.text.index('value="leave"')
    assert submit(phone, page, answer="stay").url.endswith("/devices")
    assert is_signed_in(phone)
    assert submit(phone, page, answer="").status_code == 400
    assert is_signed_in(phone)
    answer = submit(phone, page, answer="leave")
    assert (answer.status_code, answer.headers["location"]) == (303, AWAY)
    assert not is_signed_in(phone)
    refused(refresh(house, got["refresh_token"], "web"), "invalid_grant")


def test_a_hint_of_another_browser_or_person_is_no_proof(house: RunningHouse, phone: Phone) -> None:
    elsewhere, stranger = Phone(house), Phone(house, "ben")
    hints = [App(house).sign_in(each)["id_token"] for each in (elsewhere, stranger)]
    App(house).sign_in(phone)
    for hint in hints:
        page = ask(house, phone.web, id_token_hint=hint)
        assert (page.status_code, 'value="leave"' in page.text) == (200, True)
    assert is_signed_in(phone)
    assert is_signed_in(elsewhere)


def test_a_session_that_was_renewed_by_the_same_person_is_still_the_same(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    house.clock.advance(60)
    again = App(house).sign_in(phone, prompt="login")
    tokens(refresh(house, got["refresh_token"], "web"))  # signing in once more signed nothing out
    answer = ask(house, phone.web, id_token_hint=got["id_token"], post_logout_redirect_uri=AWAY)
    assert answer.headers["location"] == AWAY
    refused(refresh(house, again["refresh_token"], "web"), "invalid_grant")


def test_somebody_else_who_signs_in_takes_the_browser_over(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    house.clock.advance(1)
    phone.username = "ben"
    decide(phone, App(house).ask(phone.web, prompt="login"))
    refused(refresh(house, got["refresh_token"], "web"), "invalid_grant")


@pytest.mark.parametrize(
    "more",
    [
        {"client_id": "web", "post_logout_redirect_uri": "https://evil.example/"},
        {"client_id": "web", "post_logout_redirect_uri": AWAY + "/"},
        {"client_id": "web", "post_logout_redirect_uri": BACK},
        {"client_id": "web-2", "post_logout_redirect_uri": AWAY},
        {"post_logout_redirect_uri": AWAY},
        {"client_id": "nobody"},
        {"client_id": "web", "state": "x" * 1_025},
    ],
)
def test_what_is_not_registered_is_a_page_and_no_way_out(
    house: RunningHouse, phone: Phone, more: dict[str, str]
) -> None:
    App(house).sign_in(phone)
    for method in ("GET", "POST"):
        answer = ask(house, phone.web, method, **more)
        assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert is_signed_in(phone)


def test_a_hint_of_one_app_does_not_speak_for_another(house: RunningHouse, phone: Phone) -> None:
    hint = App(house).sign_in(phone)["id_token"]
    assert ask(house, phone.web, id_token_hint=hint, client_id="site").status_code == 400
    repeated = phone.web.get(f"{house.address}{END}?client_id=web&client_id=web", timeout=10)
    assert repeated.status_code == 400


def test_tokens_of_other_kinds_are_no_hint(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    for hint in (got["access_token"], "a.b.c", "x" * 5_000, got["id_token"][:-4] + "AAAA"):
        page = ask(house, phone.web, id_token_hint=hint)
        assert (page.status_code, 'value="leave"' in page.text) == (200, True)
    assert is_signed_in(phone)


def test_whoever_is_not_signed_in_goes_straight_back(house: RunningHouse) -> None:
    with browser() as web:
        answer = ask(house, web, client_id="web", post_logout_redirect_uri=AWAY)
        assert answer.headers["location"] == AWAY
        page = ask(house, web)
        assert (page.status_code, "signed out" in page.text) == (200, True)


def test_a_ticket_that_was_made_up_or_is_old_does_nothing(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    url = house.address + END
    sent = phone.web.get(url, params={"id_token_hint": got["id_token"]}, allow_redirects=False, timeout=10)
    path = sent.headers["location"]
    body, _, mac = path.removeprefix("/sign-out/").partition(".")
    for ticket in (f"{body}.{mac[:-2]}AA", f"{body[:-2]}AA.{mac}", "x", f"{body}.", "a.b.c", "%C3%A9.x"):
        assert house.web.get(house.address + "/sign-out/" + ticket, timeout=10).status_code == 410
        assert phone.web.get(house.address + "/sign-out/" + ticket, timeout=10).status_code == 410
    house.clock.advance(601)
    assert phone.web.get(house.address + path, allow_redirects=False, timeout=10).status_code == 410
    assert is_signed_in(phone)


def test_the_answer_cannot_be_forged_from_another_site(house: RunningHouse, phone: Phone) -> None:
    App(house).sign_in(phone)
    page = ask(house, phone.web, client_id="web")
    for headers, form in (
        ({"Origin": "https://evil.example"}, {"answer": "leave"}),
        ({}, {"answer": "leave", "form_token": "wrong"}),
    ):
        assert phone.web.post(page.url, form, headers=headers, timeout=10).status_code == 403
    assert is_signed_in(phone)


def sign_out(phone: Phone) -> None:
    page = phone.web.get(phone.house.address + "/devices", timeout=10)
    form = next(each for each in Forms(page.text).all if each.action == "/sign-out")
    phone.web.post(phone.house.address + "/sign-out", form.fields, timeout=10)


def test_signing_out_ends_what_was_opened_in_the_browser_but_what_may_stay(house: RunningHouse, phone: Phone) -> None:
    tv = house.sign_in()
    elsewhere = App(house).sign_in(Phone(house))
    ended = App(house).sign_in(phone, scope="openid profile")
    staying = App(house).sign_in(phone, scope="openid offline_access")
    connected = App(house).sign_in(phone, scope="profile")
    sign_out(phone)
    assert not is_signed_in(phone)
    refused(refresh(house, ended["refresh_token"], "web"), "invalid_grant")
    assert house.me(ended).status_code == 401
    for got, client_id in ((tv, "tv"), (elsewhere, "web"), (staying, "web"), (connected, "web")):
        tokens(refresh(house, got["refresh_token"], client_id))


def test_a_browser_whose_time_is_over_signs_nothing_out(house: RunningHouse, phone: Phone) -> None:
    got = App(house).sign_in(phone)
    house.clock.advance(31 * 86_400)
    assert not is_signed_in(phone)
    tokens(refresh(house, got["refresh_token"], "web"))
