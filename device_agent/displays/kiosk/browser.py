"""Chromium in kiosk mode, on a Raspberry Pi for one; never fatal, and closed when the agent is done.

The page's address is a secret of this user and never an argument, which others could list: the browser is given a file
that leads there. The same file, `kiosk.html` in the state folder, serves a browser that was set up by hand.
"""

import contextlib
import os
import shutil
import subprocess

from device_agent.displays.port import Look

BROWSERS = ("chromium-browser", "chromium", "google-chrome-stable", "google-chrome")
FLAGS = ("--kiosk", "--noerrdialogs", "--no-first-run", "--disable-session-crashed-bubble", "--disable-sync")
CLOSE_WITHIN = 5.0


class Browser:
    """The file that leads to the page, and the browser if one was wanted and found."""

    def __init__(self, look: Look, url: str) -> None:
        self._path = os.path.join(look.state_dir, "kiosk.html") if look.state_dir else ""
        self._process: subprocess.Popen[bytes] | None = None
        if self._path and self._lead_to(url) and look.is_browser_opened:
            self._open(look.state_dir)

    @property
    def is_running(self) -> bool:
        """Whether our browser shows the page."""
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        """Take the file away and end the browser."""
        if self._path:
            with contextlib.suppress(OSError):  # it was never written
                os.unlink(self._path)
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(CLOSE_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _lead_to(self, url: str) -> bool:
        page = (
            f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={url}"><title>TV</title>\n'
        )
        try:
            os.makedirs(os.path.dirname(self._path), 0o700, exist_ok=True)
            new = f"{self._path}.{os.getpid()}"
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(page)
            os.replace(new, self._path)
        except OSError:
            return False
        return True

    def _open(self, state_dir: str) -> None:
        profile = f"--user-data-dir={os.path.join(os.path.abspath(state_dir), 'kiosk-browser')}"
        for name in BROWSERS:
            path = shutil.which(name)
            if path:
                quiet = subprocess.DEVNULL
                address = "file://" + os.path.abspath(self._path)
                try:
                    self._process = subprocess.Popen(
                        [path, *FLAGS, profile, address], stdin=quiet, stdout=quiet, stderr=quiet
                    )
                except OSError:
                    continue
                return
