"""What the victim of each attack sees, for docs/screens/attacks: `python -m tests.attack_screens` draws it anew."""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import PHONE, chromium
from tests.conformance.ladder import furnished, settings
from tests.conformance.wire import StoppedClock
from tests.house import open_house
from tests.journeys.attacks import ATTACKS, Scene, limits

FOLDER = Path(__file__).parents[1] / "docs/screens/attacks"


def main() -> None:
    """Play every attack and keep its pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for attack, end in ATTACKS:
        with tempfile.TemporaryDirectory() as name, chromium() as browser:
            folder = Path(name)
            with open_house(folder, clock=StoppedClock(), **settings(folder, **limits())) as house:
                scene = Scene(furnished(house), lambda opened=browser, **more: look(opened, **more), keep=keep)
                assert attack(scene) == end, attack.__name__


def look(browser: Browser, **more: object) -> BrowserContext:
    """A victim's phone."""
    return browser.new_context(viewport=PHONE, locale="en-GB", **more)  # type: ignore[arg-type]


def keep(name: str, page: Page) -> None:
    """As a small PNG: the pages have few colours."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    picture.quantize(32, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
