"""The bare server of `bare_app.py` in a process of its own, on the server's core."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .process import Server, running


@contextmanager
def bare() -> Iterator[Server]:
    """Running, until the end of the block."""
    with TemporaryDirectory(prefix="porchlight-bench-") as folder:
        argv = [sys.executable, "-m", "bench.bare_app"]
        with running(argv, Path(folder, "log")) as server:
            server.port = json.loads(server.ready)["port"]
            yield server
