"""What one simulated device lived through, and the ways it can go wrong; the report adds them up."""

from dataclasses import dataclass, field

from firmware_sim.habits.habit import End


class Mishap(Exception):
    """A device cannot go on: `reason` is one word for the report, `sentence` says what was seen."""

    def __init__(self, reason: str, sentence: str = "") -> None:
        super().__init__(sentence or reason)
        self.reason = reason
        self.sentence = sentence


@dataclass(slots=True)
class Life:
    """One device, from switching on to its end. Durations in milliseconds.

    `waited_for` is from the answer to the person's decision until the tokens were here; the two can cross on the way,
    which counts as 0. `lost_answers` are answers with tokens that this device's own network lost; `reconnects` are
    further attempts at credentials and broker.
    """

    habit: str
    ends: End
    end: End | None = None
    reason: str = ""
    detail: str = ""
    waited_for: int | None = None
    round_trips: list[float] = field(default_factory=list)
    requests: int = 0
    lost_requests: int = 0
    slow_downs: int = 0
    lost_answers: int = 0
    new_codes: int = 0
    restarts: int = 0
    reconnects: int = 0

    @property
    def is_lost(self) -> bool:
        """Whether it did not end as its habit must."""
        return self.end != self.ends

    def failed(self, reason: str, detail: str = "") -> None:
        """End with a reason. Both may be a server's own words, so only what is printable is kept of them."""
        self.end, self.reason, self.detail = "failed", printable(reason, 64), printable(detail, 200)


def printable(text: str, limit: int) -> str:
    """One line without control characters, at most `limit` characters."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:limit])
