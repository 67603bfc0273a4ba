"""axe-core finds nothing on the TV's page in any state, from left to right and from right to left."""

import io

import pytest
from playwright.sync_api import Browser

from device_agent.displays.kiosk.screen import Kiosk
from device_agent.displays.port import Look
from device_agent.words import IN_ENGLISH, Words
from tests.axe import faults
from tests.device_agent.displays.kiosk.test_page import LONG, STATES, TV
from tests.device_agent.displays.test_terminal import CODE

HERE: tuple[tuple[str, dict[str, object]], ...] = (
    *((state, dict[str, object](facts)) for state, facts, _, _ in STATES),
    ("waiting", {**CODE, "renews": 1}),
    ("offline", {"host": "tv.example.com"}),  # said below the code
    ("renewed", {**CODE, "renews": 1}),
    ("rate_limited", {"host": "tv.example.com", "seconds": 20}),
    ("waiting", LONG),
)

# What is there for browsers without scripts is looked at, too.
WITHOUT_SCRIPTS = "document.querySelectorAll('noscript').forEach(each => { each.outerHTML = each.textContent })"


@pytest.mark.parametrize("words", [IN_ENGLISH, Words("ar", "rtl", {})], ids=["ltr", "rtl"])
def test_axe_finds_nothing_on_the_tvs_page(browser: Browser, words: Words) -> None:
    kiosk = Kiosk(Look(io.StringIO(), io.StringIO(), {}, words=words))
    found: dict[str, list[str]] = {}
    try:
        with browser.new_context(viewport=TV, reduced_motion="reduce") as context:  # type: ignore[arg-type]
            page = context.new_page()
            for number, (state, facts) in enumerate(HERE):
                kiosk.show(state, **facts)
                page.goto(kiosk.url)
                assert page.locator("html").get_attribute("dir") == words.direction
                page.evaluate(WITHOUT_SCRIPTS)
                found[f"{number} {state}"] = faults(page)
    finally:
        kiosk.close()
    assert {state: wrong for state, wrong in found.items() if wrong} == {}
