"""What a kept sign-in can do: hand out an access token that is fresh, and call the API with it over HTTP."""

import time

from device_agent.discovery import Server, discover, unreachable, untrusted
from device_agent.exits import ERROR, NETWORK, Failure
from device_agent.flow.refresh import Refresh
from device_agent.flow.steps import Done, Send, Stop, Wait
from device_agent.http.answer import Answer
from device_agent.http.client import Http
from device_agent.http.errors import Unreachable, Untrusted
from device_agent.key_file import key_of
from device_agent.possession import Possession
from device_agent.token_file import TokenFile
from device_agent.tokens import Tokens

PATIENCE = 15_000  # how long a command waits for a server that is away before it says so


def now() -> int:
    """Milliseconds of a clock that only counts forward; the wall clock may be wrong and may jump."""
    return time.monotonic_ns() // 1_000_000


class Session:
    """The sign-in in `file`, used at `server` with the key that it is bound to. Not for several threads at once."""

    def __init__(self, road: Possession, file: TokenFile, tokens: Tokens, server: Server | None = None) -> None:
        self.road = road
        self.file = file
        self.tokens = tokens
        self._server = server
        self._take(tokens)

    @property
    def server(self) -> Server:
        """The server's metadata, asked for once."""
        if self._server is None:
            self._server = discover(self.road.http, self.tokens.issuer)
        return self._server

    def due_at(self) -> int:
        """The instant at which `fresh_token` has something to do."""
        return self._refresh.due_at

    def fresh_token(self, patience_for: int = PATIENCE) -> str:
        """An access token that is not about to end. It is on disk before it is returned.

        Raises Failure when the sign-in has ended, or when the token has ended and the server is away.
        """
        give_up_at = now() + patience_for
        while True:
            step = self._refresh.next(now())
            if isinstance(step, Send):
                self._try_to_renew(step)
            elif isinstance(step, Stop):
                raise _signed_out(step)
            elif isinstance(step, Wait):
                is_good = step.why == "fresh" or now() < self._refresh.expires_at
                # A renewal whose answer was lost has spent the token. For a minute the server repeats that answer to
                # the holder of the key: after that it would take the repetition for theft.
                save_until = self._refresh.doubt_until if self.tokens.jkt else 0
                if is_good and step.until > save_until:
                    return self.tokens.access_token
                if step.until > max(give_up_at, save_until):
                    raise Failure(NETWORK, "unreachable", "The server does not answer.", "Try again in a minute.")
                time.sleep(max(0, step.until - now()) / 1000)

    def hurry(self) -> None:
        """The server refused the token: renew it at the next call."""
        self._refresh.hurry(now())

    def remember(self, name: str, username: str) -> None:
        """Keep whose sign-in this is, for when the server cannot be asked."""
        if (name, username) == (self.tokens.name, self.tokens.username):
            return
        with self.file.lock(), self.file.reserve() as room:
            tokens = Tokens({**self.tokens.values(), "name": name, "username": username})
            room.keep(tokens)
            self.tokens = tokens

    def ask(self, method: str, url: str, body: object = None) -> Answer:
        """One call with the token, and once more with a fresh one if it is refused. Raises Failure when unreachable."""
        answer = self._ask_once(method, url, body)
        if answer.status == 401 and not _wants_new_sign_in(answer):
            self.hurry()
            answer = self._ask_once(method, url, body)
        return answer

    def _ask_once(self, method: str, url: str, body: object) -> Answer:
        import json

        token = self.fresh_token()
        raw = json.dumps(body).encode() if body is not None else b""
        try:
            return self.road.ask(method, url, token, self.tokens.scheme, raw)
        except Untrusted as error:
            raise untrusted(error) from None
        except Unreachable as error:
            raise unreachable(error) from None

    def _take(self, tokens: Tokens) -> None:
        self.tokens = tokens
        received_at = now() - tokens.age_for()
        self._refresh = Refresh(tokens.client_id, tokens.refresh_token, received_at, tokens.lifetime_for, jitter)

    def _try_to_renew(self, step: Send) -> None:
        try:
            self._renew(step)
        except Failure as failure:
            if self._refresh.state != "refreshing" or failure.word == "signed_out":
                raise
            # Nothing was sent: a full disk or a server that is away matter only once the token in hand has ended.
            self._refresh.lost(now(), is_sent=False)
            if now() >= self._refresh.expires_at:
                raise

    def _renew(self, step: Send) -> None:
        # Two processes that use the same refresh token look like a thief to the server: one at a time, and whoever
        # comes second takes what the first one got.
        with self.file.lock():
            kept = self.file.load()
            if kept is None:
                raise _signed_out(Stop("signed_out"))
            if kept.refresh_token != self.tokens.refresh_token:
                self._take(kept)
                return
            with self.file.reserve() as room:
                self._send(step)
                done = self._refresh.next(now())
                if isinstance(done, Done):
                    tokens = self.tokens.renewed(done.answer)
                    room.keep(tokens)
                    self.tokens = tokens
            if not self._refresh.doubt_until:
                self.file.unmark()

    def _send(self, step: Send) -> None:
        endpoint = self.server.token_endpoint
        try:
            self.file.mark()
            answer = self.road.post_form(endpoint, step.form)
        except Untrusted as error:
            if not self._refresh.doubt_until:
                self.file.unmark()
            raise untrusted(error) from None
        except Unreachable as error:
            self._refresh.lost(now(), error.is_sent)
        except OSError as error:
            raise self.file.unwritable(error) from None
        else:
            self._refresh.received(answer.status, answer.json(), now(), answer.retry_after_for())


def open_session(http: Http, file: TokenFile, key: str = "auto") -> Session:
    """The Session of the sign-in on this device. Raises Failure when nobody is signed in, or the key it needs is gone.

    With `key` "on" a sign-in that is bound to no key is refused.
    """
    tokens = file.load()
    if tokens is None:
        raise Failure(ERROR, "signed_out", "Nobody is signed in on this device.", "Run porchlight-agent login.")
    if key == "on" and not tokens.jkt:
        raise Failure(ERROR, "not_bound", "This sign-in is bound to no key.", "Run porchlight-agent login --key on.")
    session = Session(Possession(http, key_of(tokens, file)), file, tokens)
    if tokens.jkt and file.is_marked():
        session.hurry()  # the process before this one was ended before it heard the answer: ask for it again
    return session


def jitter(gap: int) -> int:
    """Up to half the gap more, drawn anew each time."""
    import random

    return int(gap * random.random() / 2)  # noqa: S311  # spreads load, guards nothing


def _wants_new_sign_in(answer: Answer) -> bool:
    # A fresh token of the same sign-in would be refused like this one (RFC 9470 section 5).
    from device_agent.step_up import demanded

    return demanded(answer) is not None


def _signed_out(stop: Stop) -> Failure:
    if stop.reason == "signed_out":
        return Failure(
            ERROR, "signed_out", "This device was signed out elsewhere, or too long ago.", "Run porchlight-agent login."
        )
    return Failure(
        ERROR, "refused", f"The server refused to renew the sign-in ({stop.detail}).", "Run porchlight-agent login."
    )
