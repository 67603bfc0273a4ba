"""One file per way to show a code, and the explicit table of them. No network but the loopback, no tokens, no flow.

A display is told `show(state, facts)` with a state of `states.py`; `prepare()` is called while the first request
travels, `close()` at the end. A new one is a file and a line in DISPLAYS.
"""

from device_agent.displays import json_lines, lines, terminal
from device_agent.displays.port import Look
from device_agent.exits import USAGE, Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from device_agent.displays.port import Display


def _line(look: Look, argument: str) -> "Display":
    from device_agent.displays.line import Line

    return Line(look, argument)


def _kiosk(look: Look, argument: str) -> "Display":
    from device_agent.displays.kiosk.screen import Kiosk

    return Kiosk(look, argument)


def _picture(look: Look, argument: str) -> "Display":
    from device_agent.displays.picture import Picture

    return Picture(look, argument)


def _speak(look: Look, argument: str) -> "Display":
    from device_agent.displays.speak import Speak

    return Speak(look)


# name, how `:argument` may follow it, how it is made. The later ones load their room when asked for.
DISPLAYS: "tuple[tuple[str, str, Callable[[Look, str], Display]], ...]" = (
    ("terminal", "", terminal.Terminal),
    ("lines", "", lines.Lines),
    ("json", "", json_lines.JsonLines),
    ("line", "[FILE]", _line),
    ("kiosk", "[PORT]", _kiosk),
    ("picture", "FILE", _picture),
    ("speak", "", _speak),
)
# Where none was asked for: the first whose `suits` says yes; the last one suits everybody.
BY_ITSELF = (
    (json_lines.suits, json_lines.JsonLines),
    (terminal.suits, terminal.Terminal),
    (lines.suits, lines.Lines),
)


def choose(look: Look) -> "Display":
    """The display for this look, several as one. Raises Failure(USAGE) for a name or argument that makes no sense."""
    wanted = [each for each in look.displays if each != ("auto", "")]
    chosen = [_named(look, name, argument) for name, argument in wanted]
    if not wanted or len(wanted) < len(look.displays) or (look.is_json and ("json", "") not in wanted):
        chosen.insert(0, next(display for suits, display in BY_ITSELF if suits(look))(look))
    if len(chosen) == 1:
        return chosen[0]
    from device_agent.displays.several import Several

    return Several(chosen)


def _named(look: Look, name: str, argument: str) -> "Display":
    for known, follows, make in DISPLAYS:
        if known == name:
            if (argument and not follows) or (not argument and follows and not follows.startswith("[")):
                form = f"{name}:{follows}" if follows else name
                raise Failure(USAGE, "usage", f"--display {name}:{argument} makes no sense.", f"Write {form}.")
            return make(look, argument)
    names = ", ".join(known for known, _, _ in DISPLAYS)
    raise Failure(USAGE, "usage", f"--display {name} is none of {names}.", "Use one of these.")
