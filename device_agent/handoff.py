"""Handing the address to this machine's browser or clipboard; never fatal, never on the screen."""

import base64
import os
import shutil
import subprocess
import sys

OPENERS = (("xdg-open",), ("open",), ("wslview",))
CLIPBOARDS = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("", ("pbcopy",)),
    ("", ("clip.exe",)),
)


def open_address(address: str) -> bool:
    """Start the browser, its output thrown away. Whether an opener was found."""
    if not address.startswith(("https://", "http://")):
        return False
    for command in OPENERS:
        if shutil.which(command[0]):
            quiet = subprocess.DEVNULL
            try:
                subprocess.Popen(  # it outlives us
                    [*command, address], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
                )
            except OSError:
                continue
            return True
    return False


def copy(address: str) -> bool:
    """Put the address into the clipboard. True only when a program took it, or a terminal was asked to."""
    for variable, command in CLIPBOARDS:
        if (not variable or os.environ.get(variable)) and shutil.which(command[0]):
            try:
                done = subprocess.run(
                    list(command), input=address.encode(), capture_output=True, timeout=2, check=False
                )
            except (OSError, subprocess.TimeoutExpired):
                continue
            if done.returncode == 0:
                return True
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "linux"):
        sys.stderr.write(f"\x1b]52;c;{base64.b64encode(address.encode()).decode()}\x07")
        sys.stderr.flush()
        return True
    return False
