"""The body of the flow: a loop that does what `flow.next` says, and shows what it learns."""

import time

from device_agent.discovery import Server, untrusted
from device_agent.exits import EXPIRED, Failure
from device_agent.flow.answers import text
from device_agent.flow.sign_in import SignIn
from device_agent.flow.steps import Done, Opened, Send, Show, Stop, Wait
from device_agent.http.errors import Unreachable, Untrusted
from device_agent.http.url import split_url
from device_agent.keyboard import Keyboard
from device_agent.possession import Possession
from device_agent.session import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from device_agent.displays.port import Display

REDRAW_EVERY = 30_000  # the minutes on the screen
RENEWED_FOR = 30_000  # how long a code is called new


class Agent:
    """One sign-in on one display. `shown` is called with the addresses once a code is on the screen.

    `keys` is what the display says about the keys of this terminal, "" where none are heard.
    """

    def __init__(
        self,
        road: Possession,
        server: Server,
        flow: SignIn,
        display: "Display",
        shown: "Callable[[str, str], str]",
        keys: str = "",
    ) -> None:
        self._road = road
        self._server = server
        self._flow = flow
        self._display = display
        self._shown = shown
        self._host = split_url(server.issuer)[1]
        self._keys = keys
        self._code: dict[str, object] = {}
        self._state = "waiting"
        self._renewed_until = 0
        self._expires_at = 0

    def sign_in(self, give_up_at: int | None) -> Done | Stop:
        """Run the flow to its end. Raises Failure at `give_up_at`, or when the server cannot be trusted."""
        with Keyboard(self.press) as self._keyboard:
            return self._drive(give_up_at)

    def _drive(self, give_up_at: int | None) -> Done | Stop:
        while True:
            step = self._flow.next(now())
            if isinstance(step, Done | Stop):
                return step
            if give_up_at is not None and now() >= give_up_at:
                raise Failure(
                    EXPIRED, "timeout", "Nobody signed in within --timeout.", "Run porchlight-agent login again."
                )
            if isinstance(step, Send):
                self._send(step, give_up_at)
            elif isinstance(step, Show):
                self._show(step)
            elif isinstance(step, Opened):
                self._meet_phone(step)
            else:
                self._wait(step, give_up_at)

    def _send(self, step: Send, give_up_at: int | None) -> None:
        server = self._server
        is_start = step.to == "device_authorization"
        url = server.device_authorization_endpoint if is_start else server.token_endpoint
        hold_for = step.hold_for
        if give_up_at is not None:
            hold_for = max(0, min(hold_for, (give_up_at - now()) // 1000))
        try:
            answer = self._road.post_form(url, step.form, hold_for, self._display.prepare if is_start else None)
        except Untrusted as error:
            raise untrusted(error) from None
        except Unreachable:
            self._flow.lost(now())
        else:
            self._flow.received(answer.status, answer.json(), now(), answer.retry_after_for(), answer.held_for())

    def _show(self, step: Show) -> None:
        hint = text(self._code, "hint")
        self._code = {
            "user_code": step.user_code,
            "verification_uri": step.verification_uri,
            "verification_uri_complete": step.verification_uri_complete,
            "keys": self._keys,
        }
        self._expires_at = step.expires_at
        self._state = "renewed" if step.is_renewal else "waiting"
        self._renewed_until = now() + RENEWED_FOR
        self._redraw()
        if not step.is_renewal:  # a browser is not opened, nor a clipboard filled, without a person
            hint = self._shown(step.verification_uri, step.verification_uri_complete)
        if hint:
            self.hint(hint)
        if self._keys:
            self._keyboard.listen()  # once the code is there: it must not wait for this

    def _meet_phone(self, step: Opened) -> None:
        self._code = {**self._code, "match": step.match}
        self._expires_at = step.expires_at
        self._state = "phone_connected"
        self._redraw()

    def hint(self, hint: str) -> None:
        """Say something beside the code."""
        self._code = {**self._code, "hint": hint}
        self._redraw()

    def press(self, key: str) -> None:
        """Do what a key stands for, while the code is on the screen."""
        from device_agent import handoff

        address = text(self._code, "verification_uri_complete") or text(self._code, "verification_uri")
        if key == "h":
            self._display.hide()
        elif key == "o":
            self.hint("The browser is opening." if handoff.open_address(address) else "There is no browser here.")
        elif key == "c":
            is_copied = handoff.copy(text(self._code, "user_code"))
            self.hint("The code is in the clipboard." if is_copied else "There is no clipboard here.")

    def _redraw(self) -> None:
        if self._state == "renewed" and now() >= self._renewed_until:
            self._state = "waiting"
        left_for = max(0, self._expires_at - now()) // 1000
        wall_clock = int(time.time()) + left_for  # for programs that read events; nothing here relies on it
        more = {"expires_in": left_for, "expires_at": wall_clock, "renews": int(self._flow.renews)}
        self._display.show(self._state, **{**self._code, **more})

    def _wait(self, step: Wait, give_up_at: int | None) -> None:
        left_for = max(0, step.until - now())
        if step.why == "lost":
            self._display.show("offline", host=self._host)
        elif step.why == "busy":
            self._display.show("rate_limited", host=self._host, seconds=left_for // 1000)
        elif self._code:
            self._redraw()
        until = min(step.until, now() + REDRAW_EVERY, give_up_at if give_up_at is not None else step.until)
        time.sleep(max(0, until - now()) / 1000)
