"""The TV's page in a real browser: states arrive by themselves, without scripts by a button, and a remote is enough."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from device_agent.displays.kiosk import page as kiosk_page
from device_agent.displays.kiosk.screen import Kiosk
from device_agent.words import IN_ENGLISH, Words
from tests.device_agent.displays.kiosk.test_door import pressed
from tests.device_agent.displays.photographs import picture_of
from tests.device_agent.displays.screen import read_codes
from tests.device_agent.displays.test_terminal import CODE, IN_CAPITALS
from tests.waiting import wait_until

TV = {"width": 1920, "height": 1080}
SMALL_TV = {"width": 1280, "height": 720}
OpenTv = Callable[..., Page]
LONG = {
    **CODE,
    "user_code": "QWERTZUIOPASDFGHJKLYXCVBNM",
    "verification_uri": "https://sign-in.living-room.example.org/porch/light/device",
}
# state, facts, what is read on the card, the button that has the focus
STATES = (
    ("connecting", {"host": "tv.example.com"}, "Connecting to tv.example.com", ""),
    ("phone_connected", {**CODE, "match": "47"}, "47", ""),
    ("phone_connected", {**CODE, "match": ""}, "Phone connected", ""),
    ("denied", {}, "Stopped on the phone.", "Try again"),
    ("expired", {"action": ""}, "This code has expired.", "Show a new code"),
    ("failed", {"sentence": "It broke.", "action": "Mend it."}, "Mend it.", "Try again"),
    ("wrong_clock", {"date": "1970-01-01 00:04"}, "1970-01-01", "Try again"),
    ("offline", {"host": "tv.example.com"}, "Still trying", ""),
    ("signed_in", {"who": "Ana Ruiz (ana)"}, "Signed in as Ana Ruiz (ana).", ""),
)


@pytest.fixture
def tv(browser: Browser, kiosk: Kiosk) -> Iterator[OpenTv]:
    """Open the page on a TV; a message on its console fails the test."""
    opened: list[tuple[BrowserContext, list[str]]] = []

    def open_tv(**settings: object) -> Page:
        context = browser.new_context(**{"viewport": TV, **settings})  # type: ignore[arg-type]
        context.set_default_timeout(5_000)
        said: list[str] = []
        opened.append((context, said))
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(kiosk.url)
        return page

    yield open_tv
    for context, said in opened:
        context.close()
        assert said == []


@pytest.mark.parametrize("size", [TV, SMALL_TV], ids=["1080p", "720p"])
def test_a_person_can_scan_or_type(tv: OpenTv, kiosk: Kiosk, size: dict[str, int]) -> None:
    page = tv(viewport=size)
    kiosk.show("waiting", **CODE, renews=1)
    expect(page.get_by_role("img")).to_have_attribute(
        "aria-label", "QR code: opens tv.example.com/device with the code W D J B, M J H T."
    )
    assert read_codes(picture_of(page)) == [IN_CAPITALS]
    expect(page.locator(".code > [aria-hidden]")).to_have_text("WDJB-MJHT")
    expect(page.locator(".place")).to_have_text("tv.example.com/device")
    expect(page.locator("#foot")).to_contain_text("New code in about 10 minutes")
    height = page.locator(".code").evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
    assert height >= size["height"] * 0.1, "to be read from the sofa"


@pytest.mark.parametrize("size", [TV, SMALL_TV], ids=["1080p", "720p"])
@pytest.mark.parametrize("facts", [CODE, {**CODE, "user_code": "019-450-730"}, LONG], ids=["letters", "digits", "long"])
def test_nothing_leaves_the_safe_area(tv: OpenTv, kiosk: Kiosk, facts: dict[str, object], size: dict[str, int]) -> None:
    page = tv(viewport=size)
    for state, more, said in (
        ("waiting", {}, "Waiting for your phone"),
        ("phone_connected", {"match": "47"}, "Phone connected"),
        ("offline", {"host": "tv.example.com"}, "No connection"),
    ):
        kiosk.show(state, **{**facts, **more})
        expect(page.locator("#status")).to_contain_text(said)
        boxes = page.locator("h1, li, #manual p, #card, #foot > :not([hidden]), #status").evaluate_all(
            "all => all.map(each => each.getBoundingClientRect())"
            ".map(box => [box.left, box.top, box.right, box.bottom])"
        )
        across, down = size["width"] * 0.05 - 1, size["height"] * 0.05 - 1
        for left, top, right, bottom in boxes:
            assert left >= across
            assert top >= down
            assert right <= size["width"] - across
            assert bottom <= size["height"] - down


@pytest.mark.parametrize(("state", "facts", "said", "button"), STATES, ids=[f"{row[0]} {row[3]}" for row in STATES])
def test_a_state_replaces_the_card_by_itself(
    tv: OpenTv, kiosk: Kiosk, state: str, facts: dict[str, object], said: str, button: str
) -> None:
    page = tv()
    if state not in ("offline", "connecting"):
        kiosk.show("waiting", **CODE)
        expect(page.get_by_role("img")).to_be_visible()
    title = page.locator("h1").bounding_box()
    kiosk.show(state, **facts)
    expect(page.locator("#card")).to_contain_text(said)
    expect(page.get_by_role("status")).not_to_be_empty()
    expect(page.locator(".qr")).to_have_count(0)
    assert page.locator("h1").bounding_box() == title, "the eyes do not travel"
    if button:
        expect(page.get_by_role("button", name=button)).to_be_focused()
        page.keyboard.press("Enter")
        wait_until(lambda: pressed(kiosk))
    # The phone shows the code too, to be compared (RFC 8628 section 3.3.1); after the end it is of no more use.
    expect(page.locator("#manual")).to_contain_text("WDJB-MJHT" if state == "phone_connected" else "")
    expect(page.locator(".code")).to_have_count(1 if state == "phone_connected" else 0)


def test_the_status_is_said_once_and_not_each_minute(tv: OpenTv, kiosk: Kiosk) -> None:
    page = tv()
    kiosk.show("waiting", **CODE)
    expect(page.get_by_role("status")).to_have_text("Waiting for your phone")
    page.evaluate(
        "() => { window.said = 0; new MutationObserver(() => window.said++).observe(document.getElementById('status'),"
        " {childList: true, characterData: true, subtree: true}); }"
    )
    for left in (540, 480, 420):
        kiosk.show("waiting", **{**CODE, "expires_in": left})
    expect(page.locator("#foot")).to_contain_text("7 minutes")
    assert page.evaluate("window.said") == 0
    kiosk.show("phone_connected", **CODE, match="47")
    expect(page.get_by_role("status")).to_have_text("Phone connected. Tap or type 47 on your phone.")
    assert page.evaluate("window.said") == 1
    expect(page.get_by_role("status")).to_have_attribute("aria-live", "polite")


def test_a_lost_connection_leaves_code_and_number_where_they_are(tv: OpenTv, kiosk: Kiosk) -> None:
    page = tv()
    kiosk.show("waiting", **CODE)
    kiosk.show("offline", host="tv.example.com")
    expect(page.get_by_role("status")).to_have_text(
        "No connection to tv.example.com. Still trying. Check this device's network."
    )
    assert read_codes(picture_of(page)) == [IN_CAPITALS]
    kiosk.show("phone_connected", **CODE, match="08")
    kiosk.show("rate_limited", host="tv.example.com", seconds=20)
    expect(page.locator(".number")).to_have_text("08")
    expect(page.get_by_role("status")).to_contain_text("busy")
    kiosk.show("phone_connected", **CODE, match="08")
    expect(page.get_by_role("status")).to_contain_text("Phone connected")


def test_without_scripts_there_is_a_button(tv: OpenTv, kiosk: Kiosk) -> None:
    kiosk.show("waiting", **CODE)
    page = tv(java_script_enabled=False)
    assert read_codes(picture_of(page)) == [IN_CAPITALS]
    expect(page.locator("#aloud")).to_be_hidden()
    kiosk.show("phone_connected", **CODE, match="47")
    page.get_by_role("button", name="Check now").click()
    expect(page.locator(".number")).to_have_text("47")
    kiosk.show("denied")
    page.get_by_role("button", name="Check now").click()
    page.get_by_role("button", name="Try again").click()
    wait_until(lambda: pressed(kiosk))
    expect(page.locator("h1")).to_be_visible()


def test_the_arrows_of_a_remote_reach_every_button(tv: OpenTv, kiosk: Kiosk) -> None:
    page = tv()
    kiosk.show("waiting", **CODE)
    expect(page.get_by_role("button", name="Read the code aloud")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Read the code aloud")).to_be_focused()
    kiosk.show("denied")
    expect(page.get_by_role("button", name="Try again")).to_be_focused()


def test_the_code_is_read_aloud_letter_by_letter(tv: OpenTv, kiosk: Kiosk) -> None:
    page = tv()
    page.evaluate("() => { speechSynthesis.speak = (words) => { window.heard = [words.text, words.lang]; }; }")
    kiosk.show("waiting", **CODE)
    page.get_by_role("button", name="Read the code aloud").click()
    text, language = page.evaluate("window.heard")
    assert "W as in Whiskey, D as in Delta, J as in Juliett, B as in Bravo, dash, M as in Mike" in text
    assert language == "en"


def test_after_the_end_the_page_stays_when_the_agent_has_gone(tv: OpenTv, kiosk: Kiosk) -> None:
    page = tv()
    kiosk.show("signed_in", who="Ana")
    kiosk.close()
    page.wait_for_timeout(1_500)
    expect(page.locator("#card")).to_contain_text("Signed in as Ana.")
    expect(page.get_by_role("status")).to_have_text("Signed in as Ana.")


def test_a_page_that_has_lost_its_device_says_so(browser: Browser, kiosk: Kiosk) -> None:
    with browser.new_context(viewport=TV) as context:
        page = context.new_page()
        page.goto(kiosk.url)
        kiosk.show("waiting", **CODE)
        expect(page.get_by_role("img")).to_be_visible()
        kiosk.close()
        expect(page.get_by_role("status")).to_have_text(
            "This page has lost its device. Start the sign-in again.", timeout=15_000
        )


def test_motion_is_left_out_where_it_is_not_wanted(tv: OpenTv, kiosk: Kiosk) -> None:
    for choice, name in (("reduce", "none"), ("no-preference", "appear")):
        page = tv(reduced_motion=choice)
        # Waited for: the card may be replaced just now, and what has left the page has no style.
        page.wait_for_function(
            "name => getComputedStyle(document.querySelector('#card > *')).animationName === name", arg=name
        )


def test_the_page_says_its_language_and_direction() -> None:
    page = kiosk_page.Page(Words("ar", "rtl", {}))
    page.turn("waiting", CODE)
    assert '<html lang="ar" dir="rtl">' in page.html()
    assert '<p class="code" dir="ltr">' in page.html(), "a code is read from the left everywhere"


def test_nothing_that_was_told_becomes_markup() -> None:
    nasty = "<script>alert(1)</script>\"'><img src=x>"
    page = kiosk_page.Page(IN_ENGLISH)
    told: dict[str, object] = {
        "user_code": nasty,
        "verification_uri": "https://" + nasty,
        "verification_uri_complete": "https://x.example/" + nasty,
        "hint": nasty,
        "match": nasty,
        "who": nasty,
        "host": nasty,
        "sentence": nasty,
        "action": nasty,
        "seconds": 1,
        "date": nasty,
        "expires_in": 5,
    }
    for state in ("waiting", "offline", "phone_connected", "signed_in", "failed", "wrong_clock", "connecting"):
        page.turn(state, told)
        assert "<script>alert" not in page.html()
        assert "<img" not in page.html()


@pytest.mark.parametrize("key", ["tv.title", "tv.step1", "tv.again"])
def test_a_sentence_a_language_lacks_is_said_in_english(key: str) -> None:
    assert Words("xx", "ltr", {})(key) == IN_ENGLISH(key)
