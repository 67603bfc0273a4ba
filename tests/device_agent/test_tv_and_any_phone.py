"""A TV and a phone as people have them: narrow, dark, with large text, right to left, without a finger on the glass,
with a passkey, with an account elsewhere. Each time the square is read off the TV, and the TV is signed in at the end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import OpenPhone
from tests.browser import browser as browser  # the fixtures are used by name
from tests.browser import phone as phone
from tests.device_agent.process import Agent
from tests.device_agent.test_tv_and_phone import LivingRoom, living_rooms, open_on
from tests.house import PASSWORD, RunningHouse, furnish, open_house
from tests.journeys.test_providers import two_houses
from tests.passkeys import Authenticator
from tests.pseudo import pseudo
from tests.web_verify.test_looks import SCROLLS_SIDEWAYS
from web_verify.languages import OFFERED
from web_verify.look import Look

LARGE = """addEventListener("DOMContentLoaded", () => {
  const sheet = document.createElement("style");
  sheet.textContent = "html{font-size:200%!important}";
  document.head.append(sheet) })"""
RIGHT_TO_LEFT = ("ar-XB", *(language.tag for language in OFFERED if language.direction == "rtl"))
# what is told to Playwright, and the script that each page begins with
PHONES: dict[str, tuple[dict[str, object], str]] = {
    "narrow": ({"viewport": {"width": 320, "height": 568}}, ""),
    "large text": ({"bypass_csp": True}, LARGE),
    "dark": ({"color_scheme": "dark"}, ""),
    **{tag: ({"locale": tag}, "") for tag in RIGHT_TO_LEFT},
}
OpenTv = Callable[[RunningHouse], LivingRoom]


@pytest.fixture
def tv(agent: Agent, browser: Browser) -> Iterator[OpenTv]:
    """Start a TV that signs in at this house."""
    opened = []

    def open_tv(house: RunningHouse) -> LivingRoom:
        room = contextmanager(living_rooms)(agent, house, browser)
        opened.append(room)
        return room.__enter__()()

    yield open_tv
    for room in opened:
        room.__exit__(None, None, None)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningHouse]:
    """One that speaks a language from right to left, too."""
    languages = (*OFFERED, *pseudo(tmp_path / "languages")[1:])
    monkeypatch.setattr("server.app.Look", partial(Look, languages=languages))
    with open_house(tmp_path) as running:
        yield furnish(running)


def number_on(tv: LivingRoom) -> str:
    expect(tv.page.locator(".number")).to_be_visible()
    return tv.page.locator(".number").inner_text()


def is_signed_in(tv: LivingRoom, who: str = "Ana (ana)") -> None:
    expect(tv.page.locator("#card")).to_contain_text(f"Signed in as {who}.")
    assert tv.end()[0] == 0


def tab_to(page: Page, place: str) -> None:
    """Press Tab until the focus is there; it is seen wherever it stops on the way."""
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        if page.evaluate("place => document.activeElement.matches(place)", place):
            return
    raise AssertionError(f"Tab never comes to {place}")


@pytest.mark.parametrize("kind", PHONES)
def test_any_phone_signs_the_tv_in_and_nothing_is_cut(
    tv: OpenTv, house: RunningHouse, phone: OpenPhone, kind: str
) -> None:
    settings, script = PHONES[kind]
    ana, living_room = phone(**settings).new_page(), tv(house)
    ana.add_init_script(script)
    open_on(ana, living_room.scan())
    assert ana.locator("html").get_attribute("dir") == ("rtl" if kind in RIGHT_TO_LEFT else "ltr")
    assert ana.evaluate(SCROLLS_SIDEWAYS) == []
    ana.locator(f"[name=match][value='{number_on(living_room)}']").click()
    ana.wait_for_selector(".badge.ok")
    assert ana.evaluate(SCROLLS_SIDEWAYS) == []
    is_signed_in(living_room)


@pytest.mark.parametrize("scripts", [True, False])
def test_the_keyboard_alone_signs_in_approves_names_and_takes_back(
    tv: OpenTv, house: RunningHouse, phone: OpenPhone, agent: Agent, scripts: bool
) -> None:
    ana, living_room = phone(java_script_enabled=scripts).new_page(), tv(house)
    ana.goto(living_room.scan())
    for place, typed in (("#username", "ana"), ("#password", PASSWORD)):
        tab_to(ana, place)
        ana.keyboard.type(typed)
    ana.keyboard.press("Enter")
    ana.wait_for_selector("[name=match]")
    tab_to(ana, f"[name=match][value='{number_on(living_room)}']")
    ana.keyboard.press("Space")
    ana.wait_for_selector(".badge.ok")
    is_signed_in(living_room)
    tab_to(ana, "#name")
    ana.keyboard.type("Attic")
    ana.keyboard.press("Enter")
    expect(ana.locator("#name")).to_have_value("Attic")
    tab_to(ana, "form.undo button")
    ana.keyboard.press("Enter")
    expect(ana.locator(".badge.deny")).to_be_visible()
    assert house.me(agent.kept()).status_code == 401
    ana.goto(house.issuer + "/devices")
    expect(ana.locator("main h2")).to_contain_text("Attic")


def test_the_keyboard_alone_denies(tv: OpenTv, house: RunningHouse, phone: OpenPhone, agent: Agent) -> None:
    ana, living_room = phone().new_page(), tv(house)
    open_on(ana, living_room.scan())
    tab_to(ana, "[name=decision][value=deny]")
    ana.keyboard.press("Enter")
    expect(ana.locator(".badge.deny")).to_be_visible()
    expect(living_room.page.locator("#card")).to_contain_text("Stopped on the phone. Nothing was signed in.")
    assert not agent.tokens.exists()


def test_with_a_passkey_nothing_is_typed(tv: OpenTv, phone: OpenPhone, tmp_path: Path) -> None:
    with open_house(tmp_path, named="localhost") as house:  # no browser lets passkeys work at a bare address
        furnish(house)
        ana = phone().new_page()
        ana.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")  # the button alone
        key = Authenticator(ana)
        ana.goto(house.issuer + "/sign-in")
        ana.fill("#username", "ana")
        ana.fill("#password", PASSWORD)
        ana.keyboard.press("Enter")
        ana.wait_for_url("**/devices")
        ana.goto(house.issuer + "/account/passkeys")
        ana.fill("#name", "My phone")
        ana.get_by_role("button", name="Add a passkey", exact=True).click()
        ana.wait_for_selector("h2:has-text('My phone')")
        assert key.keys()
        ana.goto(house.issuer + "/devices")
        ana.get_by_role("button", name="Sign out of this page").click()
        living_room = tv(house)
        ana.goto(living_room.scan())
        ana.get_by_role("button", name="Use a passkey").click()
        ana.locator(f"[name=match][value='{number_on(living_room)}']").click()
        ana.wait_for_selector(".badge.ok")
        is_signed_in(living_room)


def test_through_another_provider(tv: OpenTv, phone: OpenPhone, tmp_path: Path) -> None:
    with two_houses(tmp_path, sign_up=True) as (here, there):
        ana, living_room = phone().new_page(), tv(here)
        ana.goto(living_room.scan())
        ana.get_by_role("link", name="Sign in with Corp").click()
        assert ana.url.startswith(there.issuer)
        ana.fill("#username", "ana")
        ana.fill("#password", PASSWORD)
        ana.keyboard.press("Enter")
        ana.get_by_role("button", name="Yes, connect", exact=True).click()
        ana.locator(f"[name=match][value='{number_on(living_room)}']").click()
        ana.wait_for_selector(".badge.ok")
        is_signed_in(living_room)
