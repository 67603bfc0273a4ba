"""What a server that nobody asks anything has in its memory: nothing that only some other work needs."""

import subprocess
import sys
from pathlib import Path

NOT_AT_REST = (
    "argon2", "click", "encodings.idna", "httpcore", "httpx", "jinja2", "multiprocessing", "psycopg", "smtplib",
    "alembic", "server.letters.kinds", "server.openapi", "server.storage.memory", "tomllib", "uvicorn.main",
)  # fmt: skip
_PROGRAM = """
import os, signal, sys
from server.commands import main, serve

def ready(*_, **__):
    print(*sorted(sys.modules), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

serve._say_ready = ready
main(["serve", "--data-dir", sys.argv[1], "--port", "0", "--mqtt-port", "0"])
"""


def test_a_server_at_rest_has_loaded_nothing_that_only_other_work_needs(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _PROGRAM, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert "server.broker.broker" in loaded
    assert not loaded.intersection(NOT_AT_REST)
