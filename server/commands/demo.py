"""`porchlight demo`: the whole story on one machine. A server, its broker and a TV start; your phone signs the TV in.

Everything is real and separate: the server is `porchlight serve`, the TV is `porchlight-agent`. Nothing is kept.
"""

import argparse
import asyncio
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, cast

from .command import Failed

NAME: Final = "demo"
HELP: Final = "sign a TV in with your phone, on this machine, in a minute"
USERNAME: Final = "demo"
CLIENT_ID: Final = "porchlight-tv"
READY_WITHIN: Final = 30
_READABLE: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--unattended", action="store_true", help="play the phone too, over HTTP on the loopback")


def run(args: argparse.Namespace) -> int:
    host = "127.0.0.1" if args.unattended else lan_address()
    password = "".join(secrets.choice(_READABLE) for _ in range(10))
    for each in (signal.SIGTERM, signal.SIGHUP):  # a closed window tidies up like Ctrl-C
        signal.signal(each, signal.default_int_handler)
    _say("Starting a server and a TV ...")
    with tempfile.TemporaryDirectory(prefix="porchlight-demo-") as folder:
        data, tv_state = Path(folder, "server"), Path(folder, "tv")
        _prepare(data, password)
        with _server(data, host) as ready:
            tv = Tv(str(ready["issuer"]), tv_state, f"Sign in as {USERNAME}, password {password}")
            if args.unattended:
                return _unattended(tv, password)
            return _attended(tv, password)


class Tv:
    """A virtual TV: the agent, run like on a real one. `note` stands beside the code."""

    def __init__(self, issuer: str, state: Path, note: str) -> None:
        self.issuer = issuer
        self._environ = _environ() | {"PORCHLIGHT_AGENT_NOTE": note}
        self._state = state

    def argv(self, *command: str) -> list[str]:
        """The command line of the agent."""
        options = [
            "--server",
            self.issuer,
            "--state-dir",
            str(self._state),
            "--client-id",
            CLIENT_ID,
            "--insecure-http",
        ]
        return [sys.executable, "-m", "device_agent", command[0], *options, *command[1:]]

    def start(self, *command: str, **more: Any) -> "subprocess.Popen[str]":
        """Start it on this terminal."""
        return subprocess.Popen(self.argv(*command), env=self._environ, text=True, **more)

    def run(self, *command: str) -> int:
        """Run it on this terminal; its exit code."""
        # Ctrl-C reaches the agent too, which then has the last word.
        with _ending(self.start(*command), patience=2) as agent:
            return agent.wait()


def lan_address() -> str:
    """This machine's address in the local network, for a phone to reach; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address (RFC 5737): it only picks the interface
            return str(probe.getsockname()[0])
        except OSError:
            raise Failed("this machine has no network a phone could share; try: porchlight demo --unattended") from None


def _prepare(data: Path, password: str) -> None:
    """A person and an app."""
    _porchlight("user", "add", USERNAME, "--name", "Demo", "--password-stdin", "--data-dir", str(data), stdin=password)
    client = ["client", "add", "--client-id", CLIENT_ID, "--name", "Porchlight TV", "--data-dir", str(data)]
    _porchlight(*client, "--grant", "device_code", "refresh_token", "--scope", "profile readings:read readings:write")


def _porchlight(*command: str, stdin: str = "") -> None:
    done = subprocess.run(_argv(*command), input=stdin, text=True, capture_output=True, check=False, env=_environ())
    if done.returncode:
        raise Failed(done.stderr.strip())


def _argv(*command: str) -> list[str]:
    return [sys.executable, "-m", "server.commands", *command]


def _environ() -> dict[str, str]:
    """The environment without settings of another Porchlight: the demo brings its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PORCHLIGHT_")}


@contextmanager
def _server(data: Path, host: str) -> Iterator[dict[str, Any]]:
    """A running server, told to stop at the end; what it said when it was ready."""
    ports = ("--port", "0", "--mqtt-port", "0", "--insecure-http", "--json")
    argv = _argv("serve", "--data-dir", str(data), "--host", host, *ports)
    with Path(data, "server.log").open("w+") as log:
        # A session of its own: Ctrl-C is for the TV in front, the server is stopped when that has ended.
        server = subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=log, text=True, env=_environ(), start_new_session=True
        )
        with _ending(server):
            yield _ready(server, log)


@contextmanager
def _ending(process: "subprocess.Popen[str]", patience: float = 0) -> Iterator["subprocess.Popen[str]"]:
    """The process, which has ended afterwards: by itself within `patience` seconds, or told to."""
    try:
        yield process
    finally:
        if process.poll() is None:
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(each, signal.SIG_IGN)  # an impatient second Ctrl-C would leave something behind
            _end(process, patience)
        if process.stdout is not None:
            process.stdout.close()


def _end(process: "subprocess.Popen[str]", patience: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
        return
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(READY_WITHIN)
        return
    process.kill()
    process.wait()


def _ready(server: "subprocess.Popen[str]", log: IO[str]) -> dict[str, Any]:
    said = cast("IO[str]", server.stdout)
    heard, _, _ = select.select([said], [], [], READY_WITHIN)
    line = said.readline() if heard else ""
    if not line:
        _end(server, 0)
        log.seek(0)
        raise Failed(f"the server did not start:\n{log.read()}")
    ready: dict[str, Any] = json.loads(line)
    return ready


def _attended(tv: Tv, password: str) -> int:
    _say("Sign this TV in with your phone, in the same network.", f"User: {USERNAME}   Password: {password}", "")
    code = tv.run("login")
    if code:
        return code
    _say("", "The TV calls /api/me over MQTT and is told:")
    code = tv.run("call", "me")
    if code:
        return code
    _say("", f"It stays connected now. Sign it out at {tv.issuer}/devices and watch; Ctrl-C ends the demo.", "")
    try:
        return tv.run("run")
    except KeyboardInterrupt:
        return 0


def _unattended(tv: Tv, password: str) -> int:
    """The same story with a phone that is played over HTTP."""
    options = ("--json", "--timeout", f"{READY_WITHIN}s")
    with _ending(tv.start("login", *options, stdout=subprocess.PIPE)) as login:
        shown = _event(login, "code_issued")
        _say(f"The TV shows {shown['user_code']}; the phone opens {shown['verification_uri_complete']}")
        _approve(tv.issuer, shown, password, lambda: str(_event(login, "phone_connected")["match"]))
        _event(login, "approved")
        code = login.wait()
    _say("The TV is signed in, calls /api/me over MQTT and is told:")
    return code or tv.run("call", "me")


def _event(login: "subprocess.Popen[str]", wanted: str) -> dict[str, Any]:
    """The next event of this name that the TV reports."""
    for line in login.stdout or ():
        event: dict[str, Any] = json.loads(line)
        if event.get("event") == wanted:
            return event
    raise Failed(f"the TV ended before it was {wanted.replace('_', ' ')}")


def _approve(issuer: str, shown: Mapping[str, Any], password: str, number: Callable[[], str]) -> None:
    """Open the link of the QR code, sign in, and tap the number on the TV: on the real pages, as the simulator's people
    do. `number` waits for the TV to show it."""
    try:
        from firmware_sim.discovery import Endpoints
        from firmware_sim.life import Mishap
        from firmware_sim.person import Browser, Person
    except ImportError:
        raise Failed("--unattended plays the phone with the simulator: pip install 'porchlight[sim]'") from None

    async def decide() -> None:
        browser = Browser(Endpoints(issuer, device_authorization="", token=""))
        try:
            person = Person(browser, USERNAME, password)
            link, code = str(shown["verification_uri_complete"]), str(shown["user_code"])
            await person.decide(link, code, "approve", lambda choices: asyncio.to_thread(number))
        except Mishap as mishap:
            raise Failed(f"the phone could not approve: {mishap}") from None
        finally:
            await browser.close()

    asyncio.run(decide())


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)
