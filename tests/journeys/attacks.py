"""The attacks of RFC 10027 section 4 and what becomes of them: a victim's real browser, an attacker's device elsewhere.

`python -m tests.attack_screens` keeps what the victim saw under docs/screens/attacks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.sync_api import BrowserContext, Page

from tests.conformance.ladder import ABROAD, HOME, MOBILE, Device, answer, phone_at
from tests.house import PASSWORD, RunningHouse

OpenPhone = Callable[..., BrowserContext]
LOOK_ALIKE: Final = "\u202eYour Micr\u043esoft\u202c account \u26a0 verify at https://evil.example\x1b[2J"


@dataclass
class Scene:
    """One attack: a house, and the way to open a victim's phone. `seen` are the pages the victim saw, by name."""

    house: RunningHouse
    phone: OpenPhone
    seen: dict[str, Page] = field(default_factory=dict)
    keep: Callable[[str, Page], None] = lambda name, page: None

    def victim(self, address: str = MOBILE, username: str = "ana") -> Page:
        """A victim's phone, signed in already: phishers ride warm sessions."""
        context = self.phone(extra_http_headers={"X-Forwarded-For": address})
        page = context.new_page()
        page.goto(self.house.issuer + "/sign-in")
        page.fill("[autocomplete~=username]", username)
        page.fill("[autocomplete=current-password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:has-text('My devices')")
        self.house.clock.advance(60)
        return page

    def attacker(self, address: str = HOME, *, shows: bool = True, **form: str) -> Device:
        """The attacker's device, which looks like the real app."""
        device = Device(self.house, address, shows=shows)
        device.begin(**form)
        return device

    def saw(self, name: str, page: Page) -> str:
        """Keep what the victim sees now; its text."""
        self.keep(name, page)
        return page.inner_text("main")


def press(page: Page, selector: str) -> None:
    with page.expect_navigation():
        page.click(selector)


def mailed_code(scene: Scene) -> str:
    """The code came in a mail; the victim types it. The number that the page asks for was not in the mail."""
    page, device = scene.victim(), scene.attacker()
    page.goto(scene.house.issuer + "/device")
    page.fill("#user_code", device.started["user_code"])
    press(page, "main button[type=submit]")
    text = scene.saw("mailed-code", page)
    assert "Type the number on your device" in text
    assert "Got this code in a message, email or call? It's a scam." in text
    page.fill("#proof", "47" if device.number != "47" else "48")
    press(page, "button.approve")
    assert "That was not the number on the device" in scene.saw("mailed-code-guessed", page)
    return device.end()


def mailed_qr(scene: Scene) -> str:
    """The square came in a mail; scanning it opens the decision, which still wants the number. The victim leaves it."""
    page, device = scene.victim(), scene.attacker(ABROAD)
    page.goto(device.started["verification_uri_complete"])
    text = scene.saw("mailed-qr", page)
    assert "This device is far from you" in text
    assert "It asked from Nigeria. You are in Spain." in text
    press(page, "button.deny")
    assert "Nothing was signed in" in scene.saw("mailed-qr-stopped", page)
    return device.end()


def mailed_code_of_a_plain_device(scene: Scene) -> str:
    """The attacker's device claims that it cannot show a number: the code is not on the page, and is worth less."""
    page, device = scene.victim(), scene.attacker(shows=False)
    page.goto(device.started["verification_uri_complete"])
    text = scene.saw("mailed-link-of-a-plain-device", page)
    assert device.started["user_code"] not in text
    assert "Read it from the screen in front of you, not from a message." in text
    press(page, "button.deny")
    return device.end()


def relayed_code(scene: Scene) -> str:
    """The attacker forwards the number as it appears. This is not stopped; it is told, cut short, and can be ended."""
    page, device = scene.victim(), scene.attacker(ABROAD)
    page.goto(device.started["verification_uri_complete"])
    scene.saw("relayed-code-warning", page)
    press(page, "text=I'm sure, go on")
    page.fill("[autocomplete~=username]", "ana")
    page.fill("[autocomplete=current-password]", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    scene.saw("relayed-code", page)
    page.fill("#proof", device.number)
    press(page, "button.approve")
    held = device.tokens()
    assert "readings:write" not in held["scope"], "less than was asked for"
    page.click("summary:has-text('This was not me')")
    press(page, "button[name=report]")
    assert "signed out at once" in scene.saw("relayed-code-reported", page)
    assert scene.house.me(held).status_code == 401
    return "signed out"


def one_code_for_many(scene: Scene) -> str:
    """One mail to many people: the second who opens the code ends it for all."""
    device = scene.attacker()
    first, second = scene.victim(), scene.victim(HOME, "ben")
    first.goto(device.started["verification_uri_complete"])
    second.goto(device.started["verification_uri_complete"])
    assert "Two people opened the same code" in scene.saw("one-code-for-many", second)
    first.reload()
    assert "Two people opened the same code" in scene.saw("one-code-for-many-first", first)
    return device.end()


def guessed_codes(scene: Scene) -> str:
    """Somebody tries codes from many networks, each with a browser of its own: all of them together run dry."""
    limit = scene.house.app.house.settings.tries_per_service
    letters = "BCDFGHJKLMNPQRSTVWXZ"
    device = scene.attacker()
    for number in range(limit + 1):
        typed = "BCDF-G" + letters[number // 400 % 20] + letters[number // 20 % 20] + letters[number % 20]
        phone = phone_at(scene.house, f"198.18.{number // 250}.{number % 250 + 1}")
        page = phone.web.get(scene.house.issuer + "/device", timeout=20)
        last = answer(phone, page, "user_code", user_code=typed)
        phone.web.close()
    assert "/sign-in" in last.url, "a stranger is told nothing any more"
    stranger = scene.phone(extra_http_headers={"X-Forwarded-For": "198.19.0.1"}).new_page()
    stranger.goto(device.started["verification_uri_complete"])
    assert "Aurora TV" not in scene.saw("guessed-codes", stranger)
    return device.end()


def look_alike_name(scene: Scene) -> str:
    """The device calls itself something official, with signs that turn the text round."""
    page, device = scene.victim(), scene.attacker(device_name=LOOK_ALIKE)
    page.goto(device.started["verification_uri_complete"])
    text = scene.saw("look-alike-name", page)
    assert "It gives a name that could mislead you" in text
    for word in ("account", "evil.example", "\u202e", "\x1b"):
        assert word not in page.inner_text(".claims")
    press(page, "button.deny")
    return device.end()


def click_jacking(scene: Scene) -> str:
    """A page of the attacker's lays the decision under something to click."""
    page, device = scene.victim(), scene.attacker()
    link = device.started["verification_uri_complete"]
    page.set_content(f'<h1>You won</h1><button>Get it</button><iframe src="{link}" style="opacity:.5"></iframe>')
    page.wait_for_timeout(200)
    assert page.frames[-1].url.startswith("chrome-error:"), "no page of ours is shown inside another"
    scene.keep("click-jacking", page)
    return device.end()


def warm_session(scene: Scene) -> str:
    """The victim is signed in since long; the attacker hopes for one careless tap, and on Enter."""
    page, device = scene.victim(), scene.attacker(ABROAD)
    page.goto(device.started["verification_uri_complete"])
    page.goto(page.url + "?sure=1")
    assert "far from you" in page.inner_text("main"), "a mailed link does not lead past the page before"
    press(page, "text=I'm sure, go on")
    text = scene.saw("warm-session", page)
    assert "Sign in to continue" in text, "being signed in is not enough"
    at_home, near = scene.victim(HOME), scene.attacker(HOME)
    at_home.goto(near.started["verification_uri_complete"])
    scene.saw("warm-session-at-home", at_home)
    at_home.focus("button.deny")
    with at_home.expect_navigation():
        at_home.keyboard.press("Enter")
    assert near.end() == "access_denied", "Enter says no"
    return device.end()


Attack = Callable[[Scene], str]
# the attack -> what the attacker's device is told in the end
ATTACKS: Final[tuple[tuple[Attack, str], ...]] = (
    (mailed_code, "access_denied"),
    (mailed_qr, "access_denied"),
    (mailed_code_of_a_plain_device, "access_denied"),
    (relayed_code, "signed out"),
    (one_code_for_many, "access_denied"),
    (guessed_codes, "authorization_pending"),
    (look_alike_name, "access_denied"),
    (click_jacking, "authorization_pending"),
    (warm_session, "authorization_pending"),
)


def limits() -> dict[str, Any]:
    """Room for many attacks in one house, but for the budget of all strangers together."""
    return {"tries_per_account": 500, "tries_per_network": 500, "tries_per_session": 500, "tries_per_service": 60}
