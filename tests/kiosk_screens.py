"""The pictures of the TV's page in docs/screens: the agent's own kiosk display in Chromium, in its states."""

import io
from collections.abc import Iterator

from PIL import Image

from device_agent.displays.kiosk.screen import Kiosk
from device_agent.displays.port import Look
from tests.browser import chromium
from tests.phone_screens import photograph

VIEWPORT = {"width": 1280, "height": 720}
CODE: dict[str, object] = {
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://tv.example.com/device",
    "verification_uri_complete": "https://tv.example.com/d/WDJBMJHT",
    "expires_in": 480,
    "renews": 1,
}
# name of the picture, state, its facts
PICTURES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("kiosk-connecting", "connecting", {"host": "tv.example.com"}),
    ("kiosk-waiting", "waiting", CODE),
    ("kiosk-connected", "phone_connected", {**CODE, "match": "47"}),
    ("kiosk-offline", "offline", {"host": "tv.example.com"}),
    ("kiosk-stopped", "denied", {}),
    ("kiosk-expired", "expired", {"action": ""}),
    ("kiosk-clock", "wrong_clock", {"date": "1970-01-01 00:04"}),
    ("kiosk-signed-in", "signed_in", {"who": "Ana Ruiz (ana)"}),
)


def kiosk_pictures() -> Iterator[tuple[str, Image.Image]]:
    """Each by its name."""
    kiosk = Kiosk(Look(io.StringIO(), io.StringIO(), {}))
    try:
        with chromium() as browser:
            page = browser.new_page(viewport=VIEWPORT, reduced_motion="reduce")  # type: ignore[arg-type]
            page.goto(kiosk.url)
            for name, state, facts in PICTURES:
                kiosk.show(state, **facts)
                page.goto(kiosk.url)
                page.wait_for_selector("#card[data-html]")  # the first push has come
                yield name, photograph(page)
    finally:
        kiosk.close()
