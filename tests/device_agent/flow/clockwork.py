"""A body without a world: it drives a flow through a story on a clock that only the story moves."""

from dataclasses import dataclass, field
from typing import Any

from device_agent.flow.sign_in import SignIn
from device_agent.flow.steps import Done, Send, Show, Stop

CODES = {
    "device_code": "the-device-code",
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://tv.example.com/device",
    "verification_uri_complete": "https://tv.example.com/d/WDJBMJHT",
    "expires_in": 600,
}


@dataclass
class Played:
    """What happened: the polls, the wait before each (ms), what was shown, how it ended and when."""

    polls: list[Send] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    shown: list[Show] = field(default_factory=list)
    end: Done | Stop | None = None
    now: int = 0


def play(flow: SignIn, answers: list[Any], codes: dict[str, Any] | None = None, takes: int = 0, now: int = 0) -> Played:
    """Drive `flow` to its end. `answers` are [status, body, extras] or "lost"; each is under way for `takes` ms."""
    story = Played(now=now)
    left = list(answers)
    free_at = now
    while story.end is None:
        step = flow.next(story.now)
        if isinstance(step, Send) and step.to == "device_authorization":
            flow.received(200, {**CODES, **(codes or {})}, story.now)
            free_at = story.now
        elif isinstance(step, Send):
            story.polls.append(step)
            story.waits.append(story.now - free_at)
            story.now += takes
            answer_with(flow, left.pop(0), story.now)
            free_at = story.now
        elif isinstance(step, Show):
            story.shown.append(step)
        elif isinstance(step, Done | Stop):
            story.end = step
        else:
            assert step.until > story.now, "a Wait must lie ahead"
            story.now = step.until
    assert not left, f"the flow ended and left {left} unheard"
    return story


def answer_with(flow: SignIn, answer: Any, now: int) -> None:
    """Give one answer of a story to the flow."""
    if answer == "lost":
        flow.lost(now)
        return
    status, body, *extras = answer
    flow.received(status, body, now, retry_after_for=1000 * (extras[0]["retry_after"] if extras else 0))
