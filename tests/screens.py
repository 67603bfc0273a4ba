"""The pictures in the README and in docs/screens, made from the real parts: `python -m tests.screens` draws them anew.

A device asks a real server for a code. The TV is the agent's own terminal display, on a screen of 80x24, showing that
code; the phone is Chromium on the decision page that the code leads to, reached as https://tv.example.com.
"""

import io
import tempfile
from pathlib import Path
from typing import Any

import requests
from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import FLAGS
from tests.certificate import certificate
from tests.device_agent.displays.screen import Tty, photograph
from tests.house import PASSWORD, furnish, open_house
from tests.kiosk_screens import kiosk_pictures
from tests.needs import require

FOLDER = Path(__file__).parents[1] / "docs/screens"
HOST = "tv.example.com"
VIEWPORT = {"width": 390, "height": 844}
ASKED = {"client_id": "tv", "device_name": "Kitchen", "scope": "profile readings:write"}


def main() -> None:
    """Draw them all."""
    for name, picture in kiosk_pictures():
        save(picture, name)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pem = str(certificate(folder / "tls.pem"))
        settings = {"issuer": f"https://{HOST}", "tls_cert": pem, "tls_key": pem}
        with open_house(folder, **settings) as house:
            port = furnish(house).app.house.settings.port
            address = f"https://127.0.0.1:{port}/device_authorization"
            started = requests.post(address, ASKED, verify=pem, timeout=30).json()
            save(tv(started), "tv")
            save(phone(started, port), "phone")


def tv(started: dict[str, Any]) -> Image.Image:
    """The agent waits for a phone."""
    tty = Tty(80, 24)
    shown = {name: started[name] for name in ("user_code", "verification_uri", "verification_uri_complete")}
    tty.show("waiting", **shown, expires_in=started["expires_in"], expires_at=0)
    return photograph(tty.screen)


def phone(started: dict[str, Any], port: int) -> Image.Image:
    """The person has scanned the code and signed in; the page asks for the decision."""
    flags = [*FLAGS, f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{port}"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=require("chromium"), args=flags)
        look = chromium.new_context(
            viewport=VIEWPORT, locale="en-GB", device_scale_factor=1.5, ignore_https_errors=True
        )
        page = look.new_page()
        page.goto(started["verification_uri_complete"])
        page.fill("[autocomplete=username]", "ana")
        page.fill("[autocomplete=current-password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("[name=decision][value=approve]")
        picture = page.screenshot(full_page=True)
        chromium.close()
    return Image.open(io.BytesIO(picture)).convert("RGB")


def save(picture: Image.Image, name: str) -> None:
    """As a small PNG: both pictures have few colours."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture.quantize(64, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
