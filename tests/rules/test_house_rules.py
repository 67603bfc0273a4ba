"""The rules of the house that a program can check: names, signs, sizes, and what never stands in a file."""

import ast
import re
import sys
from collections.abc import Iterator

from tests.rules.tree import FOLDERS, ROOMS, ROOT, files, python_files, text, tree

# Words that say nothing about what a thing is.
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "base", "misc", "manager", "service", "handler", "impl"}

LONGEST = 300
LONGEST_TEST = 400  # a catalogue of stories is read one story at a time
# What may be longer, and why.
LONG_FILES: dict[str, str] = {}

TOP_LEVEL = {*FOLDERS, ".ci"}

# Where somebody's own machine, or a shop for packages, would show. Written in pieces, so that this file has none.
MACHINE_PATHS = re.compile(r"/(?:work|home|Users|root)/" + r"[A-Za-z0-9_.-]+")
REGISTRIES = tuple(
    "".join(parts)
    for parts in (
        ("py", "pi.org"),
        ("files.python", "hosted.org"),
        ("registry.npm", "js.org"),
        ("ghcr", ".io"),
        ("docker", ".io"),
        ("--index", "-url"),
        ("--extra-index", "-url"),
    )
)
LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")

# Who may print: commands answer on standard output. Tests and measurements report as they like.
PRINTERS = ("server/commands/", "device_agent/commands/", "device_agent/report.py", "tests/", "bench/")
MINT = "server/signing/"
BARE = re.compile(r"#\s*(?:noqa(?!:)|type:\s*ignore(?!\[))")
HIDDEN = re.compile(r"pragma:\s*no cover|pytest\.mark\.(?:skip|xfail)|pytest\.skip\(")


def words(name: str) -> set[str]:
    """The words of a name: `TokenHandler` has token and handler."""
    return set(re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().split("_"))


def imported(path: str) -> Iterator[str]:
    """The names of all modules that a file imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_the_top_level_has_the_rooms_that_were_agreed() -> None:
    assert {path.partition("/")[0] for path in files() if "/" in path} <= TOP_LEVEL


def test_no_file_is_named_with_an_empty_word() -> None:
    parts = [(path, part) for path in python_files() for part in path.removesuffix(".py").split("/")]
    assert [path for path, part in parts if words(part) & EMPTY_WORDS] == []


def test_no_class_is_named_with_an_empty_word() -> None:
    classes = [(path, node) for path in python_files() for node in ast.walk(tree(path)) if type(node) is ast.ClassDef]
    assert [f"{path}: {node.name}" for path, node in classes if words(node.name) & EMPTY_WORDS] == []


def test_every_package_of_the_product_has_a_sign_on_its_door() -> None:
    folders = {path.rpartition("/")[0] for path in python_files(*ROOMS)}
    assert {folder for folder in folders if f"{folder}/__init__.py" not in files()} == set()


def test_every_file_begins_by_saying_what_it_is() -> None:
    signs = {path: ast.get_docstring(tree(path)) or "" for path in python_files(*ROOMS, "bench")}
    assert [path for path, sign in signs.items() if not sign.split("\n\n")[0].rstrip().endswith((".", "?"))] == []
    tests = [path for path in python_files("tests") if not path.endswith("__init__.py")]
    assert [path for path in tests if not ast.get_docstring(tree(path))] == []


def test_no_file_is_too_long_to_read_in_one_go() -> None:
    lengths = {path: len(text(path).splitlines()) for path in python_files()}
    too_long = {path for path, length in lengths.items() if length > longest(path)}
    assert too_long - set(LONG_FILES) == set(), "split what holds more than one thing"
    assert set(LONG_FILES) <= set(lengths), "take out of the table what is gone"


def longest(path: str) -> int:
    return LONGEST_TEST if path.startswith("tests/") else LONGEST


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert {path: found for path in files() if (found := MACHINE_PATHS.findall(text(path)))} == {}


def test_no_file_names_a_registry() -> None:
    pairs = [(path, registry) for path in files() for registry in REGISTRIES if registry in text(path)]
    # `make lock` turns an index off by its flag.
    assert [(path, registry) for path, registry in pairs if path not in ("Makefile", "LICENSE")] == []


def test_nothing_is_left_for_later() -> None:
    ours = [path for path in files() if not path.endswith(".lock") and path != "LICENSE"]
    assert [path for path in ours if LATER.search(text(path))] == []


def test_the_mint_alone_holds_pyjwt() -> None:
    holders = {path for path in python_files(*ROOMS) for name in imported(path) if name.partition(".")[0] == "jwt"}
    assert {path for path in holders if not path.startswith(MINT)} == set()
    assert holders


def test_only_commands_print() -> None:
    quiet = [path for path in python_files() if not path.startswith(PRINTERS)]
    calls = [(path, node) for path in quiet for node in ast.walk(tree(path)) if type(node) is ast.Call]
    said = [f"{path}:{node.lineno}" for path, node in calls if type(node.func) is ast.Name and node.func.id == "print"]
    assert said == []


def test_the_agent_needs_no_more_than_the_base_installation() -> None:
    known = {"device_agent", "paho", "qrcode", *sys.stdlib_module_names}
    needed = [(path, name.partition(".")[0]) for path in python_files("device_agent") for name in imported(path)]
    assert {(path, name) for path, name in needed if name not in known} == {("device_agent/key.py", "cryptography")}


def test_a_rule_is_never_switched_off_without_its_name() -> None:
    """`noqa` and `type: ignore` name what they allow; no line is kept from being counted, no test from being run."""
    ours = [path for path in python_files() if not path.startswith("tests/rules/")]
    assert [path for path in ours if BARE.search(text(path)) or HIDDEN.search(text(path))] == []


def test_the_rules_notice_what_they_forbid() -> None:
    assert words("TokenHandler") & EMPTY_WORDS
    assert words("date_utils") & EMPTY_WORDS
    assert not words("Basics") & EMPTY_WORDS
    assert MACHINE_PATHS.search("open('/home/" + "somebody/x')")
    assert LATER.search("# TO" + "DO: later")
    assert "server/oauth/device.py" in python_files("server")
    assert (ROOT / "pyproject.toml").is_file()
