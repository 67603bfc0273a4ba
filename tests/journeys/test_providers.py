"""Through another provider: a second Porchlight, over real HTTP, from the TV's code to the approval."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from playwright.sync_api import Page, expect

from server.oauth.event import Sought, What
from tests.browser import OpenPhone
from tests.forms import Forms
from tests.house import PASSWORD, SECRET, RunningHouse, browser, furnish, open_house
from tests.waiting import wait_until


@contextmanager
def two_houses(tmp_path: Path, **table: Any) -> Iterator[tuple[RunningHouse, RunningHouse]]:
    """One whose people sign in at the other. The other has a name: cookies do not tell ports apart."""
    for name in ("there", "here"):
        (tmp_path / name).mkdir()
    with open_house(tmp_path / "there", named="localhost") as there:
        furnish(there)
        provider = {"name": "Corp", "issuer": there.issuer, "client_id": "here", "client_secret": SECRET}
        provider |= {"scopes": "openid profile", **table}
        with open_house(tmp_path / "here", outbound_private=True, providers={"corp": provider}) as here:
            here.add_client("tv")
            here.add_person("zoe", "Zoe")
            there.add_client(
                "here",
                secret=SECRET,
                name="Here",
                grants=("authorization_code",),
                scopes=("openid", "profile"),
                redirect_uris=(f"{here.issuer}/sign-in/with/corp/back",),
            )
            yield here, there


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[tuple[RunningHouse, RunningHouse]]:
    with two_houses(tmp_path, sign_up=True) as both:
        yield both


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def sign_in(page: Page, username: str) -> None:
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    press(page, "Sign in")


def told(house: RunningHouse, *what: What) -> list[str]:
    found = house.do(house.app.house.store.events(Sought(what=what), 99))
    return [each.event.detail for each in found]


@pytest.mark.parametrize("scripts", [False, True])
def test_from_the_tv_through_the_provider_to_the_approval(
    houses: tuple[RunningHouse, RunningHouse], phone: OpenPhone, scripts: bool
) -> None:
    here, there = houses
    started = here.begin()
    page = phone(java_script_enabled=scripts).new_page()
    page.goto(started["verification_uri_complete"])
    page.get_by_role("link", name="Sign in with Corp").click()
    assert page.url.startswith(there.issuer)
    sign_in(page, "ana")
    press(page, "Yes, connect")
    expect(page.locator("h1")).to_have_text("Is this your device?")
    assert page.url.startswith(here.issuer)
    page.click("[name=decision][value=approve]")
    expect(page.locator("h1")).to_have_text("You're connected")
    tokens = here.poll(started).json()
    assert here.me(tokens).json()["username"] == "ana"
    assert told(here, "signed_in") == ["fed"]
    assert "from corp" in told(here, "account_added")
    page.goto(here.issuer + "/account")
    expect(page.locator("main")).to_contain_text("1 linked")
    page.goto(here.issuer + "/account/providers")
    press(page, "Remove Corp")
    expect(page.locator("[role=alert]")).to_contain_text("That is your last way to sign in")


def test_the_same_person_comes_back_to_the_same_account(
    houses: tuple[RunningHouse, RunningHouse], phone: OpenPhone
) -> None:
    here, _ = houses
    for is_first in (True, False):
        page = phone().new_page()
        page.goto(here.issuer + "/sign-in")
        page.get_by_role("link", name="Sign in with Corp").click()
        sign_in(page, "ana")
        if is_first:
            press(page, "Yes, connect")
        page.wait_for_url("**/devices")
    assert [each.username for each in here.do(here.app.house.store.accounts())] == ["ana", "zoe"]


def test_whoever_says_no_there_comes_back_and_can_try_again(
    houses: tuple[RunningHouse, RunningHouse], phone: OpenPhone
) -> None:
    here, _ = houses
    started = here.begin()
    page = phone(java_script_enabled=False).new_page()
    page.goto(started["verification_uri_complete"])
    page.get_by_role("link", name="Sign in with Corp").click()
    sign_in(page, "ana")
    press(page, "No, go back")
    expect(page.locator("main")).to_contain_text("You said no at Corp")
    page.locator("main a.button").click()
    expect(page.locator(".banner")).to_contain_text("To sign in Aurora TV")
    wait_until(lambda: any("provider corp" in each for each in told(here, "wrong_factor")))


def test_an_account_is_linked_by_its_owner_and_the_link_taken_away(tmp_path: Path, phone: OpenPhone) -> None:
    with two_houses(tmp_path) as (here, _):
        stranger = phone().new_page()
        stranger.goto(here.issuer + "/sign-in")
        stranger.get_by_role("link", name="Sign in with Corp").click()
        sign_in(stranger, "ben")
        press(stranger, "Yes, connect")
        expect(stranger.locator("main")).to_contain_text("No account here is linked to that one at Corp")
        page = phone(java_script_enabled=False).new_page()
        page.goto(here.issuer + "/sign-in")
        sign_in(page, "zoe")
        page.goto(here.issuer + "/account")
        page.locator("dt:has-text('Other accounts') + dd a").click()
        press(page, "Link Corp")
        page.get_by_role("link", name="Go on").click()
        sign_in(page, "ben")
        expect(page.locator("h2")).to_contain_text("Corp")
        assert page.url == here.issuer + "/account/providers"
        again = phone().new_page()
        again.goto(here.issuer + "/sign-in")
        again.get_by_role("link", name="Sign in with Corp").click()
        sign_in(again, "ben")
        again.wait_for_url(here.issuer + "/devices")
        expect(again.locator("main")).to_contain_text("Zoe")
        press(page, "Remove Corp")
        expect(page.locator("main")).to_contain_text("No other account is linked yet")
        linked = [each for each in told(here, "account_changed") if "corp" in each or "provider" in each]
        assert sorted(linked) == ["link to a provider removed", "linked to corp by the person"]


def test_the_answer_is_good_in_the_browser_that_asked_and_once(houses: tuple[RunningHouse, RunningHouse]) -> None:
    here, _ = houses
    thief, person = browser(), browser()
    page = person.get(here.issuer + "/sign-in/with/corp", timeout=20)
    for typed in ({"username": "ana", "password": PASSWORD}, {"decision": "approve"}):
        form = Forms(page.text).with_control(next(iter(typed)))
        address = urljoin(page.url, form.action)
        page = person.post(address, data=form.fields | typed, allow_redirects="username" in typed, timeout=20)
    back = page.headers["location"]
    assert parse_qs(urlsplit(back).query).keys() == {"code", "state", "iss"}
    assert "begun in another browser" in thief.get(back, timeout=20).text
    assert "begun in another browser" in person.get(back, timeout=20).text  # whoever showed it used it up
    for wrong in ("state=x&code=y", "error=access_denied", "code=a&code=b&state=c", ""):
        assert person.get(f"{here.issuer}/sign-in/with/corp/back?{wrong}", timeout=20).status_code == 410
    for each in (thief, person):
        each.close()


def test_a_fresh_sign_in_is_asked_for_there_too(houses: tuple[RunningHouse, RunningHouse], phone: OpenPhone) -> None:
    here, there = houses
    page = phone().new_page()
    page.goto(here.issuer + "/sign-in")
    page.get_by_role("link", name="Sign in with Corp").click()
    sign_in(page, "ana")
    press(page, "Yes, connect")
    page.wait_for_url("**/devices")
    for house in (here, there):
        house.clock.advance(400)
    page.goto(here.issuer + "/account/providers")
    page.wait_for_url("**/sign-in?**")
    page.get_by_role("link", name="Sign in with Corp").click()
    expect(page.locator("#password")).to_be_visible()  # though there is a session there
    sign_in(page, "ana")
    page.wait_for_url(here.issuer + "/account/providers")


def test_a_provider_that_is_away_is_a_page_that_says_what_to_do(tmp_path: Path, phone: OpenPhone) -> None:
    table = {"name": "Corp", "issuer": "http://127.0.0.1:9", "client_id": "here", "client_secret": SECRET}
    with open_house(tmp_path, outbound_private=True, providers={"corp": table}) as here:
        page = phone().new_page()
        page.goto(here.issuer + "/sign-in")
        page.get_by_role("link", name="Sign in with Corp").click()
        expect(page.locator("main")).to_contain_text("Corp does not answer as it should")
        page.locator("main a.button").click()
        expect(page.locator("h1")).to_have_text("Sign in")
        assert here.get("/sign-in/with/other").status_code == 404
