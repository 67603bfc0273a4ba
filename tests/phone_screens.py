"""The pictures of the phone's pages in docs/screens/phone: every page in every state, as Chromium shows it to a person.

The pages are the real ones; behind them is the desk of the tests, whose clock, codes and people never change.
"""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser import PHONE, chromium
from tests.pseudo import pseudo
from tests.web_verify.memory_desk import ASKING, SCOPES, MemoryDesk
from tests.web_verify.porch import Porch, app, serve
from tests.web_verify.states import every_state, press, sign_in
from web_verify.look import Look

Visit = Callable[[Page, Porch], Iterator[str]]
LOOK = Look(
    "Porchlight",
    "tv.example.com",
    secure_cookies=False,
    takes_sign_ups=True,
    sends_mail=True,
    takes_passkeys=True,
    providers=(("corp", "Corp"),),
)
# Made to be hard on the layout, or seen already.
NOT_SHOWN = re.compile(
    r"decision BCDFGHJK|inbox, with a stopped app|devices, with requests|account, sign out everywhere|request deny"
)


def asked(page: Page, porch: Porch) -> Iterator[str]:
    """The page of the README: a device on the same network asks, and shows a number."""
    porch.desk.asking["WDJBMJHT"] = replace(ASKING, proof="pick", choices=("12", "47", "63"), scopes=SCOPES[::2])
    sign_in(page, porch, "/D/WDJBMJHT")
    yield "asked"


def owned(page: Page, porch: Porch) -> Iterator[str]:
    """Two devices with everyday names, and one of them signed out."""
    kitchen = replace(ASKING, app_name="Radio", claimed_name="Kitchen", user_code="BCDF-GHJK", scopes=SCOPES[:1])
    porch.desk.asking["BCDFGHJK"] = replace(kitchen, address="2001:db8:85a3::7334")
    sign_in(page, porch)
    for code in ("WDJBMJHT", "BCDFGHJK"):
        page.goto(f"{porch.url}/D/{code}")
        press(page, "[value=approve]")
    page.goto(porch.url + "/devices")
    yield "devices"
    press(page, "[aria-label='Sign out Aurora TV']")
    yield "devices, one signed out"


# Folder or first word of the name, what is visited, and what Playwright is told of the phone.
VISITS: tuple[tuple[str, Visit, dict[str, object]], ...] = (
    ("", asked, {}),
    ("large-", asked, {"device_scale_factor": 1.5}),
    ("dark-", asked, {"color_scheme": "dark"}),
    ("narrow-", asked, {"viewport": {"width": 320, "height": 640}}),
    ("right-to-left-", asked, {"locale": "ar-XB"}),
    ("", owned, {}),
    ("", every_state, {}),
)


def phone_pictures(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """Each by its name, `phone/enter`. In `folder` stands the catalogue of the language from right to left."""
    look = replace(LOOK, languages=pseudo(folder))
    with chromium() as browser:
        seen: set[str] = set()
        for first, visit, settings in VISITS:
            desk = MemoryDesk()
            with serve(app(desk, look)) as url:
                for name, picture in _visited(browser, visit, Porch(url, desk, look), settings):
                    if first + name not in seen:
                        seen.add(first + name)
                        yield "phone" if first == "large-" else f"phone/{first}{name}", picture


def _visited(
    browser: Browser, visit: Visit, porch: Porch, settings: dict[str, object]
) -> Iterator[tuple[str, Image.Image]]:
    told = {"viewport": PHONE, "locale": "en-GB", "reduced_motion": "reduce", **settings}
    with browser.new_context(**told) as context:  # type: ignore[arg-type]
        page = context.new_page()
        for state in visit(page, porch):
            if not NOT_SHOWN.search(state):
                yield slug(state), photograph(page)


def photograph(page: Page) -> Image.Image:
    """The whole page, once it has come to rest: two photographs are the same."""
    page.wait_for_load_state("load")
    before, now = b"", page.screenshot(full_page=True, caret="hide")
    while before != now:
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        before, now = now, page.screenshot(full_page=True, caret="hide")
    return Image.open(io.BytesIO(now)).convert("RGB")


def slug(state: str) -> str:
    """`sign in, wrong` -> `sign-in-wrong`."""
    return re.sub("[^a-z0-9]+", "-", state.lower().replace("a-link", "").replace("wdjbmjht", "approve")).strip("-")
