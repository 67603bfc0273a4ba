"""One code on the screen: how it is polled, when it ends, and whether a phone has opened it (RFC 8628 section 3.2)."""

from device_agent.flow.answers import seconds, text
from device_agent.flow.pace import DEFAULT_INTERVAL, Pace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_EXPIRY = 600_000  # a server that forgets `expires_in` still says expired_token itself
LONGEST_OVERLAP = 90_000
CODES = ("device_code", "user_code", "verification_uri")


class Code:
    """What the device authorization endpoint answered at `now`, and what polling has told since. Milliseconds."""

    def __init__(self, answer: dict[str, object], now: int, jitter: "Callable[[int], int] | None") -> None:
        self.device_code = text(answer, "device_code")
        self.user_code = text(answer, "user_code")
        self.verification_uri = text(answer, "verification_uri")
        self.verification_uri_complete = text(answer, "verification_uri_complete")
        self.takes_match = answer.get("match_supported") is True
        self.pace = Pace(seconds(answer, "interval", DEFAULT_INTERVAL), jitter)
        lifetime_for = seconds(answer, "expires_in", DEFAULT_EXPIRY)
        self.expires_at = now + lifetime_for
        # Whoever began to type this code when its successor appeared still has this long to finish.
        self.overlap_for = min(LONGEST_OVERLAP, lifetime_for // 4)
        self.due_at = now
        self.is_opened = False
        self.match = ""

    def hear(self, answer: dict[str, object], now: int) -> bool:
        """Take what a pending answer says of the phone. Whether that is news: it has just opened the code, or the
        number changed. An opened code ends when the server says, not at the instant that was told with it."""
        if answer.get("opened") is not True:
            return False
        match = text(answer, "match")
        if len(match) > 4 or not match.isdigit():
            match = ""
        is_news = not self.is_opened or match not in ("", self.match)
        self.is_opened = True
        self.match = match or self.match
        self.expires_at = now + seconds(answer, "expires_in", max(1, self.expires_at - now))
        return is_news
