"""A real Chromium for the tests that need one: Debian's own, driven by Playwright, loopback only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.needs import require

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = {"width": 390, "height": 844}
OpenPhone = Callable[..., BrowserContext]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium. While it is open, `asyncio.run` cannot be used in this thread."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=require("chromium"), args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests, a context for each test: the files after it use asyncio in this thread."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser) -> Iterator[OpenPhone]:
    """Open a phone-sized browser context; keyword arguments are Playwright's (`java_script_enabled=False`, …)."""
    contexts: list[BrowserContext] = []

    def open_phone(**settings: object) -> BrowserContext:
        contexts.append(browser.new_context(**{"viewport": PHONE, "locale": "en-GB", **settings}))  # type: ignore[arg-type]
        contexts[-1].set_default_timeout(10_000)
        return contexts[-1]

    yield open_phone
    for context in contexts:
        context.close()
