"""A PostgreSQL of the tests' own: a cluster in a temporary folder, on a port of its own, ended with the tests.

Ask for the fixture `postgres` (a running `Cluster`, one for the whole run) and take a database from it:

    def test_something(postgres: Cluster) -> None:
        url = postgres.database()             # with Porchlight's tables, for this test alone, made in some 30 ms
        url = postgres.database(empty=True)   # with nothing in it
        with postgres.stopped():              # the server is away, then back on the same port

It needs the programs `postgres` and `initdb`, no running service. Run as root it borrows the user `postgres` or
`nobody`, because PostgreSQL refuses root. Commits are durable (fsync) as in production. Nothing of it survives the run.
"""

import contextlib
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from server.storage import upgrade
from tests.needs import require

_SETTINGS = ("max_connections=60", "shared_buffers=32MB", "listen_addresses=127.0.0.1")
_USER, _PASSWORD, _TEMPLATE = "porchlight", "only-for-tests", "porchlight_template"
_KEPT = 60  # databases; older ones are dropped, each is eight megabytes on the disk


class Cluster:
    """A PostgreSQL server. `folder` holds its data, its `log` and its unix socket; `port` is on loopback."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="porchlight-pg-", dir="/tmp"))  # short: a socket is in it
        self._process: subprocess.Popen[bytes] | None = None
        self._names: list[str] = []
        self._made = 0
        self.port = _free_port()
        try:
            self._make()
            self.start()
            upgrade(self._create(_TEMPLATE, "template0"))
        except BaseException:
            self.remove()
            raise

    def _make(self) -> None:
        password = self.folder / "password"
        password.write_text(_PASSWORD)
        user = _unprivileged()
        if user is not None:
            for path in (self.folder, password):
                os.chown(path, user.pw_uid, user.pw_gid)
        login = ("-U", _USER, "-A", "scram-sha-256", f"--pwfile={password}")
        done = self._spawn("initdb", "-D", "data", *login, "-E", "UTF8", "--locale=C", "--no-sync").wait(60)
        if done != 0:
            raise RuntimeError(f"initdb failed:\n{self.log()}")

    def _spawn(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        user = _unprivileged()
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                (str(require(program)), *arguments),
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user.pw_uid if user else None,
                group=user.pw_gid if user else None,
                extra_groups=[] if user else None,
                start_new_session=True,  # Ctrl-C in the terminal is for pytest, which then ends us in order
            )

    def log(self) -> str:
        """What the server said so far."""
        return (self.folder / "log").read_text(errors="replace")

    def url(self, database: str, *, user: str = _USER, password: str = _PASSWORD, port: int | None = None) -> str:
        """The URL of a database on this server, or one that is wrong on purpose."""
        return f"postgresql://{user}:{password}@127.0.0.1:{port or self.port}/{database}"

    def database(self, *, empty: bool = False) -> str:
        """The URL of a new database: with the tables of this version in it, or with nothing."""
        self._made += 1
        name = f"test_{self._made}"
        self._names.append(name)
        while len(self._names) > _KEPT:
            self._command(f"DROP DATABASE {self._names.pop(0)} WITH (FORCE)")
        return self._create(name, "template0" if empty else _TEMPLATE)

    def _create(self, name: str, template: str) -> str:
        self._command(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def _command(self, command: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(command.encode())

    def start(self) -> None:
        """Start the server, on the same port as before, and wait until it answers."""
        settings = [f"-c{setting}" for setting in (*_SETTINGS, f"unix_socket_directories={self.folder}")]
        command = ("postgres", "-D", "data", "-p", str(self.port), *settings)
        self._process = self._spawn(*command)
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f"PostgreSQL does not start:\n{self.log()[-4_000:]}") from None
                time.sleep(0.02)
                if self._process.poll() is not None:  # what it left behind when it crashed is not gone yet
                    time.sleep(0.2)
                    self._process = self._spawn(*command)
            else:
                return

    def stop(self, *, crash: bool = False) -> None:
        """End the server: in order, its clients cut off; or with `crash` at once, as if the machine had lost power."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
        try:
            process.wait(60)  # on a slow disk the last checkpoint of sixty databases takes its time
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)  # it ends its children; whoever is killed leaves them behind
            process.wait(30)

    @contextlib.contextmanager
    def stopped(self, *, crash: bool = False) -> Iterator[None]:
        """The server is away inside this block."""
        self.stop(crash=crash)
        try:
            yield
        finally:
            self.start()

    def remove(self) -> None:
        """End the server and delete all it had, without writing it to the disk first."""
        self.stop(crash=True)
        shutil.rmtree(self.folder, ignore_errors=True)


@functools.cache
def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run it as: None for ourselves, unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
