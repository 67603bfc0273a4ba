"""The client of the device authorization grant as a table: start, show, poll, done (RFC 8628 sections 3.1 to 3.5)."""

from device_agent.flow.answers import outcome, text
from device_agent.flow.codes import CODES, Code
from device_agent.flow.pace import DEFAULT_INTERVAL, Pace
from device_agent.flow.reactions import TABLE
from device_agent.flow.steps import Done, Opened, OutOfTurn, Send, Show, Stop, Wait
from device_agent.flow.turns import Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
_TOKENS = ("access_token", "token_type")


class SignIn(Turns):
    """One sign-in. Ask `next(now)`, obey, answer a Send with `received` or `lost`, and ask again.

    `hold_for`: whole seconds for which the server is known to hold a token request (`Prefer: wait=N`), 0 for a plain
    RFC 8628 server. `patience_for`: how long the very first request is retried before it stops. `jitter(gap)`: extra
    milliseconds for a back-off gap. `renewals`: how many times a code that nobody opened is replaced shortly before it
    ends; after that only a person brings a new one (section 3.1). `shows_match`: the body can show the number that is
    compared once a phone has opened the code, and is told so by an Opened. `demands` are further parameters of the
    device authorization request.
    """

    def __init__(
        self,
        client_id: str,
        scope: str = "",
        device_name: str = "",
        hold_for: int = 0,
        patience_for: int = 60_000,
        jitter: "Callable[[int], int] | None" = None,
        renewals: int = 0,
        shows_match: bool = False,
        demands: "tuple[tuple[str, str], ...]" = (),
    ) -> None:
        Turns.__init__(self, "starting", ("asking", "polling"))
        self._client_id = client_id
        self._scope = scope
        self._device_name = device_name
        self.hold_for = hold_for
        self._patience_for = patience_for
        self.jitter = jitter
        self.renewals = renewals
        self.shows_match = shows_match
        self._demands = demands
        self._begin()

    def _begin(self) -> None:
        self.codes: list[Code] = []  # the newest last; one before it is honoured until its end
        self.asks_left = 1 + self.renewals
        self.ask_after: int | None = None
        self.ask_pace = self.pace = Pace(DEFAULT_INTERVAL, self.jitter)  # `pace`: of the newest code
        self.patient_until: int | None = None
        self.why = "pace"
        self.last_polled: Code | None = None
        self.news: Show | Opened | None = None
        self.last_words = Stop("expired")  # once the last code has ended
        self.end: Done | Stop | None = None

    @property
    def renews(self) -> bool:
        """Whether the code on the screen is replaced by itself when it is about to end."""
        return self.asks_left > 0

    def next(self, now: int) -> "Send | Show | Opened | Wait | Done | Stop":
        """The next step at the instant `now` (whole milliseconds). Raises OutOfTurn while a Send is unanswered."""
        self._must_be_free()
        now = self._clock(now)
        if self.end is not None:
            return self.end
        if self.news is not None:
            news, self.news = self.news, None
            self.state = "waiting"
            return news
        end = self._forget_ended(now)
        if end is not None:
            return end
        asks_at = self._asks_at(now)
        if asks_at is not None and asks_at <= now:
            return self._ask(now)
        due = self._due()
        if due is not None and due.due_at <= now:
            return self._poll(due, asks_at, now)
        instants = [code.expires_at for code in self.codes]
        if due is not None:
            instants.append(due.due_at)
        if asks_at is not None:
            instants.append(asks_at)
        return Wait(min(instants), self.why)

    def received(
        self, status: int, answer: object, now: int, retry_after_for: int = 0, held_for: int | None = None
    ) -> None:
        """The answer to the last Send: HTTP status and parsed JSON body (None when it was no JSON).

        `retry_after_for`: the Retry-After header in milliseconds. `held_for`: N of `Preference-Applied: wait=N`.
        """
        self._must_be_under_way()
        if held_for is not None:
            self.hold_for = held_for
        wanted = CODES if self.state == "asking" else _TOKENS
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
        self._begin()

    def _forget_ended(self, now: int) -> Stop | None:
        self.codes = [code for code in self.codes if now < code.expires_at]
        if self.codes or self.state == "starting":
            return None
        if self.asks_left:
            self.state = "starting"
            return None
        self.state = "stopped"
        self.end = self.last_words
        return self.last_words

    def _asks_at(self, now: int) -> int | None:
        """When to ask for a code: at once where there is none, shortly before the newest ends where one may follow."""
        if not self.asks_left:
            return None
        at = now
        if self.codes:
            at = self.codes[-1].expires_at - self.codes[-1].overlap_for
            for code in self.codes:
                if code.is_opened:  # somebody is at it: a new one would only take the number off the screen
                    at = max(at, code.expires_at)
        return at if self.ask_after is None else max(at, self.ask_after)

    def _due(self) -> Code | None:
        due = None
        for code in self.codes:
            if due is None or code.due_at < due.due_at:
                due = code
        return due

    def _ask(self, now: int) -> Send:
        self.sent_at = now
        self.state = "asking"
        if not self.codes and self.patient_until is None:
            self.patient_until = now + self._patience_for
        form = [("client_id", self._client_id)]
        if self._scope:
            form.append(("scope", self._scope))
        if self._device_name:
            form.append(("device_name", self._device_name))
        if self.shows_match:
            form.append(("match", "1"))  # ours: said at once, so that the server knows before a phone asks
        form.extend(self._demands)
        return Send("device_authorization", tuple(form))

    def _poll(self, code: Code, asks_at: int | None, now: int) -> Send:
        self.sent_at = now
        self.state = "polling"
        self.last_polled = code
        form = [("grant_type", GRANT_TYPE), ("device_code", code.device_code), ("client_id", self._client_id)]
        if self.shows_match and code.takes_match:
            form.append(("match", "1"))
        # Never ask to be held past the end of the code: the answer would only say what the clock says already.
        until = code.expires_at if asks_at is None else min(code.expires_at, asks_at)
        hold_for = min(self.hold_for, (until - now) // 1000)
        if len(self.codes) > 1:  # both are asked in turns, so that neither waits for the other
            hold_for = min(hold_for, code.pace.interval // 2000)
        return Send("token", tuple(form), max(0, hold_for))

    def _turn(self, heard: str, answer: object, now: int, retry_after_for: int) -> None:
        for state, meaning, following, action in TABLE:
            if state == self.state and meaning in (heard, "*"):
                self.state = following
                action(self, heard, answer if isinstance(answer, dict) else {}, now, retry_after_for)
                return

    def polled(self) -> Code:
        """The code that the last poll asked for, or the one that has just come."""
        if self.last_polled is None:
            raise OutOfTurn("no code was asked for yet")
        return self.last_polled

    def wait_until(self, instant: int, why: str) -> None:
        """The code that was polled last is due at `instant`."""
        self.polled().due_at = instant
        self.why = why

    def stop(self, reason: str, detail: str) -> None:
        """It ends here, whatever codes there are."""
        self.codes = []
        self.state = "stopped"
        self.end = Stop(reason, detail)


def _is_usable(answer: object) -> bool:
    # RFC 6749 sections 5.1 and 7.1: the type is case-insensitive, and a type that is not understood is not used.
    return text(answer, "token_type").lower() in ("bearer", "dpop")
