"""Keeping tokens fresh as a table: when to refresh, and that a lost answer costs nothing (RFC 6749 section 6)."""

from device_agent.flow.answers import outcome, seconds, text
from device_agent.flow.pace import Pace
from device_agent.flow.steps import Done, Send, Stop, Wait
from device_agent.flow.turns import Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_LIFETIME = 3_600_000  # for a server that does not say `expires_in`
RETRY_INTERVAL = 1_000
# For how long a server is asked again at once when the answer may be lost, the token spent: ours repeats its answer for
# 60 seconds to whoever proves the key that the token is bound to.
REPEAT_WITHIN = 50_000
_LOST_BEHIND = (500, 502, 504)  # the token may have been spent behind a proxy that lost the answer


class Refresh(Turns):
    """The life of one refresh token family. Driven like SignIn; a Done is given once for each renewal.

    `lifetime_for` and `received_at` (milliseconds, of the access token in hand) set the first renewal to 80 % of the
    lifetime, less up to a tenth by `jitter`, so that a fleet started together does not renew together.
    """

    def __init__(
        self,
        client_id: str,
        refresh_token: str,
        received_at: int,
        lifetime_for: int = DEFAULT_LIFETIME,
        jitter: "Callable[[int], int] | None" = None,
    ) -> None:
        Turns.__init__(self, "fresh", ("refreshing",))
        self._client_id = client_id
        self.refresh_token = refresh_token
        self._jitter = jitter
        self._pace = Pace(RETRY_INTERVAL, jitter)
        self._why = "fresh"
        self.expires_at = 0
        self.due_at = 0  # when the next step is more than a Wait; to be read by a body that sleeps elsewhere
        self.doubt_until = 0  # until then a repetition may still save a renewal whose answer was lost; 0: none was
        self._renewal: Done | None = None
        self._end: Stop | None = None
        self._schedule(received_at, lifetime_for)

    def next(self, now: int) -> "Send | Wait | Done | Stop":
        """The next step at the instant `now`. Raises OutOfTurn while a Send is unanswered."""
        self._must_be_free()
        now = self._clock(now)
        if self._end is not None:
            return self._end
        if self._renewal is not None:
            renewal, self._renewal = self._renewal, None
            return renewal
        if now < self.due_at:
            return Wait(self.due_at, self._why)
        if not self.refresh_token:
            self.state = "stopped"
            self._end = Stop("signed_out")
            return self._end
        self.sent_at = now
        self.state = "refreshing"
        # The same token after a loss: the server may have answered into the void, and recognises the repetition.
        form = (("grant_type", "refresh_token"), ("refresh_token", self.refresh_token), ("client_id", self._client_id))
        return Send("token", form)

    def hurry(self, now: int) -> None:
        """The access token was refused (401) or its age is unknown: renew at the next turn."""
        if self.state == "fresh":
            self.due_at = min(self.due_at, self._clock(now))

    def received(self, status: int, answer: object, now: int, retry_after_for: int = 0) -> None:
        """The answer to the last Send: HTTP status and parsed JSON body (None when it was no JSON)."""
        self._must_be_under_way()
        heard = outcome(status, answer, ("access_token", "token_type"))
        if heard == "busy" and status in _LOST_BEHIND:
            heard = "failing"
        self._turn(heard, answer, self._clock(now), retry_after_for)

    def lost(self, now: int, is_sent: bool = True) -> None:
        """The last Send got no answer; the same refresh token is sent again later. `is_sent`: it may have arrived."""
        self._must_be_under_way()
        self._turn("lost" if is_sent else "unsent", None, self._clock(now), 0)

    def _turn(self, heard: str, answer: object, now: int, retry_after_for: int) -> None:
        for meaning, following, action in TABLE:
            if meaning in (heard, "*"):
                self.state = following
                action(self, heard, answer if isinstance(answer, dict) else {}, now, retry_after_for)
                return

    def _schedule(self, received_at: int, lifetime_for: int) -> None:
        self.expires_at = received_at + lifetime_for
        early = 0
        if self._jitter is not None:
            early = max(0, min(int(self._jitter(lifetime_for // 10)), lifetime_for // 10))
        self.due_at = received_at + lifetime_for * 8 // 10 - early if self.refresh_token else self.expires_at
        self._why = "fresh"


def _renew(flow: Refresh, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow.refresh_token = text(answer, "refresh_token") or flow.refresh_token  # without the member the old one stays
    flow._pace.steady()
    flow.doubt_until = 0
    flow._schedule(now, seconds(answer, "expires_in", DEFAULT_LIFETIME))
    flow._renewal = Done(answer, now)


def _retry(flow: Refresh, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow.due_at = now + flow._pace.back_off(retry_after_for)
    flow._why = "lost" if heard == "unsent" else "busy" if heard == "failing" else heard


def _retry_in_doubt(flow: Refresh, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow.doubt_until = flow.doubt_until or flow.sent_at + REPEAT_WITHIN
    _retry(flow, heard, answer, now, retry_after_for)


def _stop(flow: Refresh, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow.doubt_until = 0
    flow._end = Stop("signed_out" if heard == "invalid" else "refused", text(answer, "error"))


# (what was heard, next state, action) while a refresh is under way; the first row that fits counts.
TABLE = (
    ("good", "fresh", _renew),
    ("lost", "fresh", _retry_in_doubt),
    ("unsent", "fresh", _retry),
    ("busy", "fresh", _retry),
    ("failing", "fresh", _retry_in_doubt),
    ("broken", "fresh", _retry_in_doubt),  # half an answer must not sign a device out
    ("*", "stopped", _stop),
)
