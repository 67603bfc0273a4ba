"""The first start: the tables are made by a process of its own, and what goes wrong there is still said."""

import subprocess
import sys
from pathlib import Path

import pytest

from server.oauth.store import StorageError
from server.storage import schema
from server.storage.apart import make_tables_apart
from server.storage.choose import database

_START = """
import sys
from server.storage.apart import make_tables_apart
make_tables_apart(sys.argv[1])
print([name for name in ("alembic", "sqlmodel", "pydantic", "sqlalchemy.orm") if name in sys.modules])
"""


def _start(url: str) -> str:
    done = subprocess.run([sys.executable, "-c", _START, url], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    return done.stdout.strip()


def test_the_first_start_makes_the_tables_and_loads_nothing_that_makes_tables(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'porchlight.db'}"
    assert _start(url) == "[]"
    engine = database(url).writer()
    with engine.connect() as connection:
        assert schema.revision(connection) == schema.REVISIONS[-1]
    engine.dispose()
    assert (tmp_path / "porchlight.db").stat().st_mode & 0o077 == 0


def test_a_file_that_is_there_is_left_to_the_server(tmp_path: Path) -> None:
    path = tmp_path / "porchlight.db"
    path.write_bytes(b"")
    assert _start(f"sqlite:///{path}") == "[]"
    assert path.read_bytes() == b""


def test_what_cannot_be_made_is_left_for_the_server_to_name(tmp_path: Path) -> None:
    assert _start(f"sqlite:///{tmp_path / 'nowhere' / 'porchlight.db'}") == "[]"
    assert _start("memory:") == "[]"
    with pytest.raises(StorageError, match="names no file"):
        make_tables_apart("sqlite:///")
