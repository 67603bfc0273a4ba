"""NDJSON on standard output: one event a line, for programs that show the code themselves."""

import json

from device_agent.clean import clean
from device_agent.displays.port import Look
from device_agent.displays.states import say

# state -> (event, the facts it carries). The other states are no events.
EVENTS = (
    (
        "waiting",
        "code_issued",
        ("user_code", "verification_uri", "verification_uri_complete", "expires_in", "expires_at"),
    ),
    ("phone_connected", "phone_connected", ("match",)),
    ("signed_in", "approved", ("sub", "name", "username", "scopes")),
    ("denied", "denied", ()),
    ("online", "online", ("host",)),
    ("offline", "offline", ("host", "reason")),
    ("rate_limited", "rate_limited", ("seconds",)),
)


def suits(look: Look) -> bool:
    """Whether events were asked for."""
    return look.is_json


class JsonLines:
    """`show` prints the event of a state if it has one; a code is printed once, however often it is shown."""

    has_keys = False

    def __init__(self, look: Look) -> None:
        self._out = look.out
        self._shown: dict[str, object] = {}

    def prepare(self) -> None:
        """Nothing to load."""

    def show(self, state: str, **facts: object) -> None:
        """Print the event of this state, unless it is the one printed last."""
        if state in ("expired", "failed"):
            sentence, action = say(state, facts)
            word = clean(facts.get("word")) or state
            self._print({"event": "error", "code": word, "message": sentence, "hint": action})
        for name, event, members in EVENTS:
            if name == state:
                line = {"event": event, **{member: _plain(facts[member]) for member in members if member in facts}}
                same = {key: value for key, value in line.items() if key not in ("expires_in", "expires_at")}
                if same != self._shown:
                    self._print(line)
                self._shown = same

    def hide(self) -> None:
        """What was written cannot be taken back."""

    def close(self) -> None:
        """Nothing to put in order."""

    def _print(self, line: dict[str, object]) -> None:
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [clean(each) for each in value]
    return value if isinstance(value, int) else clean(value, 2_000)
