"""The load generator: Debian's `wrk`, one thread on the load's core, bounded in time."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from .plan import Missing
from .process import Server

CONNECTIONS = 32
_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What one load found. Latencies in milliseconds, `cpu_us` is the server's processor time for a request.

    `refused` answers had a status of 400 or more; `lost` ones never came. `seen` counts answers by status and `error`,
    in a run that looked.
    """

    per_second: float
    requests: int
    p50: float
    p99: float
    refused: int
    lost: int
    cpu_us: float
    seen: dict[str, int]


def require_wrk() -> str:
    """The path of wrk, installed by apt where that is allowed. Raises `Missing`."""
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (("update",), ("install", "-y", "--no-install-recommends", "wrk")):
            subprocess.run(("apt-get", "-qq", *arguments), env=quiet, stdin=subprocess.DEVNULL, check=False)
    path = shutil.which("wrk")
    if path is None:
        raise Missing("the load comes from wrk: sudo apt-get install wrk (macOS: brew install wrk)")
    return path


def load(
    server: Server, path: str, bodies: Sequence[str], seconds: int, manner: str = "", *, looks: bool = False
) -> Load:
    """POST the bodies in turn to `path` for some seconds. `looks` counts every answer by what it says.

    `manner`: "" keeps connections, "close" takes a new one for each request, "vary" gives each a header of its own.
    """
    url = f"http://127.0.0.1:{server.port}"
    argv = [require_wrk(), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT), url]
    with TemporaryDirectory(prefix="porchlight-bench-") as folder:
        forms = Path(folder, "bodies")
        forms.write_text("\n".join(bodies) + "\n")
        environ = os.environ | {"BENCH_PATH": path, "BENCH_BODIES": str(forms)}
        environ |= {f"BENCH_{manner.upper()}": "1"} if manner else {}
        environ |= {"BENCH_LOOK": "1"} if looks else {}
        before = server.cpu_seconds()
        done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, timeout=seconds + 60)
        used = server.cpu_seconds() - before
    result = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if result is None:
        raise RuntimeError(f"wrk failed: {done.stdout[-500:]} {done.stderr[-500:]}")
    return _read(json.loads(result.removeprefix("RESULT ")), used)


def _read(found: dict[str, float], cpu_seconds: float) -> Load:
    requests = max(1, int(found["requests"]))
    return Load(
        per_second=requests / (found["us"] / 1e6),
        requests=requests,
        p50=found["p50"] / 1_000,
        p99=found["p99"] / 1_000,
        refused=int(found["above_399"]),
        lost=int(found["lost"]),
        cpu_us=cpu_seconds * 1e6 / requests,
        seen=dict(found["seen"]),  # type: ignore[call-overload]
    )
