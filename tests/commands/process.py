"""Runs the real `porchlight` as processes of its own over one storage, with a clean environment."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest
import requests

from server.commands import main
from server.desk.passwords import hash_password
from server.oauth.account import Account
from server.oauth.client import Client
from server.oauth.device import GRANT_TYPE
from server.storage import open_storage
from tests.house import PASSWORD, SCOPES, Phone, Street, browser

ROOT = Path(__file__).parents[2]
WITHIN = 40
TV = ("--client-id", "tv", "--name", "Aurora TV", "--grant", "device_code", "refresh_token")
ALL_SCOPES = ("--scope", "profile readings:read readings:write")


@dataclass
class Ended:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def told(capsys: pytest.CaptureFixture[str], *command: str, data: Path | None = None) -> tuple[int, str, str]:
    """A command in this process: its code and what it said. For refusals, which need no process of their own."""
    try:
        code = main((*command, "--data-dir", str(data)) if data else command)
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr()
    return code, said.out, said.err


def furnish_at(url: str) -> None:
    """What `Porchlight.furnish` does, without two processes: for stories that begin later."""

    async def furnish() -> None:
        store, now = open_storage(url), time.time_ns() // 1_000_000
        await store.open(lambda news: None)
        await store.add_client(Client("tv", "Aurora TV", (GRANT_TYPE, "refresh_token"), SCOPES, now))
        await store.add_account(Account("account-ana", "ana", "Ana", hash_password(PASSWORD), now))
        await store.close()

    asyncio.run(furnish())


@dataclass
class Served(Street):
    """A running `porchlight serve`, reached over HTTP; `log` is what it said on standard error so far."""

    process: "subprocess.Popen[str]"
    ready: dict[str, Any]
    _log: IO[str]
    web: requests.Session = field(default_factory=browser)
    _phones: dict[str, Phone] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return str(self.ready["issuer"])

    @property
    def address(self) -> str:
        return f"{self.issuer.partition(':')[0]}://127.0.0.1:{self.ready['port']}"

    @property
    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Tell it to stop; how many seconds it took. It must end by itself, with 0 (or by the signal, for SIGKILL)."""
        begun = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(WITHIN)
        assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0), self.log
        return time.monotonic() - begun

    def kill(self) -> None:
        """`kill -9`."""
        self.stop(signal.SIGKILL)
        self.close()


@dataclass
class Porchlight:
    """The operator's command line over one storage: that of `url`, else the one in the folder `data`."""

    data: Path
    url: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, *command: str, **more: Any) -> "subprocess.Popen[str]":
        """Start and return the process; whoever calls ends it."""
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "-m", "server.commands", *command],
            cwd=ROOT,
            env=self.plain_environment(),
            text=True,
            encoding="utf-8",
            **(pipes | more),
        )

    def run(self, *command: str, stdin: str = "") -> Ended:
        """Run to the end."""
        with self.start(*command) as process:
            try:
                out, err = process.communicate(stdin, timeout=WITHIN)
            finally:
                process.kill()
        return Ended(process.returncode, out, err)

    def do(self, *command: str, stdin: str = "") -> Any:
        """Run it with `--json`; it must work, and say nothing else. Its answer."""
        ended = self.run(*command, "--json", stdin=stdin)
        assert (ended.code, ended.err) == (0, ""), ended
        return ended.json

    def furnish(self) -> "Porchlight":
        """The public client `tv`, and `ana`, whose password is `PASSWORD`."""
        self.do("client", "add", *TV, *ALL_SCOPES)
        self.do("user", "add", "ana", "--name", "Ana", "--password-stdin", stdin=PASSWORD + "\n")
        return self

    @contextmanager
    def serve(self, *flags: str, port: int = 0, mqtt: bool = False) -> Iterator[Served]:
        """A server that is ready, killed at the end if it runs still."""
        ports = ("--port", str(port), "--mqtt-port", "0" if mqtt else "-1")
        with tempfile.TemporaryFile("w+") as log:
            process = self.start("serve", *ports, "--json", *flags, stdin=subprocess.DEVNULL, stderr=log)
            try:
                served = Served(process, ready_line(process, log), log)
                yield served
                served.close()
            finally:
                process.kill()
                process.wait(WITHIN)
                assert process.stdout is not None
                process.stdout.close()

    def plain_environment(self) -> dict[str, str]:
        """What a plain login shell would have, and no settings of whoever runs the tests."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        storage = {"PORCHLIGHT_DATABASE_URL": self.url} if self.url else {}
        strict = {"PYTHONUTF8": "1", "PYTHONWARNINGS": "error"}
        return {**kept, **strict, "PORCHLIGHT_DATA_DIR": str(self.data), **storage, **self.environment}


def ready_line(process: "subprocess.Popen[str]", log: IO[str]) -> dict[str, Any]:
    """The line that says a server is ready; fails when none comes in time."""
    assert process.stdout is not None
    late = threading.Timer(WITHIN, process.kill)
    late.start()
    line = process.stdout.readline()
    late.cancel()
    log.seek(0)
    assert line, f"the server did not get ready:\n{log.read()}"
    ready: dict[str, Any] = json.loads(line)
    return ready
