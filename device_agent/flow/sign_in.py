"""The client of the device authorization grant as a table: start, show, poll, done (RFC 8628 sections 3.1 to 3.5)."""

from device_agent.flow.answers import outcome, seconds, text
from device_agent.flow.pace import DEFAULT_INTERVAL, Pace
from device_agent.flow.steps import Done, OutOfTurn, Send, Show, Stop, Wait
from device_agent.flow.turns import Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
DEFAULT_EXPIRY = 600_000  # a server that forgets `expires_in` still says expired_token itself
_CODES = ("device_code", "user_code", "verification_uri")
_TOKENS = ("access_token", "token_type")


class SignIn(Turns):
    """One sign-in. Ask `next(now)`, obey, answer a Send with `received` or `lost`, and ask again.

    `hold_for`: whole seconds for which the server is known to hold a token request (`Prefer: wait=N`), 0 for a plain
    RFC 8628 server. `patience_for`: how long the very first request is retried before it stops. `jitter(gap)`: extra
    milliseconds for a back-off gap.
    """

    def __init__(
        self,
        client_id: str,
        scope: str = "",
        device_name: str = "",
        hold_for: int = 0,
        patience_for: int = 60_000,
        jitter: "Callable[[int], int] | None" = None,
    ) -> None:
        Turns.__init__(self, "starting", ("asking", "polling"))
        self._client_id = client_id
        self._scope = scope
        self._device_name = device_name
        self.hold_for = hold_for
        self.pace = Pace(DEFAULT_INTERVAL, jitter)
        self._patience_for = patience_for
        self._patient_until: int | None = None
        self._due_at: int | None = None  # the next request; None is at once
        self._why = "pace"
        self._device_code = ""
        self.expires_at = 0
        self._show: Show | None = None
        self._end: Done | Stop | None = None

    def next(self, now: int) -> "Send | Show | Wait | Done | Stop":
        """The next step at the instant `now` (whole milliseconds). Raises OutOfTurn while a Send is unanswered."""
        self._must_be_free()
        now = self._clock(now)
        if self._end is not None:
            return self._end
        if self.state == "showing" and self._show is not None:
            self.state = "waiting"
            return self._show
        if self.state == "waiting" and now >= self.expires_at:
            self.state = "stopped"
            self._end = Stop("expired")
            return self._end
        if self._due_at is not None and now < self._due_at:
            until = self._due_at
            return Wait(min(until, self.expires_at) if self.state == "waiting" else until, self._why)
        self.sent_at = now
        return self._start(now) if self.state == "starting" else self._poll(now)

    def received(
        self, status: int, answer: object, now: int, retry_after_for: int = 0, held_for: int | None = None
    ) -> None:
        """The answer to the last Send: HTTP status and parsed JSON body (None when it was no JSON).

        `retry_after_for`: the Retry-After header in milliseconds. `held_for`: N of `Preference-Applied: wait=N`.
        """
        self._must_be_under_way()
        if held_for is not None:
            self.hold_for = held_for
        wanted = _CODES if self.state == "asking" else _TOKENS
        heard = outcome(status, answer, wanted)
        if heard == "good" and self.state == "polling" and not _is_usable(answer):
            heard = "broken"
        self._turn(heard, answer, self._clock(now), retry_after_for)

    def lost(self, now: int) -> None:
        """The last Send got no answer: connection refused, name not found, timed out, cut off."""
        self._must_be_under_way()
        self._turn("lost", None, self._clock(now), 0)

    def again(self, now: int) -> None:
        """A person asked for a new code after a Stop. Never call this without a person (RFC 8628 section 3.1)."""
        if self.state != "stopped":
            raise OutOfTurn("a new code can be asked for only after Stop")
        self._clock(now)
        self.state = "starting"
        self._due_at = self._patient_until = self._end = self._show = None
        self.pace.set_interval(DEFAULT_INTERVAL)

    def _start(self, now: int) -> Send:
        self.state = "asking"
        if self._patient_until is None:
            self._patient_until = now + self._patience_for
        form = [("client_id", self._client_id)]
        if self._scope:
            form.append(("scope", self._scope))
        if self._device_name:
            form.append(("device_name", self._device_name))
        return Send("device_authorization", tuple(form))

    def _poll(self, now: int) -> Send:
        self.state = "polling"
        form = (("grant_type", GRANT_TYPE), ("device_code", self._device_code), ("client_id", self._client_id))
        # Never ask to be held past the end of the code: the answer would only say what the clock says already.
        return Send("token", form, min(self.hold_for, (self.expires_at - now) // 1000))

    def _turn(self, heard: str, answer: object, now: int, retry_after_for: int) -> None:
        for state, meaning, following, action in TABLE:
            if state == self.state and meaning in (heard, "*"):
                self.state = following
                action(self, heard, answer if isinstance(answer, dict) else {}, now, retry_after_for)
                return

    def _wait_until(self, instant: int, why: str) -> None:
        self._due_at = instant
        self._why = why


def _is_usable(answer: object) -> bool:
    # RFC 6749 sections 5.1 and 7.1: the type is case-insensitive, and a type that is not understood is not used.
    return text(answer, "token_type").lower() in ("bearer", "dpop")


def _keep_codes(flow: SignIn, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow.pace.set_interval(seconds(answer, "interval", DEFAULT_INTERVAL))
    flow._device_code = text(answer, "device_code")
    flow.expires_at = now + seconds(answer, "expires_in", DEFAULT_EXPIRY)
    complete = text(answer, "verification_uri_complete")
    flow._show = Show(text(answer, "user_code"), text(answer, "verification_uri"), complete, flow.expires_at)
    # A server that holds requests wants the first one at once; a plain one has not been asked yet, but the interval
    # is "between polling requests" and many count from the start (Abblix Oidc.Server#281).
    flow._wait_until(now if flow.hold_for else now + flow.pace.interval, "pace")


def _start_later(flow: SignIn, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    due_at = now + flow.pace.back_off(retry_after_for)
    if flow._patient_until is not None and due_at > flow._patient_until:
        flow.state = "stopped"
        flow._end = Stop("unreachable" if heard == "lost" else "busy", text(answer, "error"))
        return
    flow._wait_until(due_at, heard)


def _poll_later(flow: SignIn, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    # A held answer was under way for most of the interval already: it counts from the sending. Otherwise from the
    # answer, which no server can take for early.
    flow._wait_until((flow.sent_at if flow.hold_for else now) + flow.pace.steady(), "pace")


def _poll_slower(flow: SignIn, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow._wait_until(now + max(flow.pace.slow_down(seconds(answer, "interval", 0)), retry_after_for), "slow_down")


def _poll_after_loss(flow: SignIn, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow._wait_until(now + flow.pace.back_off(retry_after_for), heard)


def _keep_tokens(flow: SignIn, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow._device_code = ""
    flow._end = Done(answer, now)


def _stop(flow: SignIn, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow._device_code = ""
    flow._end = Stop("refused", text(answer, "error"))


def _stop_as_heard(flow: SignIn, heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow._device_code = ""
    flow._end = Stop(heard, text(answer, "error"))


# (state, what was heard, next state, action); the first row that fits counts, "*" is any other answer.
TABLE = (
    ("asking", "good", "showing", _keep_codes),
    ("asking", "lost", "starting", _start_later),
    ("asking", "busy", "starting", _start_later),
    ("asking", "broken", "stopped", _stop_as_heard),
    ("asking", "*", "stopped", _stop),
    ("polling", "good", "done", _keep_tokens),
    ("polling", "pending", "waiting", _poll_later),
    ("polling", "slow_down", "waiting", _poll_slower),
    ("polling", "lost", "waiting", _poll_after_loss),
    ("polling", "busy", "waiting", _poll_after_loss),
    ("polling", "denied", "stopped", _stop_as_heard),
    ("polling", "expired", "stopped", _stop_as_heard),
    ("polling", "broken", "stopped", _stop_as_heard),
    ("polling", "*", "stopped", _stop),  # RFC 8628 section 3.5: any other error ends the polling
)
