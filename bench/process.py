"""Processes of our own: started, watched through /proc, and ended by their id."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .cores import on_server_core

READY_WITHIN = 60.0
_TICK = os.sysconf("SC_CLK_TCK")
_NOT_OURS = ("PORCHLIGHT_", "PYTHONDONTWRITEBYTECODE")


class Server:
    """A server under test: its port, its processes, what it has used."""

    def __init__(self, process: "subprocess.Popen[str]", ready: str) -> None:
        self._process = process
        self.ready = ready
        self.port = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Processor time of the server so far, its children's too."""
        return sum(_cpu_seconds(pid) for pid in _family(self.pid))

    def resident_mib(self) -> float:
        """Resident memory now (VmRSS), its children's too."""
        return sum(_resident_mib(pid) for pid in _family(self.pid))


@contextmanager
def running(argv: Sequence[str], log: Path, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server on its core, from its first line on stdout until the end of the block. It logs to the file `log`."""
    with log.open("w") as sink, on_server_core():
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            env=own_environ(environ),
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        if not ready:
            raise RuntimeError(f"{argv[0]} did not start:\n{log.read_text()[-2_000:]}")
        yield Server(process, ready)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def own_environ(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without the settings of another Porchlight; bytecode is cached, as in every installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
    return kept | dict(more or {})


def settle(server: Server, *, within: float = 10.0) -> float:
    """Wait until the server's memory stands still (half a second without a change); what it is then, in MiB."""
    deadline = time.monotonic() + within
    before, now = -1.0, server.resident_mib()
    while before != now and time.monotonic() < deadline:
        time.sleep(0.5)
        before, now = now, server.resident_mib()
    return now


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(each for child in children for each in _family(int(child)))]


def _cpu_seconds(pid: int) -> float:
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(parts[11]) + int(parts[12])) / _TICK


def _resident_mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)
