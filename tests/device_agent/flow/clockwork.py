"""A body without a world: it drives a flow through a story on a clock that only the story moves."""

from dataclasses import dataclass, field
from typing import Any

from device_agent.flow.sign_in import SignIn
from device_agent.flow.steps import Done, Opened, Send, Show, Stop

CODES = {
    "device_code": "the-device-code",
    "user_code": "WDJB-MJHT",
    "verification_uri": "https://tv.example.com/device",
    "verification_uri_complete": "https://tv.example.com/d/WDJBMJHT",
    "expires_in": 600,
}


@dataclass
class Played:
    """What happened: the starts and when, the polls and the wait before each (ms), what was shown, how it ended."""

    starts: list[int] = field(default_factory=list)
    polls: list[Send] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    shown: list[Show] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)
    end: Done | Stop | None = None
    now: int = 0


def play(
    flow: SignIn,
    answers: list[Any],
    codes: dict[str, Any] | None = None,
    takes: int | None = 0,
    now: int = 0,
    starts: list[Any] | None = None,
) -> Played:
    """Drive `flow` to its end. `answers` are [status, body, extras] or "lost"; each is under way for `takes` ms, or
    as long as it was held where that is None.

    An answer that "..." follows is given for ever. `starts` are the answers to the
    starts, "codes" where they are missing: the codes, a new user code and device code each time.
    """
    story = Played(now=now)
    left = list(answers)
    starting = list(starts or [])
    free_at = now
    while story.end is None:
        step = flow.next(story.now)
        if isinstance(step, Send) and step.to == "device_authorization":
            story.starts.append(story.now)
            answer = starting.pop(0) if starting else "codes"
            count = len(story.starts)
            numbered = {"device_code": f"code-{count}", "user_code": f"CODE-{count}"} if count > 1 else {}
            if answer == "codes":
                flow.received(200, {**CODES, **(codes or {}), **numbered}, story.now)
            else:
                answer_with(flow, answer, story.now)
            free_at = story.now
        elif isinstance(step, Send):
            story.polls.append(step)
            story.waits.append(story.now - free_at)
            story.now += 1000 * step.hold_for if takes is None else takes
            answer_with(flow, left[0] if left[1:] == ["..."] else left.pop(0), story.now)
            free_at = story.now
        elif isinstance(step, Show):
            story.shown.append(step)
        elif isinstance(step, Opened):
            story.opened.append(step)
        elif isinstance(step, Done | Stop):
            story.end = step
        else:
            assert step.until > story.now, "a Wait must lie ahead"
            story.now = step.until
    assert not left or left[1:] == ["..."], f"the flow ended and left {left} unheard"
    return story


def answer_with(flow: SignIn, answer: Any, now: int) -> None:
    """Give one answer of a story to the flow."""
    if answer == "lost":
        flow.lost(now)
        return
    status, body, *extras = answer
    flow.received(status, body, now, retry_after_for=1000 * (extras[0]["retry_after"] if extras else 0))
