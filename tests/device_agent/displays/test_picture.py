"""Pictures for e-ink and frame buffers: read by a real decoder, replaced in one step, right for each state."""

import io
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from device_agent.displays.dots import has_all, rows_of
from device_agent.displays.paint import png
from device_agent.displays.picture import Picture
from device_agent.displays.port import Look
from device_agent.displays.sheet import lay_out
from device_agent.exits import Failure
from device_agent.words import IN_ENGLISH
from tests.browser import browser as browser  # the fixture is used by name
from tests.device_agent.displays.photographs import picture_of, read_by_opencv, read_by_zxing
from tests.device_agent.displays.test_terminal import CODE, IN_CAPITALS, LONG

STATES = (
    ("connecting", {"host": "tv.example.com"}),
    ("phone_connected", {**CODE, "match": "47"}),
    ("phone_connected", {**CODE, "match": ""}),
    ("signed_in", {"who": "Ana Ruiz (ana)", "username": "ana"}),
    ("denied", {}),
    ("expired", {"action": "Press Enter."}),
    ("failed", {"sentence": "It broke. " * 20, "action": "Mend it."}),
    ("wrong_clock", {"date": "1970-01-01 00:04"}),
)
SIZES = ((800, 480), (480, 800), (264, 176), (128, 250), (1872, 1404), (400, 300))


def picture(path: str) -> Picture:
    return Picture(Look(io.StringIO(), io.StringIO(), {}), path)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_phone_reads_the_png_whatever_its_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "code.png"
    picture(f"{path}@{size[0]}x{size[1]}").show("waiting", **CODE)
    with Image.open(path) as image:
        assert (image.size, image.mode) == (size, "1")
        large = image.convert("L").resize((size[0] * 2, size[1] * 2), Image.Resampling.NEAREST)
    assert (read_by_zxing(large), read_by_opencv(large)) == (IN_CAPITALS, IN_CAPITALS)


def test_a_phone_reads_the_svg_and_a_person_its_text(tmp_path: Path, browser: Browser) -> None:
    path = tmp_path / "code.svg"
    picture(str(path)).show("waiting", **CODE)
    text = "".join(ElementTree.parse(path).getroot().itertext())
    assert "tv.example.com/device" in text
    assert "WDJB-MJHT" in text
    with browser.new_context(viewport={"width": 800, "height": 480}) as context:
        page = context.new_page()
        page.goto(path.as_uri())
        assert read_by_zxing(picture_of(page)) == IN_CAPITALS


@pytest.mark.parametrize(("state", "facts"), STATES, ids=[row[0] for row in STATES])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_state_fits_its_sheet_and_has_no_code_to_scan(
    state: str, facts: dict[str, object], size: tuple[int, int]
) -> None:
    sheet = lay_out(state, facts, *size, IN_ENGLISH)
    assert sheet.texts
    assert all(has_all(text.text) for text in sheet.texts)
    for text in sheet.texts:
        assert text.left + len(rows_of(text.text)[0]) * text.scale <= size[0] + 6 * text.scale
    with Image.open(io.BytesIO(png(sheet))) as image:
        assert read_by_zxing(image.convert("L")) == ""
        assert sorted(value for _, value in image.convert("L").getcolors() or []) == [0, 255]


@pytest.mark.parametrize("facts", [CODE, LONG, {**CODE, "user_code": "019-450-730"}], ids=["short", "long", "digits"])
@pytest.mark.parametrize("size", SIZES[:3], ids=str)
def test_dev_18_code_and_address_stand_beside_the_square(facts: dict[str, object], size: tuple[int, int]) -> None:
    said = "".join(text.text for text in lay_out("waiting", facts, *size, IN_ENGLISH).texts)
    assert str(facts["user_code"]) in said
    assert str(facts["verification_uri"]).removeprefix("https://") in said


def test_the_file_is_replaced_at_each_state_and_never_half_written(tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    shown = picture(str(path))
    seen = []
    for state, facts in (
        ("connecting", {"host": "x"}),
        ("waiting", CODE),
        ("phone_connected", {**CODE, "match": "47"}),
    ):
        before = path.stat().st_ino if path.exists() else 0
        shown.show(state, **facts)
        assert path.stat().st_ino != before, "another file, put in its place"
        seen.append(path.read_bytes())
    assert len(set(seen)) == 3
    assert list(tmp_path.iterdir()) == [path]


def test_a_picture_that_says_the_same_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "code.svg"
    shown = picture(str(path))
    shown.show("waiting", **CODE)
    before = path.stat().st_ino
    shown.show("waiting", **{**CODE, "expires_in": 30})
    shown.show("offline", host="tv.example.com")
    assert path.stat().st_ino == before, "e-ink blinks when it is written"


def test_dev_37_the_code_leaves_the_picture_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "code.svg"
    shown = picture(str(path))
    shown.show("waiting", **CODE)
    shown.show("signed_in", who="Ana Ruiz (ana)", username="ana")
    assert "WDJB" not in path.read_text()
    said = " ".join("".join(ElementTree.parse(path).getroot().itertext()).split())
    assert "Signed in as Ana Ruiz (ana)." in said


def test_a_name_that_has_no_dots_is_replaced_by_the_account() -> None:
    texts = lay_out("signed_in", {"who": "小林 (miki)", "username": "miki"}, 800, 480, IN_ENGLISH).texts
    assert " ".join(text.text for text in texts).startswith("Signed in as miki. Not you?")


def test_a_folder_that_vanishes_is_no_reason_to_end(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    shown = picture(str(folder / "code.png"))
    folder.rmdir()
    shown.show("waiting", **CODE)
    folder.mkdir()
    shown.show("waiting", **CODE)
    assert (folder / "code.png").exists()


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("code.gif", "ends neither in .svg nor in .png"),
        ("code.png@800", "is no size"),
        ("code.png@1x1", "is no size"),
        ("nowhere/code.png", "There is no folder"),
        ("@800x480", "ends neither"),
    ],
)
def test_what_makes_no_picture_is_refused_by_name(tmp_path: Path, argument: str, said: str) -> None:
    with pytest.raises(Failure, match=said):
        picture(f"{tmp_path}/{argument}")


def test_the_picture_needs_no_more_than_the_standard_library() -> None:
    program = (
        "import io, sys; sys.modules['PIL'] = None\n"
        "from device_agent.displays.sheet import lay_out\n"
        "from device_agent.displays.paint import png\n"
        "from device_agent.words import IN_ENGLISH\n"
        f"png(lay_out('waiting', {CODE!r}, 800, 480, IN_ENGLISH))\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
