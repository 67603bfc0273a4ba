"""The pictures in docs/screens, made from the real parts: `make screens` draws them anew, the same ones each time.

The TV is the agent's own terminal display on a screen of 80x24, and its own page in Chromium; the phone is Chromium on
every page in every state; the attacks are played against a real server. docs/screens/README.md shows them all.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tests import attack_screens
from tests.device_agent.displays.screen import CELL, Tty, photograph
from tests.kiosk_screens import CODE, kiosk_pictures
from tests.phone_screens import phone_pictures

FOLDER = Path(__file__).parents[1] / "docs/screens"
# name of the picture, and the states on the way there with their facts
TERMINAL: tuple[tuple[str, tuple[tuple[str, dict[str, object]], ...]], ...] = (
    ("tv", (("waiting", CODE),)),
    ("tv-connected", (("waiting", CODE), ("phone_connected", {**CODE, "match": "47"}))),
    ("tv-offline", (("waiting", CODE), ("offline", {"host": "tv.example.com"}))),
    ("tv-signed-in", (("waiting", CODE), ("signed_in", {"who": "Ana Ruiz (ana)"}))),
    ("tv-stopped", (("waiting", CODE), ("denied", {}))),
    ("tv-clock", (("wrong_clock", {"date": "1970-01-01 00:04"}),)),
)
# heading of the gallery, which pictures, how wide they are shown
GALLERY = (
    ("The TV: a terminal", "tv*.png", 480),
    ("The TV: the kiosk page", "kiosk*.png", 480),
    ("The phone", "phone/*.png", 230),
    ("What the victim of an attack sees", "attacks/*.png", 230),
)


def main() -> None:
    """Draw them all."""
    for old in (*FOLDER.glob("*.png"), *FOLDER.glob("phone/*.png")):
        old.unlink()
    with tempfile.TemporaryDirectory() as name:
        for pictures in (terminal_pictures(), kiosk_pictures(), phone_pictures(Path(name) / "languages")):
            for title, picture in pictures:
                save(picture, title)
    attack_screens.main()
    (FOLDER / "README.md").write_text(gallery(), "utf-8")


def terminal_pictures() -> Iterator[tuple[str, Image.Image]]:
    """The agent's display in its states."""
    for name, way in TERMINAL:
        tty = Tty(80, 24)
        for state, facts in way:
            tty.show(state, **{"expires_at": 0, **facts})
        used = max(number for number, line in enumerate(tty.screen.display) if line.strip()) + 2
        picture = photograph(tty.screen)
        yield name, picture.crop((0, 0, picture.width, min(picture.height, used * CELL[1])))


def gallery() -> str:
    """A page with all of them, for whoever looks at the repository."""
    lines = ["# Every page and state", "", "Drawn by `make screens` from the real parts; codes and times never change."]
    for heading, which, width in GALLERY:
        lines += ["", f"## {heading}", ""]
        for path in sorted(FOLDER.glob(which)):
            title = path.stem.replace("-", " ")
            place = path.relative_to(FOLDER).as_posix()
            lines.append(f'<img src="{place}" width="{width}" alt="{title}" title="{title}">')
    return "\n".join(lines) + "\n"


def save(picture: Image.Image, name: str) -> None:
    """As a small PNG: the pages have few colours."""
    path = FOLDER / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
