"""What the flow tells its body to do next: Send, Show, Opened, Wait, Done or Stop."""


class Send:
    """POST `form` (pairs of strings) to the endpoint named `to`, then call `received` or `lost`.

    `hold_for`: whole seconds to ask for with `Prefer: wait=N` (RFC 7240 section 4.3); 0 sends no such header.
    """

    kind = "send"

    def __init__(self, to: str, form: tuple[tuple[str, str], ...], hold_for: int = 0) -> None:
        self.to = to
        self.form = form
        self.hold_for = hold_for


class Show:
    """Put the code before a person. `expires_at` is an instant of the caller's own clock, in milliseconds.

    `verification_uri_complete` is "" when the server gave none. `is_renewal`: it takes the place of a code that is
    about to end and works a little longer. The device code is deliberately not here (DEV-17).
    """

    kind = "show"

    def __init__(
        self,
        user_code: str,
        verification_uri: str,
        verification_uri_complete: str,
        expires_at: int,
        is_renewal: bool = False,
    ) -> None:
        self.user_code = user_code
        self.verification_uri = verification_uri
        self.verification_uri_complete = verification_uri_complete
        self.expires_at = expires_at
        self.is_renewal = is_renewal


class Opened:
    """A phone has opened the code: show `match`, two digits to compare ("": there are none), in place of the QR.

    The code stands still until the instant `expires_at`. Told only to a body that said it can show this.
    """

    kind = "opened"

    def __init__(self, match: str, expires_at: int) -> None:
        self.match = match
        self.expires_at = expires_at


class Wait:
    """Nothing to do before the instant `until` (milliseconds); asking again earlier does no harm.

    `why` is one of "pace", "slow_down", "lost", "busy", "fresh".
    """

    kind = "wait"

    def __init__(self, until: int, why: str) -> None:
        self.until = until
        self.why = why


class Done:
    """The tokens: `answer` is the 200 of the token endpoint, whose lifetime counts from `received_at`."""

    kind = "done"

    def __init__(self, answer: dict[str, object], received_at: int) -> None:
        self.answer = answer
        self.received_at = received_at


class Stop:
    """It ended without tokens. `reason` is one of the words below; `detail` is the server's own error word or "".

    denied, expired, refused (any other error), broken (a 200 that makes no sense), unreachable, busy (rate-limited
    or failing for longer than the patience), signed_out (the refresh token is no longer good).
    """

    kind = "stop"

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail


class OutOfTurn(Exception):
    """The driver broke the turn-taking: an answer nobody waits for, or a step asked for while one is under way."""
