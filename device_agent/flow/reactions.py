"""What each answer does to a sign-in, as a table (RFC 8628 sections 3.2 and 3.5)."""

from device_agent.flow.answers import seconds, text
from device_agent.flow.codes import Code
from device_agent.flow.steps import Done, Opened, Show, Stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device_agent.flow.sign_in import SignIn


def _keep_codes(flow: "SignIn", heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    code = Code(answer, now, flow.jitter)
    is_renewal = flow.asks_left <= flow.renewals
    flow.asks_left -= 1
    flow.ask_after = flow.patient_until = None
    flow.ask_pace.steady()
    flow.codes.append(code)
    flow.pace = code.pace
    flow.news = Show(code.user_code, code.verification_uri, code.verification_uri_complete, code.expires_at, is_renewal)
    flow.last_polled = code
    # A server that holds requests wants the first one at once; a plain one has not been asked yet, but the interval
    # is "between polling requests" and many count from the start (Abblix Oidc.Server#281).
    flow.wait_until(now if flow.hold_for else now + code.pace.interval, "pace")


def _start_later(flow: "SignIn", heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    due_at = now + flow.ask_pace.back_off(retry_after_for)
    flow.ask_after, flow.why = due_at, heard
    if flow.codes:
        flow.state = "waiting"  # the code on the screen is still good
    elif flow.patient_until is not None and due_at > flow.patient_until:
        flow.stop("unreachable" if heard == "lost" else "busy", text(answer, "error"))


def _start_never(flow: "SignIn", heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    end = Stop(heard if heard == "broken" else "refused", text(answer, "error"))
    if flow.codes:
        flow.state = "waiting"
        flow.asks_left, flow.last_words = 0, end
    else:
        flow.stop(end.reason, end.detail)


def _poll_later(flow: "SignIn", heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    code = flow.polled()
    if code.hear(answer, now):
        if flow.shows_match:
            flow.news = Opened(code.match, code.expires_at)
        if flow.hold_for:
            # An answer that was let go for its news is no poll: the decision may follow within a second.
            code.pace.steady()
            flow.wait_until(now, "pace")
            return
    # A held answer was under way for most of the interval already: it counts from the sending. Otherwise from the
    # answer, which no server can take for early.
    flow.wait_until((flow.sent_at if flow.hold_for else now) + code.pace.steady(), "pace")


def _poll_slower(flow: "SignIn", heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    slower = flow.polled().pace.slow_down(seconds(answer, "interval", 0))
    flow.wait_until(now + max(slower, retry_after_for), "slow_down")


def _poll_after_loss(flow: "SignIn", heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow.wait_until(now + flow.polled().pace.back_off(retry_after_for), heard)


def _keep_tokens(flow: "SignIn", heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow.codes = []
    flow.end = Done(answer, now)


def _drop(flow: "SignIn", heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow.codes.remove(flow.polled())
    is_over = not flow.codes and (heard != "expired" or not flow.asks_left)
    if is_over:
        flow.stop("expired" if heard == "expired" else "refused", text(answer, "error"))


def _stop_as_heard(flow: "SignIn", heard: str, answer: dict[str, object], now: int, retry_after_for: int) -> None:
    flow.stop(heard, text(answer, "error"))


# (state, what was heard, next state, action); the first row that fits counts, "*" is any other answer.
TABLE = (
    ("asking", "good", "showing", _keep_codes),
    ("asking", "lost", "starting", _start_later),
    ("asking", "busy", "starting", _start_later),
    ("asking", "*", "starting", _start_never),
    ("polling", "good", "done", _keep_tokens),
    ("polling", "pending", "waiting", _poll_later),
    ("polling", "slow_down", "waiting", _poll_slower),
    ("polling", "lost", "waiting", _poll_after_loss),
    ("polling", "busy", "waiting", _poll_after_loss),
    ("polling", "denied", "stopped", _stop_as_heard),
    ("polling", "broken", "stopped", _stop_as_heard),
    # RFC 8628 section 3.5: any other error ends the polling of that code, and all of it when no other code is left.
    ("polling", "*", "waiting", _drop),
)
