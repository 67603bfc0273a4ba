"""`porchlight serve`: run the server until it is told to stop."""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from server.app import Porchlight
from server.settings import PREFIX, Settings, with_ports

from .command import Failed, make_data_dir, settings_of, storage_arguments

NAME: Final = "serve"
HELP: Final = "run the server"
KEEP_ALIVE: Final = 75  # longer than the longest poll interval, so that a polling device keeps its connection
_ELSEWHERE: Final = frozenset({"data_dir", "database_url", "scopes"})


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
        shown = f"{text} (default: {default})" if default not in ("", ()) else text
        parser.add_argument(flag, metavar=name.rpartition("_")[2].upper(), help=shown)


def run(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    make_data_dir(settings)
    with listening(settings) as street:
        settings = with_ports(settings, street.getsockname()[1])
        if settings.workers > 1:
            return _run_workers(args, settings, street)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_run_one(settings, street, as_json=args.json))


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
        raise Failed(
            f"port: cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
            "choose another with --port (0 picks a free one)"
        ) from None
    with street:
        yield street


async def _run_one(settings: Settings, street: socket.socket, *, as_json: bool) -> int:
    app = Porchlight(settings)
    try:
        await app.start()
    except OSError as error:
        await app.close()
        raise Failed(
            f"mqtt_port: cannot listen on port {settings.mqtt_port}: {error.strerror}; choose another"
        ) from None
    except Exception:
        await app.close()
        raise
    server = QuietServer(server_config(app, settings), app, lambda: _say_ready(app, settings, as_json=as_json))
    try:
        await server.serve(sockets=[street])
    finally:
        await app.close()
    return 0


def server_config(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """uvicorn as production wants it."""
    return uvicorn.Config(
        app,
        http="httptools",
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


class QuietServer(uvicorn.Server):
    """uvicorn's server, which lets held requests go at the first signal and does not raise it again at the end.

    `on_ready` is called once it takes connections.
    """

    def __init__(self, config: uvicorn.Config, app: Porchlight, on_ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._porchlight = app
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

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

    def stop(self) -> None:
        """Finish what was begun and return from `serve`."""
        self.should_exit = True
        self._porchlight.begin_to_close()

    def _stop(self, number: int, frame: Any) -> None:
        self.handle_exit(number, frame)
        self.stop()


def _say_ready(app: Porchlight, settings: Settings, *, as_json: bool) -> None:
    mqtt_port = app.house.sessions.port if app.house.sessions else None
    if as_json:
        ready = {"event": "ready", "issuer": settings.issuer, "port": settings.port, "mqtt_port": mqtt_port}
        print(json.dumps(ready), flush=True)
        return
    mqtt = f", MQTT on port {mqtt_port}" if mqtt_port else ""
    print(f"Porchlight is at {settings.issuer} (port {settings.port}{mqtt}). Ctrl-C stops it.", flush=True)


def _run_workers(args: argparse.Namespace, settings: Settings, street: socket.socket) -> int:
    """Several processes on one socket. Each reads its settings from the environment, which gets the flags here."""
    for setting in fields(Settings):
        given = getattr(args, setting.name, None)
        if given is not None:
            os.environ[PREFIX + setting.name.upper()] = str(given)
    os.environ[PREFIX + "PORT"] = str(settings.port)
    os.environ[PREFIX + "ISSUER"] = settings.issuer
    if args.config:
        os.environ[PREFIX + "CONFIG"] = args.config
    config = server_config("server.app:from_environment", settings, factory=True, workers=settings.workers)
    config.lifespan = "on"
    street.listen(config.backlog)
    print(f"Porchlight is at {settings.issuer} ({settings.workers} workers). Ctrl-C stops it.", flush=True)
    Multiprocess(config, sockets=[street]).run()
    return 0


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
