"""The display `kiosk`: keeps the page's state, tells whoever watches, and hears the button for another try."""

import contextlib
import json
import os
import threading
import time

from device_agent.displays import qr
from device_agent.displays.kiosk import door
from device_agent.displays.kiosk.browser import Browser
from device_agent.displays.kiosk.page import Page
from device_agent.displays.port import Look, write
from device_agent.exits import USAGE, Failure

SEEN_WITHIN = 2.0  # seconds for the last state to reach the pages that listen
LOOKED_AT_WITHIN = 60.0  # and for a person without scripts to press "Check now"
READ_FOR = 8.0  # how long our own browser shows the end


class Kiosk:
    """`show` may be called in one thread while the page is read and pressed in others."""

    has_keys = False

    def __init__(self, look: Look, argument: str = "") -> None:
        if argument and not (argument.isdecimal() and int(argument) < 65_536):
            raise _wrong(f"--display kiosk:{argument} names no port.")
        self._page = Page(look.words)
        self._changed = threading.Condition()
        self._version = 1
        self._listeners: set[int] = set()  # the threads that push
        self._heard = 0  # the latest version that was pushed
        self._viewed = 0  # and the one that was last read as a page
        self._is_open = True
        self.again, self._pressed = os.pipe()
        os.set_blocking(self.again, False)
        port = int(argument or 0)
        self._door = door.start(self, port, lambda why: _wrong(f"The kiosk's port {port} cannot be used: {why}."))
        self._browser = Browser(look, self._door.url)
        self._announce(look)

    @property
    def url(self) -> str:
        """Where the page is."""
        return self._door.url

    @property
    def has_browser(self) -> bool:
        """Whether a browser of ours shows it."""
        return self._browser.is_running

    def prepare(self) -> None:
        """Load the QR encoder."""
        qr.load()

    def show(self, state: str, **facts: object) -> None:
        """Turn the page to this state."""
        with self._changed:
            before = self._page.parts()
            self._page.turn(state, facts)
            if self._page.parts() != before:
                if self._page.has_again:
                    self._forget_presses()
                self._version += 1
                self._changed.notify_all()

    def hide(self) -> None:
        """The TV's page has no such key."""

    def close(self) -> None:
        """Let the last state be seen, then serve no more."""
        if not self._is_open:
            return
        with contextlib.suppress(KeyboardInterrupt):  # then a second look is not wanted
            self._linger()
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        self._door.close()
        self._browser.close()
        os.close(self._pressed)
        os.close(self.again)

    def html(self) -> str:
        """The page as it is now."""
        with self._changed:
            self._viewed = self._version
            self._changed.notify_all()
            return self._page.html()

    def event(self, after: int, within: float) -> "tuple[int, str] | None":
        """The page's parts as JSON once they differ from version `after`; None when they did not in time."""
        me = threading.get_ident()
        with self._changed:
            self._listeners.add(me)
            self._heard = max(self._heard, after)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._version > after or not self._is_open, within)
            if self._version <= after:
                return None
            return self._version, json.dumps(self._page.parts())

    def leave(self) -> None:
        """Whoever listened in this thread has gone."""
        with self._changed:
            self._listeners.discard(threading.get_ident())
            self._changed.notify_all()

    def press(self) -> bool:
        """The button was pressed; whether there is one just now."""
        with self._changed:
            if self._page.has_again and self._is_open:
                os.write(self._pressed, b".")
                return True
            return False

    def is_open(self) -> bool:
        """Whether there is anything to come."""
        return self._is_open

    def _forget_presses(self) -> None:
        try:
            os.read(self.again, 1_024)
        except BlockingIOError:
            return  # there were none

    def _linger(self) -> None:
        with self._changed:
            last = self._version
            if self._listeners or (self._viewed and self._page.is_final):
                within = SEEN_WITHIN if self._listeners else LOOKED_AT_WITHIN
                self._changed.wait_for(lambda: max(self._viewed, self._heard) >= last, within)
        if self._browser.is_running:
            time.sleep(READ_FOR)

    def _announce(self, look: Look) -> None:
        if look.is_json:
            look.out.write(json.dumps({"event": "kiosk", "url": self._door.url}) + "\n")
            look.out.flush()
        else:
            write(look.stream, look.words("tv.address", url=self._door.url) + "\n")
        if look.is_browser_opened and not self._browser.is_running:
            write(look.stream, look.words("tv.no_browser") + "\n")


def _wrong(what: str) -> Failure:
    return Failure(USAGE, "usage", what, "Write kiosk, or kiosk:PORT with a free port.")
