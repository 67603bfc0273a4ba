"""Plain lines for a log, a pipe or a dumb terminal: every change of state is a line, nothing is ever redrawn."""

from device_agent.clean import clean
from device_agent.displays.port import Look, Silent, write
from device_agent.displays.states import minutes, say, together
from device_agent.words import Words

WITH_CODE = ("waiting", "renewed")


def suits(look: Look) -> bool:
    """Everywhere."""
    return True


class Lines(Silent):
    """`show` appends the lines of a state when they differ from the ones before."""

    def __init__(self, look: Look, argument: str = "") -> None:
        self._stream = look.stream
        self._words = look.words
        self._last = ""

    def show(self, state: str, **facts: object) -> None:
        """Append what a person needs to know of this state."""
        if state in WITH_CODE:
            # The minutes left change all the time, and are no news.
            text, key = code_lines(facts, self._words), clean(facts.get("user_code"))
            text += "\n" + self._words("warning.line")
        else:
            key = text = together(*say(state, facts, self._words))
        if key != self._last:
            write(self._stream, text + "\n")
        self._last = key


def code_line(facts: dict[str, object], words: Words) -> str:
    """`Sign in at https://… with the code WDJB-MJHT (valid for 10 minutes)`."""
    left = facts.get("expires_in")
    valid = " " + words("line.valid", time=minutes(left * 1000, words)) if isinstance(left, int) else ""
    uri, code = clean(facts.get("verification_uri"), 300), clean(facts["user_code"], 40)
    return words("line.code", verification_uri=uri, user_code=code) + valid


def code_lines(facts: dict[str, object], words: Words) -> str:
    """The same, and the address that has the code in it."""
    complete = clean(facts.get("verification_uri_complete"), 300)
    more = "\n" + words("line.complete", verification_uri_complete=complete) if complete else ""
    return code_line(facts, words) + more
