"""The main job on the real parts: a TV in a terminal, a phone that is Chromium, a server, and an answer over MQTT."""

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import OpenPhone
from tests.commands.process import Porchlight, Served
from tests.device_agent.process import Agent
from tests.house import PASSWORD
from tests.terminal import CODE, Terminal, terminal

AGENT = (sys.executable, "-m", "device_agent")
NUMBER = r"Tap or type \d\d"


@pytest.fixture(scope="module")
def server(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = Path(shutil.copytree(furnished, tmp_path_factory.mktemp("porch") / "data"))
    with Porchlight(data).serve(mqtt=True) as running:
        yield running


class Tv:
    """A TV whose app is `porchlight-agent`."""

    def __init__(self, agent: Agent, server: Served) -> None:
        self.agent = agent
        self._options = ("--server", server.issuer, "--client-id", "tv", "--insecure-http")

    def show(self, command: str) -> AbstractContextManager[Terminal]:
        """Run a command on its screen."""
        return terminal((*AGENT, command, *self._options), self.agent.environment())


@pytest.fixture
def tv(server: Served, tmp_path: Path) -> Tv:
    return Tv(Agent(tmp_path / "tv"), server)


def scan(screen: Terminal) -> str:
    """The link in the QR code on the screen, as a camera reads it."""
    screen.find(CODE)
    link = screen.qr_code()
    assert re.fullmatch(r"HTTP://127\.0\.0\.1:\d+/D/[A-Z]{8}", link), screen.text
    return link


def sign_in(page: Page) -> None:
    page.fill("[autocomplete~=username]", "ana")
    page.fill("[autocomplete=current-password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("[name=decision]")


def approve(page: Page, screen: Terminal) -> None:
    """Tap the number that the TV shows now that the phone is there."""
    number = screen.find(NUMBER).split()[-1]
    page.click(f"[name=match][value='{number}']")


@pytest.mark.parametrize("scripts", [True, False])
def test_scan_sign_in_approve_and_the_tv_calls_the_api_over_mqtt(tv: Tv, phone: OpenPhone, scripts: bool) -> None:
    page = phone(java_script_enabled=scripts).new_page()
    with tv.show("login") as screen:
        link = scan(screen)
        page.goto(link)
        assert page.url.endswith(f"/sign-in?code={link[-8:]}"), "the code is carried along"
        sign_in(page)
        assert page.locator(".code").inner_text().replace("-", "") == link[-8:]
        approve(page, screen)
        page.wait_for_selector("text=You're connected")
        shown = screen.wait_for("Signed in as")
        assert screen.end() == 0
    assert "Signed in as Ana (ana)" in shown
    assert "Not you? Run porchlight-agent logout." in shown
    called = tv.agent.run("call", "me", "--insecure-http")
    assert called.code == 0, called.err
    assert json.loads(called.out)["username"] == "ana"


def test_with_a_session_one_tap_is_enough_after_the_scan(tv: Tv, phone: OpenPhone) -> None:
    context = phone(java_script_enabled=False, has_touch=True)
    first = context.new_page()
    with tv.show("login") as screen:
        first.goto(scan(screen))
        sign_in(first)
        first.tap("[name=decision][value=deny]")
        first.wait_for_selector("h1:has-text('Stopped')")
        shown = screen.wait_for("Stopped on the phone. Nothing was signed in.")
        assert screen.end() == 3
    assert "Run porchlight-agent login to try again." in shown
    assert not tv.agent.tokens.exists()
    second = context.new_page()
    with tv.show("login") as screen:
        second.goto(scan(screen))
        approve(second, screen)
        screen.wait_for("Signed in as Ana (ana)")
        assert screen.end() == 0


def test_without_a_camera_the_code_is_typed(tv: Tv, phone: OpenPhone) -> None:
    page = phone().new_page()
    with tv.show("login") as screen:
        code, address = screen.find(CODE), screen.find(r"http://127\.0\.0\.1:\d+/device")
        page.goto(address)
        page.wait_for_selector("#user_code:focus")
        page.keyboard.type(code.lower().replace("-", " "))
        page.keyboard.press("Enter")
        page.wait_for_url("**/sign-in?code=*")
        sign_in(page)
        approve(page, screen)
        screen.wait_for("Signed in as Ana (ana)")
        assert screen.end() == 0


def test_signing_out_on_the_phone_ends_the_tv_within_a_second(tv: Tv, phone: OpenPhone) -> None:
    page = phone().new_page()
    with tv.show("login") as screen:
        page.goto(scan(screen))
        sign_in(page)
        approve(page, screen)
        screen.wait_for("Signed in as Ana (ana)")
        assert screen.end() == 0
    with tv.show("run") as screen:
        screen.wait_for("Online at")
        page.goto(page.url.partition("/D/")[0] + "/devices")
        page.click("[aria-label='Sign out Aurora TV'] >> nth=0")
        clicked_at = time.monotonic()
        assert screen.end() == 1
        assert time.monotonic() - clicked_at < 1.5  # one second, and the end of a Python process
        assert "This device was signed out elsewhere" in screen.text
        page.wait_for_selector("[role=status]:has-text('Signed out at')")
