"""NDJSON on standard output: one event a line, for programs that show the code themselves."""

import json

from device_agent.clean import clean
from device_agent.displays.port import Look, Silent
from device_agent.displays.states import say

_CODE = ("user_code", "verification_uri", "verification_uri_complete", "expires_in", "expires_at")
# state -> (event, the facts it carries). The other states are no events.
EVENTS = (
    ("waiting", "code_issued", _CODE),
    ("renewed", "renewed", _CODE),
    ("phone_connected", "phone_connected", ("match", "expires_in", "expires_at")),
    ("signed_in", "approved", ("sub", "name", "username", "scopes")),
    ("denied", "denied", ()),
    ("online", "online", ("host",)),
    ("offline", "offline", ("host", "reason")),
    ("rate_limited", "rate_limited", ("seconds",)),
)
ERRORS = ("expired", "failed", "wrong_clock")


def suits(look: Look) -> bool:
    """Whether events were asked for."""
    return look.is_json


class JsonLines(Silent):
    """`show` prints the event of a state if it has one; a code is printed once, however often it is shown."""

    def __init__(self, look: Look, argument: str = "") -> None:
        self._out = look.out
        self._words = look.words
        self._shown: dict[str, object] = {}

    def show(self, state: str, **facts: object) -> None:
        """Print the event of this state, unless it is the one printed last."""
        if state in ERRORS:
            sentence, action = say(state, facts, self._words)
            word = clean(facts.get("word")) or state
            self._print({"event": "error", "code": word, "message": sentence, "hint": action})
        for name, event, members in EVENTS:
            if name == state:
                line = {"event": event, **{member: _plain(facts[member]) for member in members if member in facts}}
                # A code that was renewed is not issued again when it is redrawn.
                same = {
                    key: value
                    for key, value in {**line, "event": "code" if members is _CODE else event}.items()
                    if key not in ("expires_in", "expires_at")
                }
                if same != self._shown:
                    self._print(line)
                self._shown = same

    def _print(self, line: dict[str, object]) -> None:
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [clean(each) for each in value]
    return value if isinstance(value, int) else clean(value, 2_000)
