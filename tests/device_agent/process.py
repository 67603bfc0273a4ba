"""Runs the real `porchlight-agent` as a process of its own, with a clean environment and a state directory."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.device_agent.mock_server import MockServer

ROOT = Path(__file__).parents[2]
WITHIN = 30


@dataclass
class Ended:
    """How a run of the agent ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Agent:
    """The agent on one device: `state` is its directory."""

    state: Path

    def run(self, *arguments: str, environment: dict[str, str] | None = None) -> Ended:
        """Run to the end."""
        process = self.start(*arguments, environment=environment)
        try:
            out, err = process.communicate(timeout=WITHIN)
        finally:
            process.kill()
        return Ended(process.returncode, out, err)

    def run_on_a_full_disk(self, *arguments: str) -> Ended:
        """Run to the end where no file may grow beyond 512 bytes: the nearest thing to a full disk."""
        # Otherwise Python itself would write cut off .pyc files, and break every program that reads them.
        environment = {**self.environment(), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            ["sh", "-c", 'ulimit -f 1; trap "" XFSZ; exec "$0" "$@"', sys.executable, "-m", "device_agent", *arguments],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, environment: dict[str, str] | None = None, **more: Any) -> "subprocess.Popen[str]":
        """Start and return the process; whoever calls ends it."""
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(
            [sys.executable, "-m", "device_agent", *arguments],
            cwd=ROOT,
            env={**self.environment(), **(environment or {})},
            text=True,
            encoding="utf-8",
            **{**pipes, **more},
        )

    def environment(self) -> dict[str, str]:
        """What a plain login shell would have, and no settings of whoever runs the tests."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**kept, "PORCHLIGHT_AGENT_STATE_DIR": str(self.state), "PYTHONUTF8": "1", "PYTHONWARNINGS": "error"}

    @property
    def tokens(self) -> Path:
        return self.state / "tokens.json"

    def sign_in(self, issuer: str, **changes: Any) -> None:
        """Put a sign-in where `login` would have put it."""
        values = {
            "version": 1,
            "issuer": issuer,
            "client_id": "porchlight-tv",
            "access_token": "secret-access",
            "token_type": "Bearer",
            "refresh_token": "secret-refresh",
            "scope": "profile",
            "name": "Ana Ruiz",
            "username": "ana",
            "expires_in": 3600,
            "obtained_at": 0,
            **changes,
        }
        self.state.mkdir(parents=True, exist_ok=True)
        self.tokens.write_text(json.dumps(values))
        self.tokens.chmod(0o600)

    def change(self, **changes: Any) -> None:
        """Edit the sign-in on disk. `obtained_at=0` makes its access token one that has ended."""
        self.sign_in(**{**self.kept(), **changes})

    def kept(self) -> dict[str, Any]:
        """The sign-in on disk."""
        values: dict[str, Any] = json.loads(self.tokens.read_text())
        return values


def login(agent: Agent, server: MockServer, *more: str, **environment: str) -> Ended:
    """Run `login` against this server to its end."""
    return agent.run("login", "--server", server.issuer, "--insecure-http", *more, environment=environment)
