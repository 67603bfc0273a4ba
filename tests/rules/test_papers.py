"""The papers agree with the code: links lead somewhere, commands exist, tables are complete."""

import re
import shlex
from collections.abc import Iterator

import pytest

from device_agent.__main__ import COMMANDS
from device_agent.settings import read_settings
from firmware_sim.order import parser as sim_parser
from server.settings import Settings
from server.sources import PREFIX
from tests.papers import TABLES, with_table
from tests.rules.tree import ROOT, files, python_files, text, tree
from tests.words import operator_parser

PAPERS = tuple(path for path in files() if path.endswith(".md"))
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
TARGET = re.compile(r"^([a-z]+):.*##", re.MULTILINE)
# Names of files in the papers: in code marks, with a folder and an ending.
NAMED = re.compile(r"`((?:server|web_verify|device_agent|firmware_sim|tests|bench|docs)/[\w./-]+\.\w+)`")
STAND_INS = re.compile(r"/(?:x|NNNN_x)\.")
# Shown as the name of a command, not as a line to type.
NAMES_OF_COMMANDS = (["client", "add"],)
LARGEST_PICTURE = 150_000


def shell_lines(path: str) -> Iterator[list[str]]:
    """The command lines in the ```sh blocks of a paper, without comments; each side of a pipe by itself."""
    for block in re.findall(r"```sh\n(.*?)```", text(path), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while "|" in words:
                cut = words.index("|")
                yield words[:cut]
                words = words[cut + 1 :]
            yield words


def inline_lines(path: str) -> Iterator[list[str]]:
    """Command lines of ours in running text: `porchlight keys rotate --now`."""
    for found in re.findall(r"`((?:porchlight|porchlight-agent|porchlight-sim|make) [^`]+)`", text(path)):
        yield shlex.split(found)


def commands(program: str) -> list[tuple[str, list[str]]]:
    """Every line that the papers show for one of our programs, as (paper, arguments)."""
    lines = [(path, words) for path in PAPERS for words in (*shell_lines(path), *inline_lines(path))]
    return [(path, words[1:]) for path, words in lines if words and words[0].rpartition("/")[2] == program]


def test_every_link_leads_somewhere() -> None:
    for path in PAPERS:
        folder = (ROOT / path).parent
        for link in (a or b for a, b in LINK.findall(text(path))):
            if not link.startswith(("http://", "https://", "#", "mailto:")):
                assert (folder / link.partition("#")[0]).exists(), f"{path} links to {link}"


def test_every_file_that_is_named_exists() -> None:
    for path in PAPERS:
        for name in NAMED.findall(text(path)):
            if "*" not in name and not STAND_INS.search(name):
                assert (ROOT / name).exists(), f"{path} names {name}"


def test_the_growth_table_names_files_that_exist_and_tables_in_them() -> None:
    section = text("docs/architecture.md").partition("## 3. Growth")[2].partition("\n## ")[0]
    rows = [row.split(" | ") for row in section.splitlines() if row.startswith("| ") and "`" in row]
    assert len(rows) >= 10
    for row in rows:
        for name in NAMED.findall(row[-1]):
            assert (ROOT / name).is_file(), name
        found = re.search(r"`([\w/]+\.py)` \(`([A-Z]+)`", row[-1])
        if found:
            assert re.search(rf"^{found[2]}\b", text(found[1]), re.MULTILINE), f"{found[1]} has no {found[2]}"


def test_the_plan_names_every_room_there_is() -> None:
    plan = text("docs/architecture.md").partition("## 1. Rooms")[2].partition("\n## ")[0]
    rooms = {
        path.split("/")[1] for path in python_files("server", "device_agent", "firmware_sim") if path.count("/") > 1
    }
    assert {room for room in rooms if f"{room}/" not in plan} == set()


def test_every_make_command_exists() -> None:
    targets = set(TARGET.findall(text("Makefile")))
    shown = {words[0] for _, words in commands("make")}
    assert shown
    assert shown <= targets
    assert {"demo", "test", "check", "setup", "bench"} <= targets


@pytest.mark.parametrize(("path", "words"), commands("porchlight"), ids=lambda each: str(each)[:60])
def test_every_command_of_the_operator_is_one(path: str, words: list[str]) -> None:
    if words[-1] == "--help" or words in NAMES_OF_COMMANDS:
        words = [*words[:2], "--help"]
        with pytest.raises(SystemExit, match="0"):
            operator_parser().parse_args(words)
        return
    assert operator_parser().parse_args(words), path


def test_every_command_of_the_agent_is_one() -> None:
    known = {name for name, *_ in COMMANDS}
    shown = commands("porchlight-agent")
    assert {words[0] for _, words in shown} == known
    for path, words in shown:
        _, said = read_settings(words, {})
        assert said[0] in known, path


def test_every_command_of_the_simulator_is_one() -> None:
    for path, words in commands("porchlight-sim"):
        assert sim_parser().parse_args(words), path


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_the_code_knows_better_is_up_to_date(name: str) -> None:
    path, make = TABLES[name]
    assert with_table(text(path), name, make()) == text(path), "run: python -m tests.papers"


def test_every_setting_is_explained() -> None:
    table = TABLES["settings"][1]()
    assert all(f"| `{name}` |" in table for name in Settings.__dataclass_fields__)


def test_every_variable_in_the_papers_is_a_setting() -> None:
    known = {PREFIX + name.upper() for name in Settings.__dataclass_fields__} | {PREFIX + "CONFIG"}
    for path in PAPERS:
        for name in re.findall(rf"\b{PREFIX}[A-Z_]+\b", text(path)):
            assert name in known or name.startswith((PREFIX + "AGENT_", PREFIX + "SIM_")), f"{path}: {name}"


def test_the_first_sentences_name_both_commands_and_nothing_to_install_first() -> None:
    readme = text("README.md")
    assert readme.index("make demo") < readme.index("make test") < readme.index("## Run it")


def test_the_pictures_are_small() -> None:
    pictures = [path for path in files() if path.endswith(".png")]
    assert {"docs/screens/tv.png", "docs/screens/phone.png"} <= set(pictures)
    assert [path for path in pictures if (ROOT / path).stat().st_size > LARGEST_PICTURE] == []


def test_the_change_log_has_the_version_that_is_built() -> None:
    (version,) = re.findall(r'^version = "([^"]+)"', text("pyproject.toml"), re.MULTILINE)
    assert f"\n## {version}" in text("CHANGELOG.md")
    assert f":{version}" in text("docker-compose.yml")


def test_a_paper_keeps_to_itself() -> None:
    """Every paper in docs/ is reached from the README."""
    papers = {path for path in PAPERS if path.startswith("docs/") and path.count("/") == 1}
    assert {path for path in papers if f"]({path})" not in text("README.md")} == set()
    assert tree("server/settings.py")
