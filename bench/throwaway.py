"""Throw-away environments for the peers, outside the project: npm and PyPI by package name, gone when the run ends."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .plan import Missing

OIDC_PROVIDER = ("oidc-provider@9.13.3",)
AUTHLIB = ("Authlib==1.9.6", "Flask==3.1.3", "waitress==3.0.2")
PATIENCE = 300
_PEERS = Path(__file__).with_name("peers")


@contextmanager
def node_peer() -> Iterator[Sequence[str]]:
    """The command that runs node-oidc-provider."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed: sudo apt-get install nodejs npm")
    with TemporaryDirectory(prefix="porchlight-bench-") as folder:
        shutil.copy(_PEERS / "oidc_provider.mjs", folder)
        _run(folder, "npm", "install", "--no-audit", "--no-fund", "--no-save", *OIDC_PROVIDER)
        yield ("node", str(Path(folder, "oidc_provider.mjs")))


@contextmanager
def authlib_peer() -> Iterator[Sequence[str]]:
    """The command that runs Authlib."""
    with TemporaryDirectory(prefix="porchlight-bench-") as folder:
        _run(folder, sys.executable, "-m", "venv", "environment")
        python = Path(folder, "environment", "bin", "python")
        _run(folder, str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *AUTHLIB)
        yield (str(python), str(_PEERS / "authlib_flask.py"))


def _run(folder: str, *argv: str) -> None:
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"NODE_ENV": "production"},
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"{' '.join(argv)} took too long") from None
    if done.returncode:
        raise Missing(f"{' '.join(argv)} failed: {done.stderr.strip()[-500:]}")
