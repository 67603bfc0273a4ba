"""A code app beside the password: set up with a square, asked for at every sign-in, lost, turned off."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy
import pytest
import zxingcpp
from playwright.sync_api import Page, expect

from server.oauth.event import Sought, What
from server.oauth.totp import STEP, code_at
from tests.browser import OpenPhone
from tests.conformance.wire import StoppedClock
from tests.house import PASSWORD, RunningHouse, furnish, open_house
from tests.waiting import wait_until

SECRET = "a secret of the operator"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RunningHouse]:
    with open_house(tmp_path, clock=StoppedClock(), key_secret=SECRET) as running:
        yield furnish(running)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def give_password(page: Page) -> None:
    page.fill("#username", "ana")
    page.fill("#password", PASSWORD)
    press(page, "Sign in")


def code_of(house: RunningHouse, secret: str) -> str:
    return code_at(secret, house.clock() // STEP)


def set_up(page: Page, house: RunningHouse) -> tuple[str, list[str]]:
    """Sign in and turn a code app on: its secret, and the recovery codes."""
    page.goto(house.issuer + "/sign-in")
    give_password(page)
    page.wait_for_url("**/devices")
    page.goto(house.issuer + "/account")
    page.locator("dt:has-text('Code app') + dd a").click()
    press(page, "Set up a code app")
    secret = re.sub(r"\s", "", page.locator(".key").inner_text())
    page.fill("#otp", code_of(house, secret))
    press(page, "Turn it on")
    expect(page.locator("h1")).to_have_text("Write these codes down")
    return secret, page.locator("ol li").all_inner_texts()


def told(house: RunningHouse, *what: What) -> list[str]:
    found = house.do(house.app.house.store.events(Sought(what=what), 99))
    return [each.event.detail for each in found]


@pytest.mark.parametrize("scripts", [False, True])
def test_from_the_square_to_a_sign_in_with_the_tv_s_code_carried_along(
    house: RunningHouse, phone: OpenPhone, scripts: bool
) -> None:
    page = phone(java_script_enabled=scripts).new_page()
    secret, codes = set_up(page, house)
    assert len({*codes}) == 10
    assert "one-time codes on" in told(house, "account_changed")
    started = house.begin()
    other = phone(java_script_enabled=scripts).new_page()
    other.goto(started["verification_uri_complete"])
    give_password(other)
    expect(other.locator("h1")).to_have_text("Type the code from your app")
    assert "/D/" not in other.url
    other.goto(house.issuer + "/devices")
    assert "/sign-in" in other.url, "a password alone opens nothing"
    other.goto(started["verification_uri_complete"])
    give_password(other)
    other.fill("#otp", code_of(house, secret))
    press(other, "Sign in")
    expect(other.locator("[role=alert]")).to_contain_text("That code didn't work")  # it confirmed the app before
    house.clock.advance(30)
    other.fill("#otp", code_of(house, secret)[:3] + " " + code_of(house, secret)[3:])
    press(other, "Sign in")
    expect(other.locator("h1")).to_have_text("Is this your device?")
    assert "pwd otp mfa" in told(house, "signed_in")
    wait_until(lambda: "one-time code" in told(house, "wrong_factor"))  # refusals are written afterwards


def test_the_square_says_what_is_written_below_it(house: RunningHouse, phone: OpenPhone) -> None:
    page = phone(color_scheme="dark").new_page()
    page.goto(house.issuer + "/sign-in")
    give_password(page)
    page.goto(house.issuer + "/account/codes")
    press(page, "Set up a code app")
    secret = re.sub(r"\s", "", page.locator(".key").inner_text())
    picture = cv2.imdecode(numpy.frombuffer(page.screenshot(), numpy.uint8), cv2.IMREAD_GRAYSCALE)
    (found,) = zxingcpp.read_barcodes(picture)
    uri = urlsplit(found.text)
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/Porchlight%3Aana")
    assert parse_qs(uri.query)["secret"] == [secret]
    kept = house.do(house.app.house.store.find_totp("account-ana"))
    assert kept is not None
    assert secret not in kept.sealed


def test_a_recovery_code_signs_in_once(house: RunningHouse, phone: OpenPhone) -> None:
    page = phone().new_page()
    _, codes = set_up(page, house)
    for code, is_good in ((codes[0], True), (codes[0], False), (codes[1].upper().replace("-", " "), True)):
        other = phone(java_script_enabled=False).new_page()
        other.goto(house.issuer + "/sign-in")
        give_password(other)
        other.click("text=I don't have my code app")
        other.fill("#recovery", code)
        other.locator("#recovery ~ button").click()
        if is_good:
            other.wait_for_url("**/devices")
        else:
            expect(other.locator("[role=alert]")).to_contain_text("That code didn't work")
    page.goto(house.issuer + "/account/codes")
    expect(page.locator("main")).to_contain_text("8")
    assert told(house, "account_changed").count("recovery code used") == 2


def test_turning_it_off_and_fresh_recovery_codes_want_a_fresh_sign_in(house: RunningHouse, phone: OpenPhone) -> None:
    page = phone().new_page()
    secret, codes = set_up(page, house)
    house.clock.advance(301)
    page.goto(house.issuer + "/account/codes")
    page.wait_for_url("**/sign-in?**")
    page.fill("#password", PASSWORD)
    press(page, "Sign in")
    page.fill("#otp", code_of(house, secret))
    press(page, "Sign in")
    page.wait_for_url("**/account/codes")
    page.click("summary:has-text('Make new recovery codes')")
    press(page, "Make new recovery codes")
    fresh = page.locator("ol li").all_inner_texts()
    assert not {*fresh} & {*codes}
    page.goto(house.issuer + "/account/codes")
    page.click("summary:has-text('Turn the code app off')")
    press(page, "Turn the code app off")
    expect(page.get_by_role("button", name="Set up a code app")).to_be_visible()
    assert {"one-time codes off", "recovery codes renewed"} <= {*told(house, "account_changed")}
    other = phone().new_page()
    other.goto(house.issuer + "/sign-in")
    give_password(other)
    other.wait_for_url("**/devices")


def test_codes_cannot_be_tried_through(house: RunningHouse, phone: OpenPhone) -> None:
    page = phone(java_script_enabled=False).new_page()
    secret, _ = set_up(page, house)
    house.clock.advance(60)
    other = phone(java_script_enabled=False).new_page()
    other.goto(house.issuer + "/sign-in")
    give_password(other)
    for _ in range(5):
        other.fill("#otp", "000000" if code_of(house, secret) != "000000" else "111111")
        press(other, "Sign in")
        expect(other.locator("[role=alert]")).to_contain_text("That code didn't work")
    other.fill("#otp", code_of(house, secret))
    press(other, "Sign in")
    expect(other.locator("[role=alert]")).to_contain_text("Too many tries")
    wait_until(lambda: "one-time code" in told(house, "too_many_tries"))


def test_the_step_is_owed_in_the_browser_that_gave_the_password_and_not_for_long(
    house: RunningHouse, phone: OpenPhone
) -> None:
    page = phone().new_page()
    secret, _ = set_up(page, house)
    first, stranger = phone().new_page(), phone().new_page()
    first.goto(house.issuer + "/sign-in?code=WDJBMJHT&inbox=1")
    first.goto(house.issuer + "/sign-in")
    give_password(first)
    stranger.goto(house.issuer + "/sign-in/code?inbox=1")
    assert stranger.url == house.issuer + "/sign-in?inbox=1"
    house.clock.advance(301)
    first.fill("#otp", code_of(house, secret))
    press(first, "Sign in")
    expect(first.locator("h1")).to_have_text("Sign in")
