"""Several server processes on one socket, over a storage that servers may share. Each of them is a whole server.

The parent starts them, replaces one that died, and ends them all. A worker ends in order when its parent is gone.
"""

import asyncio
import logging
import multiprocessing
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Final, Protocol

from server.oauth.store import StorageError
from server.settings import Settings

from .command import Failed

START_WITHIN: Final = 60
END_WITHIN: Final = 20  # twice uvicorn's own patience with requests
REST: Final = 1.0  # seconds before a worker that ended is replaced: without its database none could start
BACKLOG: Final = 2_048
READY: Final = "ready"
_SPAWN: Final = multiprocessing.get_context("spawn")
log: Final = logging.getLogger("porchlight")


class Server(Protocol):
    """A server that runs."""

    def stop(self) -> None: ...


Serve = Callable[[Settings, socket.socket, Callable[[Server], None]], None]


class Worker:
    """One process in which `serve(settings, street, on_ready)` runs; `on_ready` is given the server."""

    def __init__(self, serve: Serve, settings: Settings, street: socket.socket) -> None:
        self.pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_work, args=(serve, settings, street, theirs))
        self.process.start()
        theirs.close()

    def word(self) -> str:
        """What it said: `READY`, or why it could not start."""
        try:
            if self.pipe.poll():
                return str(self.pipe.recv())
        except (EOFError, OSError):
            pass
        return "a server process did not start; its log says why"

    def end(self) -> None:
        """Wait until it has ended, in order if it can."""
        self.process.join(END_WITHIN)
        if self.process.is_alive():
            log.error("worker %s does not end and is killed", self.process.pid)
            self.process.kill()
            self.process.join()
        self.pipe.close()


def run_workers(serve: Serve, settings: Settings, street: socket.socket, on_ready: Callable[[], None]) -> None:
    """Run until SIGTERM or SIGINT. Raises `Failed` when the first ones cannot start."""
    street.listen(BACKLOG)
    with _stopping() as told:
        crew = [Worker(serve, settings, street) for _ in range(settings.workers)]
        try:
            if _are_ready(crew, told):
                on_ready()
                while told not in wait([told, *(worker.process.sentinel for worker in crew)]):
                    crew = [_living(worker, lambda: Worker(serve, settings, street)) for worker in crew]
        finally:
            for worker in crew:
                worker.process.terminate()
            for worker in crew:
                worker.end()


def _are_ready(crew: list[Worker], told: socket.socket) -> bool:
    """Wait until all have started; False when we were told to stop meanwhile."""
    for worker in crew:
        if told in wait([told, worker.pipe, worker.process.sentinel], START_WITHIN):
            return False
        word = worker.word()
        if word != READY:
            raise Failed(word)
    return True


def _living(worker: Worker, start: Callable[[], Worker]) -> Worker:
    if worker.process.is_alive():
        return worker
    log.error("worker %s ended (%s) and is replaced", worker.process.pid, worker.process.exitcode)
    worker.end()
    time.sleep(REST)
    return start()


@contextmanager
def _stopping() -> Iterator[socket.socket]:
    """A socket that has something to read once SIGTERM or SIGINT has come."""
    told, tell = socket.socketpair()
    kept = {each: signal.signal(each, lambda *_: tell.send(b".")) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        with told, tell:
            yield told
    finally:
        for each, before in kept.items():
            signal.signal(each, before)


def _work(serve: Serve, settings: Settings, street: socket.socket, pipe: Connection) -> None:
    """What a worker's process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which then says what to do

    def ready(server: Server) -> None:
        loop = asyncio.get_running_loop()

        def parent_is_gone() -> None:
            loop.remove_reader(pipe.fileno())
            server.stop()

        loop.add_reader(pipe.fileno(), parent_is_gone)  # the parent never says anything
        pipe.send(READY)

    try:
        with street:
            serve(settings, street, ready)
    except (Failed, StorageError) as error:
        pipe.send(str(error))
        raise SystemExit(1) from None
