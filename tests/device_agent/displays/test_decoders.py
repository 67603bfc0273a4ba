"""Two strangers read the QR code: zxing-cpp and OpenCV, from terminals as people have them and from a TV far away."""

from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser

from device_agent.displays import qr
from device_agent.displays.kiosk.screen import Kiosk
from device_agent.displays.port import Look
from tests.browser import browser as browser  # the fixture is used by name
from tests.device_agent.displays.photographs import phone_photo, picture_of, read_by_opencv, read_by_zxing
from tests.device_agent.displays.screen import Stream, Tty, photograph
from tests.device_agent.displays.test_terminal import CODE, IN_CAPITALS

# (foreground, background) of a terminal's theme
SCHEMES = {
    "dark": ("#d0d0d0", "#1e1e1e"),
    "light": ("#202020", "#fdf6e3"),
    "blue": ("#eeeeee", "#012456"),
    "green on black": ("#00ff41", "#000000"),
}
LINE_HEIGHTS = (1.0, 1.1, 1.2, 1.3, 1.4)
PHOTOS = 100
LANCZOS = Image.Resampling.LANCZOS
QUIET = 4


@pytest.fixture(scope="module")
def square(browser: Browser) -> Iterator[Image.Image]:
    """The QR of the TV's page with its quiet zone, as Chromium draws it at 1080p."""
    kiosk = Kiosk(Look(Stream(), Stream(), {}))
    try:
        kiosk.show("waiting", **CODE)
        with browser.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce") as context:
            page = context.new_page()
            page.goto(kiosk.url)
            box = page.locator(".qr").bounding_box()
            assert box
            edges = (box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])
            yield picture_of(page).crop(tuple(round(edge) for edge in edges))  # type: ignore[arg-type]
    finally:
        kiosk.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("line_height", LINE_HEIGHTS)
def test_full_blocks_are_read_by_both_in_any_scheme_at_any_line_height(scheme: str, line_height: float) -> None:
    tty = Tty(100, 40)
    tty.show("waiting", **CODE)
    photo = photograph(tty.screen, line_height, SCHEMES[scheme])
    assert (read_by_zxing(photo), read_by_opencv(photo)) == (IN_CAPITALS, IN_CAPITALS)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("environment", [None, {"TERM": "xterm"}], ids=["true colour", "sixteen colours"])
def test_half_blocks_are_read_by_both_in_any_scheme(scheme: str, environment: dict[str, str] | None) -> None:
    tty = Tty(80, 24, environment=environment)
    tty.show("waiting", **CODE)
    assert "▀" in tty.text
    photo = photograph(tty.screen, 1.0, SCHEMES[scheme])
    assert (read_by_zxing(photo), read_by_opencv(photo)) == (IN_CAPITALS, IN_CAPITALS)


def test_the_tvs_page_is_read_from_afar_ninety_nine_times_of_a_hundred(square: Image.Image) -> None:
    modules = len(qr.draw(IN_CAPITALS)) + 2 * QUIET
    photos = [phone_photo(square, modules, seed) for seed in range(PHOTOS)]
    zxing = [read_by_zxing(photo) == IN_CAPITALS for photo in photos]
    as_it_is = [read_by_opencv(photo) == IN_CAPITALS for photo in photos]
    # OpenCV looks for edges between whole pixels. To enlarge a photo tells it nothing new: cameras do it all the time.
    enlarged = [read_by_opencv(photo.resize((3 * photo.width, 3 * photo.height), LANCZOS)) for photo in photos]
    opencv = [text == IN_CAPITALS for text in enlarged]
    figures = f"zxing {sum(zxing)}, OpenCV {sum(opencv)} (not enlarged {sum(as_it_is)}) of {PHOTOS}"
    print(figures)
    assert sum(zxing) >= PHOTOS * 0.99, figures
    assert sum(opencv) >= PHOTOS * 0.99, figures
    assert sum(as_it_is) >= PHOTOS * 0.6, figures


@pytest.mark.parametrize(
    "host", ["tv.example.com", "a.io", "192.168.100.100:8000", "sign-in.my-living-room.example", "x" * 30]
)
@pytest.mark.parametrize("code", ["WDJBMJHT", "WDJB-MJHT", "019450730", "019-450-730"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_host_of_thirty_letters_still_makes_a_small_code(scheme: str, host: str, code: str) -> None:
    assert len(host) <= 30
    address = qr.payload(f"{scheme}://{host}/device", f"{scheme}://{host}/d/{code}")
    version = (len(qr.draw(address)) - 17) // 4
    assert version <= 3
