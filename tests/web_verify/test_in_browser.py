"""The journeys in a real Chromium, with and without JavaScript: taps, keys, other sites, frames."""

import pytest
from playwright.sync_api import Page

from tests.browser import OpenPhone
from tests.web_verify.memory_desk import PASSWORD
from tests.web_verify.porch import Porch, serve
from tests.web_verify.states import every_state, press, sign_in
from web_verify.routes import lost

FOCUSED = """() => { const e = document.activeElement;
  return e === document.body ? 'body' : (e.name && e.value && e.type !== 'text' ? `${e.name}=${e.value}` :
    e.name || e.textContent.trim()) }"""


@pytest.mark.parametrize("scripts", [False, True])
def test_dev_16_the_whole_journey_by_hand(porch: Porch, phone: OpenPhone, scripts: bool) -> None:
    page = phone(java_script_enabled=scripts).new_page()
    page.goto(porch.url + "/")
    page.wait_for_selector("#user_code:focus")  # the field has the focus by itself
    page.keyboard.type("wdjb mjht")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in?code=WDJBMJHT")
    page.fill("[autocomplete~=username]", "ana")
    page.fill("[autocomplete=current-password]", "wrong")
    press(page, "button:text-is('Sign in')")
    assert page.locator("[role=alert]").is_visible()
    page.fill("[autocomplete=current-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/D/WDJBMJHT")
    assert page.locator("h1").inner_text() == "Is this your device?"
    page.click("text=Allow less")
    page.check("[value=library]")
    page.click("[name=decision][value=approve]")
    page.wait_for_selector("text=You're connected")
    assert page.url == porch.url + "/D/WDJBMJHT"
    assert porch.desk.decided["WDJBMJHT"][2] == ("profile", "readings:write")
    page.reload()
    press(page, "footer >> text=My devices")
    press(page, "[aria-label='Sign out Aurora TV']")
    assert page.locator(".proof").inner_text().startswith("Signed out at 14:03:07 UTC")


def test_a_signed_in_phone_needs_one_tap_after_the_scan(porch: Porch, phone: OpenPhone) -> None:
    page = phone(java_script_enabled=False, has_touch=True).new_page()
    sign_in(page, porch)
    page.goto(porch.url + "/D/WDJBMJHT")
    page.tap("[name=decision][value=approve]")
    page.wait_for_selector("text=You're connected")


@pytest.mark.parametrize("scripts", [False, True])
def test_xd_16_enter_denies(porch: Porch, phone: OpenPhone, scripts: bool) -> None:
    page = phone(java_script_enabled=scripts).new_page()
    sign_in(page, porch, "/D/WDJBMJHT")
    assert page.evaluate(FOCUSED) == "body"
    page.keyboard.press("Enter")
    assert not porch.desk.decided
    page.click("text=Allow less")
    page.focus("[name=leave_out] >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Stopped')")
    assert porch.desk.decided["WDJBMJHT"][1].approved is False


def test_xd_16_the_two_answers_are_equally_large_and_deny_is_first(porch: Porch, phone: OpenPhone) -> None:
    for width in (320, 390, 1280):
        page = phone(viewport={"width": width, "height": 844}).new_page()
        sign_in(page, porch, "/D/WDJBMJHT")
        deny = page.locator("[value=deny]").bounding_box()
        approve = page.locator("[value=approve]").bounding_box()
        assert deny
        assert approve
        assert (deny["width"], deny["height"]) == (approve["width"], approve["height"])
        assert (deny["y"], deny["x"]) < (approve["y"], approve["x"])
        weights = page.eval_on_selector_all(
            ".answers button", "all => all.map(e => [getComputedStyle(e).fontSize, getComputedStyle(e).fontWeight])"
        )
        assert weights[0] == weights[1]


def past_the_languages(page: Page) -> None:
    """The switch comes first in reading order, on a porch that speaks several."""
    for _ in range(page.locator("header summary").count()):
        page.keyboard.press("Tab")
        assert page.locator("header summary:focus").count() == 1


def test_everything_can_be_done_with_the_keyboard_in_reading_order(porch: Porch, phone: OpenPhone) -> None:
    page = phone(java_script_enabled=False).new_page()
    page.goto(porch.url + "/sign-in?code=WDJBMJHT")
    past_the_languages(page)
    for typed in ("ana", PASSWORD):
        page.keyboard.press("Tab")
        page.keyboard.type(typed)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/D/WDJBMJHT")
    past_the_languages(page)
    order = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate(FOCUSED))
        if order[-1] == "Allow less":
            page.keyboard.press("Enter")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert order == [
        "Use another account", "Allow less", "leave_out=profile", "leave_out=library", "leave_out=readings:write",
        "decision=deny", "decision=approve", "My devices",
    ]  # fmt: skip
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    page.wait_for_selector("text=You're connected")


def test_an_error_has_the_focus_and_the_field_names_it(porch: Porch, phone: OpenPhone) -> None:
    page = phone(java_script_enabled=False).new_page()
    page.goto(porch.url + "/device")
    page.wait_for_selector("#user_code:focus")
    page.keyboard.type("qqqq-zzzz")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]:focus")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "user_code"
    assert page.input_value("#user_code") == "qqqq-zzzz"


def test_a_pasted_address_is_not_cut_short(porch: Porch, phone: OpenPhone) -> None:
    page = phone().new_page()
    page.goto(porch.url + "/device")
    page.fill("#user_code", f"https://{'long.' * 20}example.com/D/WDJBMJHT")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in?code=WDJBMJHT")


def test_use_another_account_comes_back_with_the_code(porch: Porch, phone: OpenPhone) -> None:
    page = phone(java_script_enabled=False).new_page()
    sign_in(page, porch, "/D/WDJBMJHT")
    page.click("text=Use another account")
    page.wait_for_url("**/sign-in?code=WDJBMJHT")
    assert page.locator(".banner").inner_text().split() == ["To", "sign", "in", "Aurora", "TV", "WDJB-MJHT"]
    assert not porch.desk.sessions
    assert not porch.desk.decided


def test_bcp_10_no_page_can_be_framed(porch: Porch, phone: OpenPhone) -> None:
    page = phone().new_page()
    sign_in(page, porch)
    for path in ("/device", "/D/WDJBMJHT", "/D/QQQQ", "/sign-in", "/nowhere"):
        page.set_content(f'<iframe src="{porch.url}{path}"></iframe>')
        frame = page.frame_locator("iframe").locator("body")
        assert "Porchlight" not in frame.inner_text()
        assert page.frames[-1].url.startswith("chrome-error:")


@pytest.mark.parametrize("path", ["/D/WDJBMJHT", "/sign-out", "/devices/sign-out"])
def test_dev_42_another_sites_form_changes_nothing(porch: Porch, phone: OpenPhone, path: str) -> None:
    page = phone().new_page()
    sign_in(page, porch)
    before = porch.desk.state()
    with serve(lost(porch.desk, porch.look)) as elsewhere:  # any other origin will do: its page is replaced
        form = (
            f'<form method="post" action="{porch.url}{path}"><input name="decision" value="approve">'
            '<input name="scope" value="profile"><button>win</button></form>'
        )
        page.route(elsewhere + "/**", lambda route: route.fulfill(content_type="text/html", body=form))
        page.goto(elsewhere + "/prize")
        with page.expect_response(porch.url + path) as answer:
            press(page, "button")
    assert answer.value.status == 403
    assert "Nothing was changed" in page.inner_text("main")
    assert porch.desk.state() == before


def test_no_page_breaks_its_own_policy_or_asks_a_third_party(porch: Porch, phone: OpenPhone) -> None:
    page = phone().new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    for _ in every_state(page, porch):
        assert page.title().endswith("Porchlight")
    assert not [text for text in said if "policy" in text.lower()]
    assert asked
    assert all(url.startswith((porch.url + "/", "data:")) for url in asked)
