"""Logs, pipes and programs: every change is a line, once, and nothing is ever redrawn."""

import io
import json

import pytest

from device_agent.displays import choose
from device_agent.displays.port import Look
from device_agent.displays.states import STATES, minutes, say, who
from tests.device_agent.displays.screen import Stream
from tests.device_agent.displays.test_terminal import CODE


class Pipe(io.StringIO):
    """Standard error that is no terminal."""

    encoding = "ascii"


@pytest.mark.parametrize(
    ("stream", "environment", "is_json", "name"),
    [
        (Stream(), {"TERM": "xterm"}, False, "Terminal"),
        (Stream(), {"TERM": "dumb"}, False, "Lines"),
        (Stream(), {}, False, "Lines"),
        (Pipe(), {"TERM": "xterm"}, False, "Lines"),
        (Stream(), {"TERM": "xterm"}, True, "JsonLines"),
        (Pipe(), {}, True, "JsonLines"),
    ],
)
def test_the_display_suits_where_it_is_shown(
    stream: io.StringIO, environment: dict[str, str], is_json: bool, name: str
) -> None:
    assert type(choose(Look(stream, stream, environment, is_json=is_json))).__name__ == name


def test_a_terminal_that_is_not_utf_8_gets_lines() -> None:
    latin = Stream()
    latin.encoding = "iso-8859-1"
    assert type(choose(Look(latin, latin, {"TERM": "xterm"}))).__name__ == "Lines"


def test_a_line_is_written_once_however_often_it_is_shown() -> None:
    pipe = Pipe()
    display = choose(Look(pipe, pipe, {}))
    for left in (600, 570, 540):
        display.show("waiting", **{**CODE, "expires_in": left})
    display.show("offline", host="tv.example.com")
    display.show("offline", host="tv.example.com")
    display.show("signed_in", who="Zoë")
    assert pipe.getvalue().splitlines() == [
        "Sign in at https://tv.example.com/device with the code WDJB-MJHT (valid for 10 minutes)",
        "Or open https://tv.example.com/d/WDJBMJHT",
        "Only continue if you started this. If someone sent you this code, stop here.",
        "No connection to tv.example.com. Still trying. Check this device's network.",
        "Signed in as Zo?. Not you? Run porchlight-agent logout.",
    ]


def test_events_are_one_json_object_a_line() -> None:
    out = io.StringIO()
    display = choose(Look(io.StringIO(), out, {}, is_json=True))
    display.show("connecting", host="tv.example.com")
    display.show("waiting", **CODE, expires_at=1_700_000_000)
    display.show("waiting", **{**CODE, "expires_in": 500}, expires_at=1_700_000_000)
    display.show("renewed", **{**CODE, "user_code": "BCDF-GHJK"}, expires_at=1_700_000_600)
    display.show("waiting", **{**CODE, "user_code": "BCDF-GHJK"}, expires_at=1_700_000_600)
    display.show("phone_connected", match="47")
    display.show("denied")
    display.show("expired", action="Again?", word="expired")
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event["event"] for event in events] == [
        "code_issued",
        "renewed",
        "phone_connected",
        "denied",
        "error",
    ]
    assert events[0]["user_code"] == "WDJB-MJHT"
    assert events[1]["user_code"] == "BCDF-GHJK"
    assert events[2] == {"event": "phone_connected", "match": "47"}
    assert events[4] == {"event": "error", "code": "expired", "message": "This code has expired.", "hint": "Again?"}


def test_every_state_has_one_sentence() -> None:
    facts: dict[str, object] = {
        **CODE,
        "host": "h",
        "match": "47",
        "date": "2026-11-20 12:00",
        "who": "w",
        "action": "a",
        "sentence": "s",
        "seconds": 5,
    }
    for state in STATES:
        sentence, action = say(state, facts)
        assert sentence
        assert action or state in ("online", "note")
    with pytest.raises(LookupError):
        say("no such state", facts)


def test_durations_and_names_read_like_speech() -> None:
    assert [minutes(ms) for ms in (600_000, 570_000, 90_000, 60_000, 29_999, 0)] == [
        "10 minutes",
        "10 minutes",
        "2 minutes",
        "1 minute",
        "less than a minute",
        "less than a minute",
    ]
    assert who("Ana Ruiz", "ana") == "Ana Ruiz (ana)"
    assert who("", "ana") == who("ana", "ana") == "ana"
    assert who(None, 7) == "somebody the server did not name"
