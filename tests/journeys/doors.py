"""One Porchlight with two doors, as processes on PostgreSQL: two servers of one issuer, or one with two workers."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from server.oauth.client import Client
from server.oauth.device import GRANT_TYPE
from server.oauth.secret import digest
from server.storage import open_storage
from tests.commands.process import Porchlight, Served, furnish_at
from tests.house import SCOPES, SECRET, browser
from tests.waiting import wait_until

ISSUER = "http://127.0.0.1:8628"
KINDS = ("two servers", "two workers")


@dataclass
class Doors:
    """`post` knocks at door 0 or 1 on a connection of its own: of two workers whichever is free opens."""

    porchlight: Porchlight
    servers: list[Served]
    flags: tuple[str, ...] = ()

    @property
    def near(self) -> Served:
        return self.servers[0]

    @property
    def far(self) -> Served:
        return self.servers[-1]

    def post(self, door: int, path: str, form: dict[str, str], **more: Any) -> requests.Response:
        with browser() as web:
            address = self.servers[door % len(self.servers)].address
            return web.post(address + path, data=form, timeout=40, allow_redirects=False, **more)

    def poll(self, door: int, started: dict[str, Any], **more: Any) -> requests.Response:
        form = {"grant_type": GRANT_TYPE, "client_id": "tv", "device_code": started["device_code"]}
        return self.post(door, "/token", form, **more)

    def refresh(self, door: int, tokens: dict[str, Any]) -> requests.Response:
        form = {"grant_type": "refresh_token", "client_id": "tv", "refresh_token": tokens["refresh_token"]}
        return self.post(door, "/token", form)

    def is_alive(self, tokens: dict[str, Any], door: int) -> bool:
        """Whether the API takes the access token at this door."""
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        with browser() as web:
            answer = web.get(f"{self.servers[door % len(self.servers)].address}/api/me", headers=bearer, timeout=40)
        assert answer.status_code in (200, 401), answer.text
        return answer.status_code == 200

    def kill(self) -> None:
        """`kill -9` of every process that answers; parents of workers last, so that none is replaced."""
        for server in self.servers:
            workers = children(server)
            if server.process.poll() is None:
                server.kill()
            for pid in workers:
                _kill(pid)
            wait_until(lambda workers=workers: not [pid for pid in workers if _is_running(pid)], 20)

    @contextmanager
    def again(self) -> "Iterator[Doors]":
        """The same doors, opened by new processes on the same ports."""
        ports = [server.ready["port"] for server in self.servers]
        with ExitStack() as stack:
            opened = [stack.enter_context(self.porchlight.serve(*self.flags, port=port)) for port in ports]
            yield Doors(self.porchlight, opened, self.flags)


@contextmanager
def open_doors(kind: str, url: str, data: Path, *more: str) -> Iterator[Doors]:
    """The public client `tv`, the confidential `wall`, and `ana` are known there."""
    furnish_at(url)
    asyncio.run(_add_wall(url))
    porchlight = Porchlight(data, url)
    flags = ("--issuer", ISSUER, *(("--workers", "2") if kind == "two workers" else ()), *more)
    with ExitStack() as stack:
        servers = [stack.enter_context(porchlight.serve(*flags)) for _ in range(1 if kind == "two workers" else 2)]
        yield Doors(porchlight, servers, flags)


async def _add_wall(url: str) -> None:
    store, grants = open_storage(url), (GRANT_TYPE, "refresh_token")
    await store.open(lambda news: None)
    secret = {"auth_method": "client_secret", "secret_hash": digest("client_secret", SECRET)}
    await store.add_client(Client("wall", "Wall", grants, SCOPES, time.time_ns() // 1_000_000, **secret))
    await store.close()


def children(server: Served) -> list[int]:
    """The processes of its workers, if it has any."""
    command = ("pgrep", "-P", str(server.process.pid), "-f", "spawn_main")
    return [int(pid) for pid in subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # it ended with its parent
        return


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def commits_that_hang(url: str) -> Iterator["psycopg.Connection[Any]"]:
    """Inside, every commit is durable but not told to who made it: PostgreSQL waits for a standby that is not."""
    with psycopg.connect(url, autocommit=True) as connection:

        def wait_for(standby: str) -> None:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
            connection.execute("SELECT pg_reload_conf()")
            wait_until(lambda: shown(connection) == standby)

        wait_for("nobody")
        try:
            yield connection
        finally:
            wait_for("")
            wait_until(lambda: hanging(connection) == 0)


def shown(connection: "psycopg.Connection[Any]") -> str:
    row = connection.execute("SHOW synchronous_standby_names").fetchone()
    assert row is not None
    return str(row[0])


def hanging(connection: "psycopg.Connection[Any]") -> int:
    """How many commits hang at this moment."""
    text = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'"
    row = connection.execute(text).fetchone()
    assert row is not None
    return int(row[0])
