"""A person's account in a real Chromium, with scripts and without, a real mail server beside the real server."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.account_pages import house_with_mail
from tests.browser import OpenPhone
from tests.house import PASSWORD, RunningHouse
from tests.mail import MailServer
from tests.waiting import wait_until

NEW = "four words nobody puts together"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[RunningHouse, MailServer]]:
    with house_with_mail(tmp_path) as both:
        yield both


def here(house: RunningHouse, address: str) -> str:
    return house.address + address.removeprefix(house.issuer)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def sign_in(page: Page, house: RunningHouse, path: str = "/sign-in") -> None:
    page.goto(house.address + path)
    page.fill("#username", "ana")
    page.fill("#password", PASSWORD)
    press(page, "Sign in")
    page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.mark.parametrize("scripts", [False, True])
def test_from_the_tv_to_a_new_account_and_back(
    place: tuple[RunningHouse, MailServer], phone: OpenPhone, scripts: bool
) -> None:
    house, mail = place
    started = house.begin(device_name="Sofa")
    page = phone(java_script_enabled=scripts).new_page()
    page.goto(here(house, started["verification_uri_complete"]))
    page.get_by_role("link", name="Make an account").click()
    page.fill("#email", "not an address")
    press(page, "Send me a link")
    expect(page.locator("[role=alert]")).to_contain_text("That is no email address")
    page.fill("#email", "zoe@example.com")
    press(page, "Send me a link")
    expect(page.locator("h1")).to_have_text("Look at your mail")
    page.goto(here(house, mail.link()))
    page.fill("#username", "zoe")
    page.fill("#password", "too short")
    press(page, "Make my account")
    expect(page.locator("[role=alert]")).to_contain_text("15 characters or more")
    page.fill("#password", NEW)
    press(page, "Make my account")
    expect(page.locator("h1")).to_have_text("Is this your device?")
    page.click("[name=decision][value=approve]")
    expect(page.locator("h1")).to_have_text("You're connected")
    state = page.locator("p.state")
    expect(state).to_have_text("Waiting for your device…")
    page.get_by_role("button", name="Living room").click()
    expect(page.locator("#name")).to_have_value("Living room")
    assert house.poll(started).status_code == 200
    if not scripts:
        page.reload()
    expect(page.locator("p.state")).to_have_text("Your device is signed in.")
    assert mail.next()["subject"] == "New device signed in: Aurora TV"
    page.get_by_role("link", name="My devices").first.click()
    expect(page.locator("h2").first).to_contain_text("Living room")


@pytest.mark.parametrize("scripts", [False, True])
def test_an_approval_is_taken_back(place: tuple[RunningHouse, MailServer], phone: OpenPhone, scripts: bool) -> None:
    house, _ = place
    page = phone(java_script_enabled=scripts).new_page()
    sign_in(page, house)
    for is_collected in (False, True):
        started = house.begin()
        page.goto(here(house, started["verification_uri_complete"]))
        page.click("[name=decision][value=approve]")
        expect(page.locator("h1")).to_have_text("You're connected")
        held = house.poll(started).json() if is_collected else {}
        press(page, "Undo")
        expect(page.locator("h1")).to_have_text("Taken back")
        if is_collected:
            assert house.me(held).status_code == 401
        else:
            assert house.poll(started).json()["error"] == "access_denied"


def test_an_open_decision_notices_that_it_is_over(place: tuple[RunningHouse, MailServer], phone: OpenPhone) -> None:
    house, _ = place
    started = house.begin()
    context = phone()
    page = context.new_page()
    sign_in(page, house, here(house, started["verification_uri_complete"]).removeprefix(house.address))
    expect(page.locator("h1")).to_have_text("Is this your device?")
    wait_until(lambda: len(house.app.house.watchers) == 1)
    other = context.new_page()
    other.goto(page.url)
    other.click("[name=decision][value=deny]")
    expect(page.locator("h1")).to_have_text("Stopped")


@pytest.mark.parametrize("scripts", [False, True])
def test_devices_are_renamed_and_signed_out_with_proof(
    place: tuple[RunningHouse, MailServer], phone: OpenPhone, scripts: bool
) -> None:
    house, _ = place
    house.sign_in()
    page = phone(java_script_enabled=scripts).new_page()
    sign_in(page, house, "/devices")
    page.goto(house.address + "/devices")
    page.get_by_text("Rename").click()
    page.fill("[name=name]", "Kitchen \u202eTV")
    press(page, "Save")
    expect(page.locator("h2").first).to_contain_text("Kitchen TV")
    page.get_by_role("button", name=re.compile("^Sign out Aurora")).click()
    expect(page.locator(".proof")).to_contain_text(re.compile(r"Disconnected \d\d:\d\d:\d\d UTC"))
    page.goto("about:blank")  # or the open list would reload while we leave it
    house.clock.advance(60)
    house.sign_in()
    house.clock.advance(91 * 86_400)
    sign_in(page, house)
    page.goto(house.address + "/devices")
    expect(page.locator(".device.gone .chip").first).to_have_text("Not used lately")


def test_the_list_follows_what_happens_elsewhere(place: tuple[RunningHouse, MailServer], phone: OpenPhone) -> None:
    house, _ = place
    page = phone().new_page()
    sign_in(page, house, "/devices")
    expect(page.locator(".empty")).to_be_visible()
    wait_until(lambda: len(house.app.house.watchers) == 1)
    house.sign_in()
    expect(page.locator(".device")).to_have_count(1)
    page.get_by_text("Rename").click()
    house.sign_in()
    expect(page.locator("[data-changed]")).to_be_visible()  # nothing is taken from under a person's fingers
    expect(page.locator(".device")).to_have_count(1)
    page.get_by_role("link", name="Look again").click()
    expect(page.locator(".device")).to_have_count(2)


@pytest.mark.parametrize("scripts", [False, True])
def test_a_forgotten_password_and_the_account_page(
    place: tuple[RunningHouse, MailServer], phone: OpenPhone, scripts: bool
) -> None:
    house, mail = place
    page = phone(java_script_enabled=scripts).new_page()
    page.goto(house.address + "/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.fill("#email", "ana@example.com")
    press(page, "Send me a link")
    page.goto(here(house, mail.link()))
    assert page.is_checked("[name=devices]")
    page.fill("#password", NEW)
    press(page, "Change my password")
    page.get_by_role("link", name="Sign in").click()
    page.fill("#username", "ana@example.com")
    page.fill("#password", NEW)
    press(page, "Sign in")
    page.get_by_role("link", name="My account").click()
    expect(page.locator(".chip")).to_have_text("This one")
    expect(page.locator(".device h2")).to_contain_text("Chrome on Linux")
    page.get_by_text("Sign out everywhere").first.click()
    press(page, "Sign out everywhere")
    expect(page.locator("h1")).to_have_text("Sign in")


def test_open_pages_do_not_hold_up_the_end_of_the_server(tmp_path: Path, phone: OpenPhone) -> None:
    with house_with_mail(tmp_path) as (house, _):
        page = phone().new_page()
        sign_in(page, house, "/devices")
        wait_until(lambda: len(house.app.house.watchers) == 1)
    # `open_house` fails when the server does not stop
