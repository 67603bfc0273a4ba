"""What the victim of each attack sees, for docs/screens/attacks: `python -m tests.attack_screens` draws it anew."""

import random
import tempfile
from pathlib import Path
from unittest.mock import patch

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import PHONE, chromium
from tests.conformance.ladder import furnished, settings
from tests.conformance.wire import StoppedClock
from tests.house import open_house
from tests.journeys.attacks import ATTACKS, Scene, limits
from tests.phone_screens import photograph
from tests.web_verify.memory_desk import NOW

FOLDER = Path(__file__).parents[1] / "docs/screens/attacks"
# The server of a test has an address that no person sees, and an id of its own for each request.
PLAIN = """() => {
  const put = (place, text) => { const e = document.querySelector(place); if (e) e.textContent = text };
  put('.host', 'tv.example.com'); put('footer small', 'Request req-7f3a') }"""


class FixedClock(StoppedClock):
    """Every run begins at the same moment."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = NOW


def main() -> None:
    """Play every attack and keep its pages; codes and numbers are the same in every run."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for attack, end in ATTACKS:
        drawn = random.Random(attack.__name__)
        with (
            tempfile.TemporaryDirectory() as name,
            chromium() as browser,
            patch("secrets.randbelow", drawn.randrange),
            patch("secrets.SystemRandom", lambda drawn=drawn: drawn),
        ):
            folder = Path(name)
            with open_house(folder, clock=FixedClock(), **settings(folder, **limits())) as house:
                scene = Scene(furnished(house), lambda opened=browser, **more: look(opened, **more), keep=keep)
                assert attack(scene) == end, attack.__name__


def look(browser: Browser, **more: object) -> BrowserContext:
    """A victim's phone."""
    return browser.new_context(viewport=PHONE, locale="en-GB", reduced_motion="reduce", **more)  # type: ignore[arg-type]


def keep(name: str, page: Page) -> None:
    """As a small PNG: the pages have few colours."""
    page.evaluate(PLAIN)
    photograph(page).quantize(96, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
