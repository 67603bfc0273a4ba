"""Where everything goes on a terminal of a given size: the code and its address in text always, the QR if it fits."""

from device_agent.clean import clean
from device_agent.displays import cells, qr
from device_agent.displays.canvas import Canvas, width_of, wrap
from device_agent.displays.letters import large, lines_of
from device_agent.displays.states import minutes, place
from device_agent.words import Words

MARGIN = 2
GUTTER = 4
TEXT_WIDTH = 30
BRAND_WIDTH = 16  # of the first row, with what is around it
HEAD = 2  # the title and a blank row

# How the QR is drawn, its quiet zone, whether the text stands beside it. The first that fits is taken.
SHAPES = (
    ("full", 4, True),
    ("full", 2, True),
    ("full", 2, False),
    ("half", 2, True),
    ("half", 2, False),
)


class Style:
    """SGR parameters for the parts of a page, empty ones where colours are not wanted, and the words on it."""

    def __init__(self, is_colorless: bool, words: Words) -> None:
        self.words = words
        self.title = "1"
        self.strong = "1"
        self.muted = "" if is_colorless else "2"
        self.accent = "1" if is_colorless else "1;36"
        self.good = "1" if is_colorless else "1;32"
        self.bad = "1" if is_colorless else "1;33"


def code_page(
    facts: dict[str, object],
    state: str,
    columns: int,
    rows: int,
    choice: str,
    colors: tuple[str, str, str, str],
    style: Style,
) -> Canvas:
    """The page with the code. `state` is the sentence at the top right; `rows` is how many may be used."""
    uri, complete = clean(facts.get("verification_uri"), 500), clean(facts.get("verification_uri_complete"), 500)
    modules = qr.draw(qr.payload(uri, complete)) if choice != "off" and uri else []
    for kind, border, is_beside in SHAPES if modules else ():
        if choice not in ("auto", kind):
            continue
        framed = qr.framed(modules, border)
        drawn = cells.full(framed, colors) if kind == "full" else cells.half(framed, colors)
        width = len(framed) * (2 if kind == "full" else 1)
        canvas = (
            _beside(drawn, width, facts, columns, style) if is_beside else _stacked(drawn, width, facts, columns, style)
        )
        if canvas is not None and canvas.height <= rows:
            return _headed(canvas, state, style, clean(facts.get("keys")))
    return _headed(_text_only(facts, columns, style), state, style, clean(facts.get("keys")))


def message_page(sentence: str, action: str, columns: int, style: Style, is_good: bool) -> Canvas:
    """A state without a code: one sentence and one action."""
    canvas = Canvas(columns)
    mark = "✓" if is_good else "•"
    row = 0
    for line in wrap(f"{mark} {sentence}", columns - MARGIN):
        canvas.put(row, MARGIN, line, style.good if is_good else style.bad)
        row += 1
    for line in wrap(action, columns - MARGIN - 2):
        canvas.put(row, MARGIN + 2, line, style.muted)
        row += 1
    return canvas


def number_page(facts: dict[str, object], state: str, action: str, columns: int, style: Style) -> Canvas:
    """The phone is there: the number to compare in place of the QR, and the code that the phone shows too."""
    canvas = Canvas(columns)
    digits = large(clean(facts.get("match"), 4))
    for row, line in enumerate(digits, HEAD + 1):
        canvas.put(row, MARGIN + 4, line, style.accent)
    row = canvas.height + 1 if digits else HEAD
    for line in wrap(action, columns - 2 * MARGIN):
        canvas.put(row, MARGIN, line, style.strong)
        row += 1
    code = clean(facts.get("user_code"), 40)
    words = style.words("same_code")
    if code and MARGIN + width_of(words) + 1 + width_of(code) < columns:
        canvas.put(row + 1, MARGIN, words, style.muted)
        canvas.put(row + 1, MARGIN + width_of(words) + 1, code, style.accent)
    elif code:
        for line in wrap(f"{words} {code}", columns - 2 * MARGIN):
            row += 1
            canvas.put(row, MARGIN, line, style.muted)
    return _headed(canvas, state, style)


def _headed(canvas: Canvas, state: str, style: Style, keys: str = "") -> Canvas:
    edge = min(canvas.columns - MARGIN, max(canvas.extent, 50))
    canvas.put(0, MARGIN, style.words("brand"), style.title)
    left = max(MARGIN + 12, edge - width_of(state))
    if keys and MARGIN + 13 + width_of(keys) + 2 <= left:
        canvas.put(0, MARGIN + 13, keys, style.muted)
    canvas.put(0, left, state, style.accent)
    return canvas


def _beside(drawn: list[str], width: int, facts: dict[str, object], columns: int, style: Style) -> Canvas | None:
    left = MARGIN + width + GUTTER
    if columns < left + TEXT_WIDTH:
        return None
    canvas = Canvas(columns)
    for row, line in enumerate(drawn, HEAD):
        canvas.put_drawn(row, MARGIN, line, width)
    foot = HEAD + len(drawn)
    room = min(columns - left - 1, 44)
    lines = _steps(facts, room, style)
    # Where the QR is much taller than the text, the text stands at its middle.
    row = HEAD + max(0, (len(drawn) - len(lines)) // 3)
    for line, how in lines:
        canvas.put(row, left, line, how)
        row += 1
    below = width + GUTTER - 2 if row > foot else columns - 2 * MARGIN
    return _small_print(canvas, _small_words(facts, style.words), foot + 1, MARGIN, below, style)


def _steps(facts: dict[str, object], room: int, style: Style) -> list[tuple[str, str]]:
    code, words = clean(facts.get("user_code"), 40), style.words
    lines = [
        (f"1  {words('step1')}", ""),
        (f"2  {words('step2')}", ""),
        ("", ""),
        (words("manual"), style.muted),
    ]
    lines += [(line, style.accent) for line in wrap(place(facts.get("verification_uri")), room)]
    lines += [(words("enter"), style.muted), ("", "")]
    big = lines_of(code)
    if big and max(width_of(line) for line in big) <= room:
        lines += [(line, style.strong) for line in big] + [("", "")]
    lines += [(line, style.accent) for line in wrap(code, room)]
    return lines + [(line, style.muted) for line in wrap(clean(facts.get("hint")), room)]


def _small_print(canvas: Canvas, words: str, row: int, left: int, room: int, style: Style) -> Canvas:
    for line in wrap(words, min(room, 110)):
        canvas.put(row, left, line, style.muted)
        row += 1
    return canvas


def _small_words(facts: dict[str, object], words: Words) -> str:
    left_for = facts.get("expires_in")
    valid = words("valid", time=minutes(left_for * 1000, words)) if isinstance(left_for, int) else ""
    return f"{words('warning')} {valid}".rstrip()


def _stacked(drawn: list[str], width: int, facts: dict[str, object], columns: int, style: Style) -> Canvas | None:
    if columns < width + 1:
        return None
    canvas = Canvas(columns)
    left = min(MARGIN, columns - width - 1)
    for row, line in enumerate(drawn, 1):
        canvas.put_drawn(row, left, line, width)
    return _below(canvas, canvas.height, left, facts, style, style.words("or_go_to"))


def _text_only(facts: dict[str, object], columns: int, style: Style) -> Canvas:
    return _below(Canvas(columns), HEAD, MARGIN, facts, style, style.words("go_to"))


def _below(canvas: Canvas, row: int, left: int, facts: dict[str, object], style: Style, words: str) -> Canvas:
    room = canvas.columns - left - 1
    code = clean(facts.get("user_code"), 40)
    for line in wrap(f"{words} {place(facts.get('verification_uri'))} {style.words('enter')}", room):
        canvas.put(row, left, line)
        at = left + width_of(line) + 1
        row += 1
    if at + width_of(code) < canvas.columns:
        canvas.put(row - 1, at, code, style.accent)
    else:
        # Never cut: a code on its own line is still a code, half a code is none.
        for line in wrap(code, room):
            canvas.put(row, left, line, style.accent)
            row += 1
    return _small_print(
        canvas, f"{_small_words(facts, style.words)} {clean(facts.get('hint'))}".rstrip(), row, left, room, style
    )
