"""`porchlight serve`: run the server until it is told to stop."""

import argparse
import asyncio
import contextlib
import errno
import gc
import json
import logging
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, Final

from server.app import Porchlight
from server.checks import with_ports
from server.settings import Settings, SettingsError
from server.storage.apart import make_tables_apart
from server.storage.choose import database

from .command import Failed, make_data_dir, settings_of, storage_arguments
from .street import BoundedHttp
from .uvicorn_alone import Config, Server

NAME: Final = "serve"
HELP: Final = "run the server"
KEEP_ALIVE: Final = 75  # longer than the longest poll interval, so that a polling device keeps its connection
GOODBYE: Final = 1.0  # seconds
_ELSEWHERE: Final = frozenset(
    {"data_dir", "database_url", "key_secret", "smtp_url", "notice_secret", "scopes", "audiences", "providers"}
)


def arguments(parser: argparse.ArgumentParser) -> None:
    storage_arguments(parser)
    for setting in fields(Settings):
        if setting.name not in _ELSEWHERE:
            _argument(parser, setting.name, setting.default, setting.metadata["help"])


def _argument(parser: argparse.ArgumentParser, name: str, default: Any, text: str) -> None:
    flag = "--" + name.replace("_", "-")
    if isinstance(default, bool):
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=text)
    else:
        shown = text if default in ("", ()) or "default" in text else f"{text} (default: {default})"
        parser.add_argument(flag, metavar=_metavar(name, default), help=shown)


def _metavar(name: str, default: Any) -> str:
    if name.endswith("_for"):
        return "SECONDS"
    return "N" if isinstance(default, int) else name.rpartition("_")[2].upper()


def run(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    check_certificate(settings)
    make_data_dir(settings)
    make_tables_apart(settings.storage_url)
    with listening(settings) as street:
        settings = with_ports(settings, street.getsockname()[1])
        if settings.workers > 1:
            from .workers import run_workers

            run_workers(run_server, settings, street, lambda: _say_ready(settings, None, as_json=args.json))
        else:
            run_server(settings, street, lambda server: _say_ready(settings, server.mqtt_port, as_json=args.json))
    return 0


@contextlib.contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket of the HTTP port. Raises `Failed` when it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # asyncio turns Nagle's delay off only where the protocol is named: it costs each answer 40 ms.
    street = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    street.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        street.bind((settings.host, settings.port))
    except OSError as error:
        street.close()
        raise _cannot_listen("", settings.host, settings.port, error) from None
    with street:
        yield street


def run_server(settings: Settings, street: socket.socket, on_ready: Callable[["QuietServer"], None]) -> None:
    """One server in this process, until a signal ends it. Raises `Failed` and `StorageError`."""
    log_to_stderr()
    app = Porchlight(settings)
    config = server_config(app, settings)
    server = QuietServer(config, app, lambda: on_ready(server))
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(app, server, street))


async def _serve(app: Porchlight, server: "QuietServer", street: socket.socket) -> None:
    try:
        await _start(app)
        collect_less_often()
        await server.serve(sockets=[street])
    finally:
        await app.close()


def collect_less_often() -> None:
    """Let the garbage collector leave alone what was made by now, and look through the rest in larger portions.

    Else it stops the server for 0.2 s now and then while 100,000 sign-ins are in progress, none of which is garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


async def _start(app: Porchlight) -> None:
    try:
        await app.start()
    except OSError as error:
        settings = app.house.settings
        raise _cannot_listen("mqtt_", settings.mqtt_host or settings.host, settings.mqtt_port, error) from None


def _cannot_listen(prefix: str, host: str, port: int, error: OSError) -> Failed:
    """Which setting is wrong, and what to write: `prefix` is that of the settings' names."""
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return Failed(
            f"{prefix}host: {host} is no address of this machine; write 127.0.0.1 for this machine alone, "
            "or 0.0.0.0 for every network it is in"
        )
    why = os.strerror(error.errno) if error.errno else str(error)
    flag = f"--{prefix}port".replace("_", "-")
    return Failed(f"{prefix}port: cannot listen on {host}:{port}: {why}; choose another with {flag} (0 picks one)")


def check_certificate(settings: Settings) -> None:
    """Raise `SettingsError` for a certificate or key that cannot be used, before anything listens."""
    if not settings.tls_cert:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            settings.tls_cert,
            settings.tls_key,
            password=lambda: "",  # nobody is there to be asked for one
        )
    except (OSError, ValueError) as error:
        said = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise SettingsError(
            f"tls_cert, tls_key: {settings.tls_cert} and {settings.tls_key} cannot be used ({said}); "
            "write the PEM certificate chain and its own PEM key, without a password, readable for this user"
        ) from None


def log_to_stderr() -> None:
    """What an operator must know; where the server is, is said on stdout."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def server_config(app: Any, settings: Settings, **more: Any) -> Config:
    """uvicorn as production wants it."""
    return Config(
        app,
        http=BoundedHttp,
        loop="uvloop",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=10,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
        **more,
    )


class QuietServer(Server):
    """uvicorn's server, which lets held requests go at the first signal and does not raise it again at the end.

    `on_ready` is called once it takes connections.
    """

    def __init__(self, config: Config, app: Porchlight, on_ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._porchlight = app
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Over TLS a goodbye waits for its answer, which a sleeping device never gives: half a minute for each.
        asyncio.get_running_loop().call_later(
            GOODBYE, self._hang_up, lambda cycle: cycle is None or cycle.response_complete
        )
        await super().shutdown(sockets)
        self._hang_up(lambda cycle: True)

    def _hang_up(self, has_ended: Callable[[Any], bool]) -> None:
        """Cut the connections whose last request (uvicorn's `cycle`) is one of these."""
        for connection in list(self.server_state.connections):
            if has_ended(getattr(connection, "cycle", None)):
                connection.transport.abort()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        kept = {each: signal.signal(each, self._stop) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, before in kept.items():
                signal.signal(each, before)

    @property
    def mqtt_port(self) -> int | None:
        """Where its broker listens, if it has one."""
        sessions = self._porchlight.house.sessions
        return sessions.port if sessions else None

    def stop(self) -> None:
        """Finish what was begun and return from `serve`."""
        self.should_exit = True
        self._porchlight.begin_to_close()

    def _stop(self, number: int, frame: Any) -> None:
        self.handle_exit(number, frame)
        self.stop()


def _say_ready(settings: Settings, mqtt_port: int | None, *, as_json: bool) -> None:
    if as_json:
        ready = {"event": "ready", "issuer": settings.issuer, "port": settings.port, "mqtt_port": mqtt_port}
        print(json.dumps(ready), flush=True)
        return
    url = settings.storage_url
    lines = [
        ("Devices ask", settings.issuer),
        ("People approve", f"{settings.issuer}/device"),
        ("MQTT", f"{settings.mqtt_host or settings.host}:{mqtt_port}" if mqtt_port else "off"),
        ("Kept in", "memory, until it closes" if url == "memory:" else database(url).where),
    ]
    if settings.workers > 1:
        lines.append(("Processes", str(settings.workers)))
    text = "\n".join(f"  {name:<15} {value}" for name, value in lines)
    print(f"{settings.service_name} is open on port {settings.port}.\n{text}\nCtrl-C closes it.", flush=True)
