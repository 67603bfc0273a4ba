"""Every page in two languages that nobody speaks: nothing is left in English, nothing is cut."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import OpenPhone
from tests.pseudo import pseudo
from tests.web_verify.memory_desk import SCOPES
from tests.web_verify.memory_factors import NAMED
from tests.web_verify.memory_inbox import REQUEST
from tests.web_verify.porch import REQUEST_ID, Porch, Street, app
from tests.web_verify.states import every_state, sign_in

# What is nobody's to translate: names, addresses, codes, and what the stub of a desk says of them.
FACTS = (
    *(scope.sentence for scope in SCOPES), "See your name", "Say yes", "Porchlight", "tv.example.com", REQUEST_ID,
    "Aurora TV", "Living-room TV", "Photo wall", "Ana Ruiz", "ana", "Corp", "Iceland", "Peru", "WDJB-MJHT", "WDJBMJHT",
    "BCDF-GHJK", "CDFG-HJKL", "A very long name of an application", "https://app.example", "English",
    *NAMED, "Firefox", "Android", "Sofa", "B C D F G H J K L M N P Q R S T V W X Z",
    REQUEST.app_name, REQUEST.message, *(scope.sentence for scope in REQUEST.scopes),
)  # fmt: skip
LOOKS_LIKE_A_FACT = re.compile(r"W{20,}|[0-9a-f:]{15,}|\S+@\S+")

TEXTS = """() => {
  const found = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (!walk.currentNode.parentElement.closest('script')) found.push(walk.currentNode.data);
  for (const e of document.querySelectorAll('*'))
    for (const name of ['aria-label', 'title', 'alt', 'placeholder', 'data-redeemed'])
      if (e.hasAttribute(name)) found.push(e.getAttribute(name));
  for (const e of document.querySelectorAll('button[name=pick]')) found.push(e.value);
  return found.map(text => text.trim()).filter(text => text) }"""

CUT = """() => { const edge = document.documentElement.clientWidth;
  const wide = document.documentElement.scrollWidth - edge;
  const cut = [...document.querySelectorAll('main *, header *, footer *')].filter(e => e.getClientRects().length
    && !e.closest('.unseen') && (e.getBoundingClientRect().right > edge + 1 || e.getBoundingClientRect().left < -1));
  return wide > 0 || cut.length ? [wide, ...cut.map(e => e.outerHTML.slice(0, 90))] : [] }"""


@pytest.fixture
def polyglot(porch: Porch, street: tuple[Street, str], tmp_path: Path) -> Porch:
    """The porch, with both languages beside English."""
    look = replace(porch.look, languages=pseudo(tmp_path))
    street[0].app = app(porch.desk, look)
    return replace(porch, look=look)


def speaking(phone: OpenPhone, tag: str) -> Page:
    """A narrow phone whose owner speaks it."""
    return phone(viewport={"width": 320, "height": 640}, locale=tag).new_page()


def untranslated(text: str) -> bool:
    text = LOOKS_LIKE_A_FACT.sub("", text)
    for fact in sorted(FACTS, key=len, reverse=True):
        text = text.replace(fact, "")
    return re.search("[A-Za-z]", text) is not None


@pytest.mark.parametrize(("tag", "direction"), [("en-XA", "ltr"), ("ar-XB", "rtl")])
def test_nothing_is_said_outside_the_catalogues_and_nothing_is_cut(
    polyglot: Porch, phone: OpenPhone, tag: str, direction: str
) -> None:
    page = speaking(phone, tag)
    for state in every_state(page, polyglot):
        assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [tag, direction]
        assert [text for text in page.evaluate(TEXTS) if untranslated(text)] == [], state
        assert page.evaluate(CUT) == [], state
        for code in page.locator("main .code, main .letters").all():
            assert code.evaluate("e => getComputedStyle(e).direction") == "ltr", state


def test_a_language_is_chosen_with_two_taps_and_stays(polyglot: Porch, phone: OpenPhone) -> None:
    page = phone(java_script_enabled=False, locale="en-GB").new_page()
    sign_in(page, polyglot)
    page.goto(polyglot.url + "/D/WDJBMJHT")
    assert page.locator("html").get_attribute("lang") == "en"
    page.click("header summary")
    assert page.locator("header [aria-current]").inner_text() == "English"
    with page.expect_navigation():
        page.click("header [value=ar-XB]")
    assert page.url == polyglot.url + "/D/WDJBMJHT?lang=ar-XB"
    assert page.locator("html").get_attribute("dir") == "rtl"
    page.goto(polyglot.url + "/devices")
    assert page.locator("html").get_attribute("lang") == "ar-XB"
