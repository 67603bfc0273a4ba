"""Plain lines for a log, a pipe or a dumb terminal: every change of state is a line, nothing is ever redrawn."""

from device_agent.clean import clean
from device_agent.displays.port import Look
from device_agent.displays.states import minutes, say


def suits(look: Look) -> bool:
    """Everywhere."""
    return True


class Lines:
    """`show` appends the lines of a state when they differ from the ones before."""

    has_keys = False

    def __init__(self, look: Look) -> None:
        self._stream = look.stream
        self._last = ""

    def prepare(self) -> None:
        """Nothing to load."""

    def show(self, state: str, **facts: object) -> None:
        """Append what a person needs to know of this state."""
        text = _code(facts) if state == "waiting" else " ".join(filter(None, say(state, facts)))
        # The minutes left change all the time, and are no news.
        key = clean(facts.get("user_code")) if state == "waiting" else text
        if key != self._last:
            encoding = getattr(self._stream, "encoding", None) or "utf-8"
            self._stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
            self._stream.flush()
        self._last = key

    def hide(self) -> None:
        """What was written cannot be taken back."""

    def close(self) -> None:
        """Nothing to put in order."""


def _code(facts: dict[str, object]) -> str:
    left = facts.get("expires_in")
    valid = f" (valid for {minutes(left * 1000)})" if isinstance(left, int) else ""
    lines = [
        f"Sign in at {clean(facts.get('verification_uri'), 300)} with the code {clean(facts['user_code'], 40)}{valid}"
    ]
    if complete := clean(facts.get("verification_uri_complete"), 300):
        lines.append(f"Or open {complete}")
    lines.append("Only continue if you started this. If someone sent you this code, stop here.")
    return "\n".join(lines)
