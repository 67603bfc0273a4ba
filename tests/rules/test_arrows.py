"""Who may import whom: the contracts in pyproject.toml hold, and no room stands outside them."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.rules.tree import ROOT, python_files

# Files of `server` that no layer names: the package itself.
WITHOUT_LAYER = {"__init__"}


def contracts() -> list[dict[str, object]]:
    found: list[dict[str, object]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return found


def test_every_arrow_points_the_way_it_may() -> None:
    # In a process of its own: it silences every logger that there is.
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout
    for each in contracts():
        assert f"{each['name']} KEPT" in done.stdout


def test_every_room_of_the_server_has_its_place_in_the_layers() -> None:
    (layers,) = [each["layers"] for each in contracts() if each.get("containers") == ["server"]]
    assert isinstance(layers, list)
    placed = {room.strip() for layer in layers for room in layer.split(":")}
    rooms = {path.split("/")[1].removesuffix(".py") for path in python_files("server")}
    assert rooms - WITHOUT_LAYER == placed


def test_the_law_forbids_every_other_room_of_the_server() -> None:
    (law,) = [each for each in contracts() if each.get("source_modules") == ["server.oauth"]]
    forbidden = law["forbidden_modules"]
    assert isinstance(forbidden, list)
    rooms = {path.split("/")[1].removesuffix(".py") for path in python_files("server")}
    assert {f"server.{room}" for room in rooms - {"__init__", "oauth"}} <= set(forbidden)
