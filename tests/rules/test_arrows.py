"""Who may import whom: the contracts in pyproject.toml hold, and no room stands outside them."""

import tomllib

import pytest
from importlinter.application.use_cases import read_user_options
from importlinter.cli import lint_imports

from tests.rules.tree import ROOT, python_files

CONFIG = str(ROOT / "pyproject.toml")

# Files of `server` that no layer names: the package itself.
WITHOUT_LAYER = {"__init__"}


def contracts() -> list[dict[str, object]]:
    found: list[dict[str, object]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return found


def test_every_arrow_points_the_way_it_may(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    broken = lint_imports(config_filename=CONFIG, no_cache=True, no_logo=True)
    assert broken == 0, capsys.readouterr().out


def test_import_linter_reads_the_contracts() -> None:
    assert [each["name"] for each in read_user_options(CONFIG).contracts_options] == [
        each["name"] for each in contracts()
    ]


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
