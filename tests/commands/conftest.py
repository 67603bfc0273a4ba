"""A storage that the operator has furnished, once; every test gets a copy of its own."""

import shutil
from pathlib import Path

import pytest

from tests.commands.process import Porchlight


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder with the client `tv`, the person `ana`, and keys; not for use, for copying."""
    porchlight = Porchlight(tmp_path_factory.mktemp("furnished") / "data").furnish()
    with porchlight.serve() as server:  # an RSA key takes longer to draw than all the rest of a start
        server.stop()
    return porchlight.data


@pytest.fixture
def porchlight(furnished: Path, tmp_path: Path) -> Porchlight:
    """The command line over a furnished SQLite database of this test's own."""
    return Porchlight(Path(shutil.copytree(furnished, tmp_path / "data")))
