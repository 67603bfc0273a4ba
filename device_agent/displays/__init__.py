"""One file per way to show a code, and the explicit table of them. No network, no tokens, no flow in here.

A display is told `show(state, facts)` with a state of `states.py`; `prepare()` is called while the first request
travels, `close()` at the end. A new one is a file and a line in DISPLAYS.
"""

from device_agent.displays import json_lines, lines, terminal
from device_agent.displays.port import Look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device_agent.displays.port import Display

# The first whose `suits` says yes is used; the last one suits everybody.
DISPLAYS = (
    ("json", json_lines.suits, json_lines.JsonLines),
    ("terminal", terminal.suits, terminal.Terminal),
    ("lines", lines.suits, lines.Lines),
)


def choose(look: Look) -> "Display":
    """The display for this look."""
    for _, suits, display in DISPLAYS:
        if suits(look):
            return display(look)
    raise LookupError("the last display suits everybody")
