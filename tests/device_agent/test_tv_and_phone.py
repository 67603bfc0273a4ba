"""A TV and a phone, each a real browser, and a real server between them: scan, compare, tap, signed in."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import OpenPhone
from tests.browser import browser as browser  # the fixtures are used by name
from tests.browser import phone as phone
from tests.device_agent.displays.photographs import picture_of, read_by_opencv, read_by_zxing
from tests.device_agent.process import WITHIN, Agent
from tests.house import PASSWORD, RunningHouse, furnish, open_house

TV = {"width": 1280, "height": 720}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with open_house(tmp_path_factory.mktemp("tv")) as running:
        yield furnish(running)


@dataclass
class LivingRoom:
    """The TV: the agent and the browser that shows its page."""

    agent: "subprocess.Popen[str]"
    page: Page

    def scan(self) -> str:
        """What both decoders read on the screen."""
        self.page.wait_for_selector(".qr")
        picture = picture_of(self.page)
        address = read_by_zxing(picture)
        assert address
        assert address == read_by_opencv(picture)
        return address

    def end(self) -> tuple[int, list[str]]:
        """The agent's exit code and the events it told."""
        self.agent.wait(WITHIN)
        assert self.agent.stdout
        # Not by communicate(): what came together with the first line is in this reader already.
        return self.agent.returncode, [json.loads(line)["event"] for line in self.agent.stdout]


OpenRoom = Callable[..., "LivingRoom"]


@pytest.fixture
def room(agent: Agent, house: RunningHouse, browser: Browser) -> Iterator[OpenRoom]:
    """Start the agent with its kiosk and look at the page; keyword arguments are Playwright's."""
    with contextmanager(living_rooms)(agent, house, browser) as open_room:
        yield open_room


def living_rooms(agent: Agent, house: RunningHouse, browser: Browser) -> Iterator[OpenRoom]:
    processes, contexts = [], []

    def open_room(**settings: object) -> LivingRoom:
        words = (
            "login",
            "--server",
            house.issuer,
            "--client-id",
            "tv",
            "--insecure-http",
            "--display",
            "kiosk",
            "--json",
        )
        processes.append(agent.start(*words))
        stdout = processes[-1].stdout
        assert stdout
        contexts.append(browser.new_context(**{"viewport": TV, **settings}))  # type: ignore[arg-type]
        contexts[-1].set_default_timeout(10_000)
        page = contexts[-1].new_page()
        page.goto(json.loads(stdout.readline())["url"])
        return LivingRoom(processes[-1], page)

    yield open_room
    for context in contexts:
        context.close()
    for process in processes:
        process.kill()
        _, err = process.communicate()
        assert err == ""


def open_on(phone: Page, address: str) -> None:
    """Ana scans, and signs in when she is asked."""
    phone.goto(address)
    if phone.locator("[autocomplete=current-password]").count():
        phone.fill("[autocomplete~=username]", "ana")
        phone.fill("[autocomplete=current-password]", PASSWORD)
        phone.keyboard.press("Enter")
    phone.wait_for_selector("[name=match], [name=decision]")


def test_scan_compare_tap_and_the_tv_is_signed_in(room: OpenRoom, phone: OpenPhone, agent: Agent) -> None:
    tv, ana = room(), phone().new_page()
    open_on(ana, tv.scan())
    expect(tv.page.locator("#card")).to_contain_text("Phone connected")
    number = tv.page.locator(".number").inner_text()
    assert tv.page.locator(".qr").count() == 0
    ana.locator(f"[name=match][value='{number}']").click()
    expect(tv.page.locator("#card")).to_contain_text("Signed in as Ana (ana).")
    expect(tv.page.locator("#manual")).to_be_empty()
    assert tv.end() == (0, ["code_issued", "phone_connected", "approved"])
    assert agent.kept()["username"] == "ana"


def test_the_same_without_scripts_on_either_screen(room: OpenRoom, phone: OpenPhone, agent: Agent) -> None:
    tv, ana = room(java_script_enabled=False), phone(java_script_enabled=False).new_page()
    check = tv.page.get_by_role("button", name="Check now")
    while not tv.page.locator(".qr").count():
        check.click()
    open_on(ana, tv.scan())
    while not tv.page.locator(".number").count():
        check.click()
    ana.locator(f"[name=match][value='{tv.page.locator('.number').inner_text()}']").click()
    while tv.page.locator(".number").count():
        check.click()
    expect(tv.page.locator("#card")).to_contain_text("Signed in as Ana (ana).")
    assert tv.end()[0] == 0


def test_a_number_that_is_on_no_screen_stops_it_and_a_key_starts_again(
    room: OpenRoom, phone: OpenPhone, agent: Agent
) -> None:
    tv, ana = room(), phone().new_page()
    first = tv.scan()
    open_on(ana, first)
    expect(tv.page.locator(".number")).to_be_visible()
    number = tv.page.locator(".number").inner_text()
    ana.locator(f"[name=match]:not([value='{number}'])").first.click()
    expect(tv.page.locator("#card")).to_contain_text("Stopped on the phone. Nothing was signed in.")
    expect(tv.page.get_by_role("button", name="Try again")).to_be_focused()
    tv.page.keyboard.press("Enter")
    assert tv.scan() != first
    assert not agent.tokens.exists()
    open_on(ana, tv.scan())
    ana.locator(f"[name=match][value='{tv.page.locator('.number').inner_text()}']").click()
    expect(tv.page.locator("#card")).to_contain_text("Signed in as Ana (ana).")
    assert tv.end()[0] == 0
