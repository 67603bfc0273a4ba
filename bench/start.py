"""The device: from the start of `porchlight-agent login` to the QR code on a terminal of 80x24.

Beside it a bare interpreter with urllib and json that starts a sign-in on the same server and prints the code: the
least that any device in Python could do.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from .figure import Figure
from .house import CLIENT_ID, House, serving
from .plan import Plan, middle, percentile
from .process import own_environ

PATIENCE = 20.0
AGENT, LEAST, IMPORTS = "porchlight-agent login to QR", "urllib + json to code", "urllib + json imported"
_LEAST = """
import json, sys, urllib.request
body = f"client_id={sys.argv[2]}".encode()
with urllib.request.urlopen(sys.argv[1] + "/device_authorization", body) as answer:
    print(json.load(answer)["user_code"], "SEEN", flush=True)
"""
_IMPORTS = "import json, urllib.request; print('SEEN', flush=True)"
_WHITE = b"107m"  # every row of a QR code has cells on white
_ROWS = 12  # at least: two modules a row, the smallest code has 21 and a margin


def run(plan: Plan) -> list[Figure]:
    """Each started afresh in turns, on the load's core; the files are in the cache."""
    with TemporaryDirectory(prefix="porchlight-bench-") as folder, serving() as house:
        kinds = _kinds(house, folder)
        times: dict[str, list[float]] = {name: [] for name, _, _ in kinds}
        for turn in range(-2, plan.pick(40, 20)):
            for name, argv, is_there in kinds:
                took = _time(argv, is_there, folder)
                if turn >= 0:
                    times[name].append(took)
            if turn >= 0 and turn % 10 == 0:
                plan.say(f"start {turn}: the QR after {times[AGENT][-1]:.0f} ms")
    figures = [
        Figure(f"{name}, p50", middle(found), "ms", note=f"p95 {percentile(found, 0.95):.1f} ms, {len(found)} starts")
        for name, found in times.items()
    ]
    ratio = middle(times[AGENT]) / middle(times[LEAST])
    return [*figures, Figure(f"{AGENT} to {LEAST}", ratio, "x", 1.25, 1.4, is_less_better=True)]


def _kinds(house: House, folder: str) -> list[tuple[str, list[str], Callable[[bytes], bool]]]:
    """Name, command, and how its output tells that it is there."""
    agent = str(Path(sys.executable).with_name("porchlight-agent"))
    login = [
        agent,
        "login",
        "--server",
        house.issuer,
        "--client-id",
        CLIENT_ID,
        "--state-dir",
        folder,
        "--insecure-http",
    ]
    return [
        (AGENT, login, _shows_qr),
        (LEAST, [sys.executable, "-c", _LEAST, house.issuer, CLIENT_ID], _says_so),
        (IMPORTS, [sys.executable, "-c", _IMPORTS], _says_so),
    ]


def _shows_qr(output: bytes) -> bool:
    """Whether the QR code has been drawn to its last row."""
    rows = [row for row in output.split(b"\n") if _WHITE in row]
    return len(rows) >= _ROWS and output.endswith(b"\x1b[J")


def _says_so(output: bytes) -> bool:
    return b"SEEN" in output


def _time(argv: Sequence[str], is_there: Callable[[bytes], bool], folder: str) -> float:
    """Milliseconds from the start of the process to what it shows on a terminal; then it is ended."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environ = own_environ({"TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": folder})
    began = time.perf_counter()
    process = subprocess.Popen(argv, stdin=its, stdout=its, stderr=its, env=environ, start_new_session=True)
    os.close(its)
    try:
        _watch(ours, is_there)
        return (time.perf_counter() - began) * 1_000
    finally:
        process.kill()
        process.wait(10)
        os.close(ours)


def _watch(terminal: int, is_there: Callable[[bytes], bool]) -> None:
    output = b""
    deadline = time.monotonic() + PATIENCE
    while not is_there(output):
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        try:
            part = os.read(terminal, 65_536) if ready else b""
        except OSError:  # it has ended
            part = b""
        if not part:
            raise RuntimeError(f"it never showed what it should:\n{output.decode(errors='replace')[-2_000:]}")
        output += part
