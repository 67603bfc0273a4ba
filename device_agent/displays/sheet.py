"""What is on a picture of a state and where: QR modules and lines of text on a sheet of so many pixels."""

from itertools import pairwise

from device_agent.clean import clean
from device_agent.displays import qr
from device_agent.displays.canvas import wrap
from device_agent.displays.dots import ADVANCE, ROWS, has_all
from device_agent.displays.states import place, say
from device_agent.words import Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    class Text(NamedTuple):
        """One line: its left and top in pixels, and the pixels that one dot takes."""

        left: int
        top: int
        scale: int
        text: str

    class Sheet(NamedTuple):
        """A picture: `modules` (quiet zone included) at (left, top), `module` pixels each; [] where there is no QR."""

        width: int
        height: int
        modules: list[list[bool]]
        left: int
        top: int
        module: int
        texts: list[Text]
else:
    from collections import namedtuple

    Text = namedtuple("Text", "left top scale text")
    Sheet = namedtuple("Sheet", "width height modules left top module texts")

QUIET = 4
GAP = 2  # dots between two lines
MOST_SCALE = 8
NEW_CODE = ("waiting", "renewed")


def lay_out(state: str, facts: dict[str, object], width: int, height: int, words: Words) -> Sheet:
    """The sheet of a state."""
    margin = min(width, height) // 24
    if state in NEW_CODE:
        return _with_code(facts, width, height, margin, words)
    match = clean(facts.get("match"), 4) if state == "phone_connected" else ""
    sentence, action = say(state, facts, words)
    if not has_all(sentence) and state == "signed_in":
        sentence = sentence.replace(clean(facts.get("who")), clean(facts.get("username"), 60)).rstrip()
    code = clean(facts.get("user_code"), 40) if state == "phone_connected" else ""
    words_below = [sentence, action, f"{words('same_code')} {code}" if code else ""]
    number = [(match, min(height // 24, width // (ADVANCE * 3)))] if match else []
    # As large as all of it fits, the sentence on three lines at most.
    for scale in range(MOST_SCALE, 0, -1):
        lines = [wrap(text, _room(width, margin, scale)) for text in words_below]
        parts = [*number, *((line, scale) for each in lines for line in each)]
        if scale == 1 or (_tall(parts) <= height - 2 * margin and max(map(len, lines)) <= 3):
            break
    return Sheet(width, height, [], 0, 0, 0, _column(parts, margin, max(margin, (height - _tall(parts)) // 2)))


def _with_code(facts: dict[str, object], width: int, height: int, margin: int, words: Words) -> Sheet:
    uri, complete = clean(facts.get("verification_uri"), 500), clean(facts.get("verification_uri_complete"), 500)
    modules = qr.draw(qr.payload(uri, complete)) if uri else []
    framed = qr.framed(modules, QUIET) if modules else []
    is_wide = width >= height
    # Beside the text on a wide sheet, above it on a tall one.
    most = min(height - 2 * margin, width * 9 // 20) if is_wide else min(width - 2 * margin, height * 11 // 20)
    module = most // len(framed) if framed else 0
    side = module * len(framed)
    left = 2 * margin + side if is_wide and side else margin
    room = width - left - margin
    code = clean(facts.get("user_code"), 40)
    small = max(1, min(height, width) // 200)
    groups = code.split("-") if is_wide and code.count("-") < 3 else [code]
    longest = max((len(group) for group in groups), default=1)
    big = max(small, min(room // (ADVANCE * max(1, longest)), height // 40))
    for large in range(big, 0, -1):
        said = [(f"{words('go_to')}\n{place(uri)}\n{words('enter')}", small), *((group, large) for group in groups)]
        said += [(code, small)] if len(groups) > 1 else []
        parts = [
            (line, scale)
            for text, scale in said
            for part in text.split("\n")
            for line in wrap(part, max(1, room // (ADVANCE * scale)))
        ]
        if _tall(parts) <= (height if is_wide else height - side - margin) - 2 * margin:
            break
    top = max(margin, (height - _tall(parts)) // 2) if is_wide else side + 2 * margin
    at = (margin, (height - side) // 2) if is_wide else ((width - side) // 2, margin)
    return Sheet(width, height, framed, *at, module, _column(parts, left, top))


def _room(width: int, margin: int, scale: int) -> int:
    return max(1, (width - 2 * margin) // (ADVANCE * scale))


def _column(parts: list[tuple[str, int]], left: int, top: int) -> list[Text]:
    texts, start = [], top
    for at, (text, scale) in enumerate(parts):
        texts.append(Text(left, top, scale, text))
        top = start + _tall(parts[: at + 2]) - (ROWS + GAP) * parts[at + 1][1] if at + 1 < len(parts) else top
    return texts


def _tall(parts: list[tuple[str, int]]) -> int:
    """The pixels that these lines take, one below the other."""
    tall = sum((ROWS + GAP) * scale for _, scale in parts)
    return tall + sum(_leading(line) for before, line in pairwise(parts) if line[1] > before[1])


def _leading(line: tuple[str, int]) -> int:
    return 2 * line[1]  # before a line that is larger than the one above it
