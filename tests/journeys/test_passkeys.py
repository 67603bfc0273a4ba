"""Passkeys in a real Chromium with its virtual authenticator: made, used to sign in, copied, removed."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
from playwright.sync_api import Page, Route, expect

from server.oauth.event import Sought, What
from tests.browser import OpenPhone
from tests.conformance.app import BACK, App
from tests.conformance.ladder import ABROAD, HOME, Device, settings
from tests.house import PASSWORD, RunningHouse, furnish, open_house
from tests.passkeys import Authenticator


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    """One with a name: no browser lets passkeys work at a bare address."""
    with open_house(tmp_path, named="localhost") as running:
        yield furnish(running)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def sign_in(page: Page, house: RunningHouse, path: str = "/sign-in") -> None:
    page.goto(house.issuer + path)
    page.fill("#username", "ana")
    page.fill("#password", PASSWORD)
    press(page, "Sign in")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def add(page: Page, house: RunningHouse, name: str = "My phone") -> None:
    page.goto(house.issuer + "/account/passkeys")
    page.fill("#name", name)
    press(page, "Add a passkey")
    page.wait_for_selector(f"h2:has-text('{name}')")


def leave(page: Page) -> None:
    """Be nobody again. The button would lead to the sign-in page, whose offer the authenticator takes at once."""
    page.context.clear_cookies()


def without_offer(page: Page) -> Page:
    """From now on a browser that offers nothing beside the name: there is the button alone."""
    page.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
    return page


def told(house: RunningHouse, *what: What) -> list[str]:
    found = house.do(house.app.house.store.events(Sought(what=what), 99))
    return [each.event.detail for each in found]


def test_a_passkey_is_made_and_signs_in_by_the_button(house: RunningHouse, phone: OpenPhone) -> None:
    page = without_offer(phone().new_page())
    sign_in(page, house)
    key = Authenticator(page)
    add(page, house)
    assert key.keys()[0]["rpId"] == "localhost"
    assert "passkey added" in told(house, "account_changed")
    leave(page)
    started = house.begin()
    page.goto(started["verification_uri_complete"])
    button = page.get_by_role("button", name="Use a passkey")
    expect(button).to_be_visible()
    button.click()
    expect(page.locator("h1")).to_have_text("Is this your device?")
    assert "swk user mfa" in told(house, "signed_in")
    page.click("[name=decision][value=approve]")
    expect(page.locator("h1")).to_have_text("You're connected")
    claims = jwt.decode(house.poll(started).json()["access_token"], options={"verify_signature": False})
    assert (claims["acr"], claims["amr"]) == ("phr", ["swk", "user", "mfa"])


def test_a_passkey_is_offered_beside_the_name(house: RunningHouse, phone: OpenPhone) -> None:
    page = phone().new_page()
    sign_in(page, house)
    key = Authenticator(page, is_synced=False)
    add(page, house)
    leave(page)
    page.goto(house.issuer + "/sign-in")
    page.wait_for_url("**/devices")  # the authenticator picks what is offered
    assert 'autocomplete="username webauthn"' in house.get("/sign-in").text
    assert "pop user mfa" in told(house, "signed_in")
    assert key.keys()[0]["signCount"] > 1


def test_without_scripts_the_page_is_whole_and_shows_no_button_that_does_nothing(
    house: RunningHouse, phone: OpenPhone
) -> None:
    page = phone(java_script_enabled=False).new_page()
    page.goto(house.issuer + "/sign-in")
    expect(page.get_by_role("button", name="Use a passkey")).to_have_count(0)
    sign_in(page, house)
    page.goto(house.issuer + "/account/passkeys")
    expect(page.locator("main")).to_contain_text("Here you can't add one")
    expect(page.get_by_role("button", name="Add a passkey")).to_have_count(0)


def test_where_no_browser_lets_passkeys_work_the_pages_say_so(tmp_path: Path, phone: OpenPhone) -> None:
    with open_house(tmp_path) as bare:
        furnish(bare)
        page = phone().new_page()
        page.goto(bare.issuer + "/sign-in")
        assert page.locator("[data-passkey]").count() == 0
        assert page.locator("script").count() == 0
        sign_in(page, bare)
        page.goto(bare.issuer + "/account/passkeys")
        expect(page.locator("main")).to_contain_text("Passkeys don't work at this address")
        assert "phr" not in bare.get("/.well-known/openid-configuration").json()["acr_values_supported"]


def test_what_a_thief_would_add_asks_for_a_fresh_sign_in(house: RunningHouse, phone: OpenPhone) -> None:
    page = phone().new_page()
    sign_in(page, house)
    Authenticator(page)
    page.goto(house.issuer + "/account/passkeys")
    house.clock.advance(301)
    press(page, "Add a passkey")  # the page was open since before
    page.wait_for_url("**/sign-in?**")
    expect(page.locator("#username")).to_have_value("ana")
    page.fill("#password", PASSWORD)
    press(page, "Sign in")
    page.wait_for_url("**/account/passkeys")
    add(page, house)


def test_a_copied_passkey_is_noticed_and_opens_nothing_any_more(house: RunningHouse, phone: OpenPhone) -> None:
    page = phone().new_page()
    sign_in(page, house)
    key = Authenticator(page, is_synced=False)
    add(page, house)
    copy = key.keys()[0]
    leave(page)
    page.goto(house.issuer + "/sign-in")
    page.wait_for_url("**/devices")
    leave(page)
    key.drop(copy["credentialId"])
    key.put(copy)  # its counter is that of before
    without_offer(page).goto(house.issuer + "/sign-in")
    press(page, "Use a passkey")
    expect(page.locator("[role=alert]").first).to_contain_text("may have been copied")
    assert told(house, "passkey_copied") == ["My phone"]
    page.goto(house.issuer + "/sign-in")
    page.fill("#username", "ana")
    page.fill("#password", PASSWORD)
    press(page, "Sign in")
    page.goto(house.issuer + "/account/passkeys")
    expect(page.locator("main")).to_contain_text("It opens nothing")
    press(page, "Remove My phone")
    expect(page.locator("main")).to_contain_text("You have no passkey yet")


def test_a_finger_that_is_not_the_owners_signs_nobody_in(house: RunningHouse, phone: OpenPhone) -> None:
    page = phone().new_page()
    sign_in(page, house)
    key = Authenticator(page)
    add(page, house)
    leave(page)
    key.verifies(False)
    without_offer(page).goto(house.issuer + "/sign-in")
    press(page, "Use a passkey")
    expect(page.locator("[data-passkey-note]")).to_contain_text("Your phone showed us no passkey")
    assert page.url.endswith("/sign-in")


def test_step_01_an_app_that_asks_for_phr_is_not_content_with_a_password(house: RunningHouse, phone: OpenPhone) -> None:
    house.add_client("web", grants=("authorization_code",), scopes=("openid",), redirect_uris=(BACK,))
    app = App(house)
    page = without_offer(phone().new_page())
    page.route("https://app.example/**", lambda route: route.fulfill(body="the app"))
    sign_in(page, house)
    Authenticator(page)
    add(page, house)
    query = "&".join(f"{name}={value}" for name, value in app.parameters(scope="openid", acr_values="phr").items())
    page.goto(f"{house.issuer}/authorize?{query}")
    expect(page.locator("main")).to_contain_text("asks for a passkey")
    page.fill("#username", "ana")
    page.fill("#password", PASSWORD)
    press(page, "Sign in")
    expect(page.locator("main")).to_contain_text("asks for a passkey")
    press(page, "Use a passkey")
    page.wait_for_selector("[name=decision][value=approve]")
    page.click("[name=decision][value=approve]")
    page.wait_for_url("https://app.example/**")
    code = page.url.split("code=")[1].split("&")[0]
    claims = jwt.decode(app.redeem(code).json()["id_token"], options={"verify_signature": False})
    assert (claims["acr"], claims["amr"]) == ("phr", ["swk", "user", "mfa"])


def test_xd_03_a_device_far_away_takes_a_passkey_as_the_fresh_sign_in(tmp_path: Path, phone: OpenPhone) -> None:
    with open_house(tmp_path, named="localhost", **settings(tmp_path)) as house:
        furnish(house)
        page = without_offer(phone(extra_http_headers={"X-Forwarded-For": HOME}).new_page())
        sign_in(page, house)
        Authenticator(page)
        add(page, house)
        house.clock.advance(60)
        device = Device(house, ABROAD)
        page.goto(device.begin()["verification_uri_complete"])
        expect(page.locator("h1")).to_have_text("This device is far from you")
        page.get_by_role("link", name="I'm sure, go on").click()
        expect(page.locator("main")).to_contain_text("show once more that it is you")
        press(page, "Use a passkey")
        page.wait_for_selector("#proof")  # opening the page drew another number
        page.fill("#proof", house.number_on(device.started))
        page.click("[name=decision][value=approve]")
        expect(page.locator("h1")).to_have_text("You're connected")
        assert told(house, "signed_in")[0] == "swk user mfa"


BRING = """async (answer) => {
  const form_token = document.querySelector("[name=form_token]").value;
  const got = await fetch("/sign-in/passkey", { method: "POST", body: new URLSearchParams({ form_token, answer }) });
  return [got.status, got.redirected, await got.text()];
}"""


@pytest.mark.parametrize("is_own", [True, False])
def test_an_answer_is_good_once_and_in_its_own_browser(house: RunningHouse, phone: OpenPhone, is_own: bool) -> None:
    page = phone().new_page()
    sign_in(page, house)
    Authenticator(page)
    add(page, house)
    leave(page)
    held: list[str] = []

    def hold(route: Route) -> None:
        held.append(parse_qs(route.request.post_data or "")["answer"][0])
        route.fulfill(body="held back")

    page.route("**/sign-in/passkey", hold)
    page.goto(house.issuer + "/sign-in")
    page.wait_for_url("**/sign-in/passkey")
    page.unroute("**/sign-in/passkey")
    other = without_offer(page if is_own else phone().new_page())
    other.goto(house.issuer + "/sign-in")
    status, is_in, text = other.evaluate(BRING, held[0])
    assert (status, is_in) == ((200, True) if is_own else (403, False))
    stranger = without_offer(phone().new_page())
    stranger.goto(house.issuer + "/sign-in")
    status, is_in, text = stranger.evaluate(BRING, held[0])
    assert (status, is_in) == (403, False)
    assert "That took too long" in text


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", '{"id":1,"response":{}}', '{"response":{"clientDataJSON":"e30"}}', "{" * 2_000]
)
def test_nonsense_is_refused_like_any_other(house: RunningHouse, answer: str) -> None:
    phone = house.phone()
    page = phone.web.get(house.address + "/sign-in", timeout=10)
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    shown = phone.web.post(house.address + "/sign-in/passkey", data={"form_token": token, "answer": answer}, timeout=10)
    assert shown.status_code == 403
    assert "We don't know that passkey" in shown.text


def test_what_the_browser_is_asked_with_tells_nothing_and_is_bounded(tmp_path: Path) -> None:
    with open_house(tmp_path, named="localhost", requests_per_network=2) as house:
        phone = house.phone()
        page = phone.web.get(house.address + "/sign-in", timeout=10)
        token = page.text.split('name="form_token" value="')[1].split('"')[0]
        answers = [
            phone.web.post(house.address + "/sign-in/passkey/ask", data={"form_token": token}, timeout=10)
            for _ in range(3)
        ]
        assert [each.status_code for each in answers] == [200, 200, 429]
        asked = answers[0].json()
        assert asked.keys() == {"rpId", "challenge", "userVerification", "timeout"}
        assert asked["challenge"] != json.loads(answers[1].text)["challenge"]
        assert int(answers[2].headers["retry-after"]) > 0
