"""Which core does what: the server under test has one to itself, its load and we have the other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def _choose() -> tuple[int, int] | None:
    if not hasattr(os, "sched_setaffinity"):  # macOS cannot pin
        return None
    mine = sorted(os.sched_getaffinity(0))
    return (mine[0], mine[-1]) if len(mine) > 1 else None


CORES = _choose()


@contextmanager
def on_server_core() -> Iterator[None]:
    """Whatever is started inside this block runs on the server's core, with all threads and children it makes."""
    _go(0)
    try:
        yield
    finally:
        go_to_load_core()


def go_to_load_core() -> None:
    """Where we live, and what we start by ourselves."""
    _go(1)


def _go(which: int) -> None:
    if CORES is not None:
        os.sched_setaffinity(0, {CORES[which]})


def arrangement() -> str:
    """The arrangement in words."""
    if CORES is None:
        return "server and load share the cores (this system cannot pin processes)"
    return f"server on core {CORES[0]}, load on core {CORES[1]}"
