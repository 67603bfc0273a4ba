"""Where everything goes on a terminal of a given size: the code and its address in text always, the QR if it fits."""

from device_agent.clean import clean
from device_agent.displays import cells, qr
from device_agent.displays.canvas import Canvas, width_of, wrap
from device_agent.displays.letters import block, lines_of
from device_agent.displays.states import minutes, place

MARGIN = 2
GUTTER = 4
TEXT_WIDTH = 30
HEAD = 2  # the title and a blank row
WARNING = "Only continue if you started this. If someone sent you this code, press Ctrl-C."

# How the QR is drawn, its quiet zone, whether the text stands beside it. The first that fits is taken.
SHAPES = (
    ("full", 4, True),
    ("full", 2, True),
    ("full", 2, False),
    ("half", 2, True),
    ("half", 2, False),
)


class Style:
    """SGR parameters for the parts of a page; empty ones where colours are not wanted."""

    def __init__(self, is_colorless: bool) -> None:
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
            return _headed(canvas, state, style)
    return _headed(_text_only(facts, columns, style), state, style)


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


def number_page(sentence: str, action: str, number: str, columns: int, style: Style) -> Canvas:
    """The phone is there: the number to compare, as large as the letters of the code."""
    canvas = Canvas(columns)
    for row, line in enumerate(block(number), HEAD + 1):
        canvas.put(row, MARGIN + 4, line, style.accent)
    canvas.put(canvas.height + 1, MARGIN, action, style.strong)
    return _headed(canvas, sentence, style)


def _headed(canvas: Canvas, state: str, style: Style) -> Canvas:
    edge = min(canvas.columns, 80) - MARGIN
    canvas.put(0, MARGIN, "Porchlight", style.title)
    if MARGIN + 12 + width_of(state) <= edge:
        canvas.put(0, edge - width_of(state), state, style.accent)
    else:
        canvas.put(1, MARGIN, state, style.accent)
    return canvas


def _beside(drawn: list[str], width: int, facts: dict[str, object], columns: int, style: Style) -> Canvas | None:
    left = MARGIN + width + GUTTER
    if columns < left + TEXT_WIDTH:
        return None
    canvas = Canvas(columns)
    for row, line in enumerate(drawn, HEAD):
        canvas.put_drawn(row, MARGIN, line, width)
    row = HEAD
    room = min(columns - left, 44)
    for line, how in _steps(facts, room, style):
        canvas.put(row, left, line, how)
        row += 1
    big = lines_of(clean(facts["user_code"], 40))
    if big and max(width_of(line) for line in big) <= room:
        for line in big:
            canvas.put(row, left, line, style.strong)
            row += 1
        row += 1
    canvas.put(row, left, clean(facts["user_code"], 40), style.accent)
    foot = max(HEAD + len(drawn), 0)
    # The small print goes under the QR where that is narrow, beside the text where there is room.
    return _small_print(canvas, facts, foot + 1, MARGIN, left - MARGIN - 1 if row >= foot else columns - MARGIN, style)


def _steps(facts: dict[str, object], room: int, style: Style) -> list[tuple[str, str]]:
    lines = [
        ("1  Point your phone's camera here", ""),
        ("2  Check the code, then tap Yes", ""),
        ("", ""),
        ("No camera? Go to", style.muted),
    ]
    lines += [(line, style.accent) for line in wrap(place(facts.get("verification_uri")), room)]
    return [*lines, ("and enter", style.muted), ("", "")]


def _small_print(canvas: Canvas, facts: dict[str, object], row: int, left: int, room: int, style: Style) -> Canvas:
    lines = wrap(WARNING, min(room, 76))
    left_for = facts.get("expires_in")
    if isinstance(left_for, int):
        lines.append(f"Valid for {minutes(left_for * 1000)}.")
    for line in lines:
        canvas.put(row, left, line, style.muted)
        row += 1
    return canvas


def _stacked(drawn: list[str], width: int, facts: dict[str, object], columns: int, style: Style) -> Canvas | None:
    if columns < width + 1:
        return None
    canvas = Canvas(columns)
    left = max(0, min(MARGIN, columns - width - 1))
    for row, line in enumerate(drawn, 1):
        canvas.put_drawn(row, left, line, width)
    row = canvas.height
    for line in wrap(f"Or go to {place(facts.get('verification_uri'))} and enter", columns - left - 1):
        canvas.put(row, left, line)
        row += 1
    canvas.put(row - 1, left + width_of(line) + 1, clean(facts["user_code"], 40), style.accent)
    return _small_print(canvas, facts, row, left, columns - left - 1, style)


def _text_only(facts: dict[str, object], columns: int, style: Style) -> Canvas:
    canvas = Canvas(columns)
    row = HEAD
    room = columns - MARGIN
    lines = [("To sign in, go to", style.muted)]
    lines += [(line, style.accent) for line in wrap(place(facts.get("verification_uri")), room)]
    lines += [("and enter", style.muted), (clean(facts["user_code"], 40), style.accent), ("", "")]
    for line, how in lines:
        canvas.put(row, MARGIN, line, how)
        row += 1
    return _small_print(canvas, facts, row, MARGIN, room, style)
