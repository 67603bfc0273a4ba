"""The shared mind and the shared wire stay within what MicroPython runs, so that a board uses the very same files."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Patterns of files that a board loads as they are; one line for each further room.
FILES = (
    "device_agent/flow/*.py",
    "device_agent/mqtt/topics.py",
    "device_agent/mqtt/envelope.py",
    "device_agent/mqtt/responder.py",
    "device_agent/mqtt/packets/*.py",
)
MODULES = {"json", "binascii", "hashlib", "struct"}
SHARED = ("device_agent.flow", "device_agent.mqtt")
BUILTINS_IT_LACKS = {"vars", "breakpoint", "aiter", "anext", "ascii"}
EXCEPTIONS_IT_LACKS = {"UnicodeDecodeError", "UnicodeEncodeError", "RecursionError", "TimeoutError", "ConnectionError"}
METHODS_IT_LACKS = {
    "removeprefix",
    "removesuffix",
    "isascii",
    "casefold",
    "isidentifier",
    "expandtabs",
    "translate",
    "zfill",
}
SYNTAX_IT_LACKS: tuple[tuple[type[ast.AST], str], ...] = (
    (ast.Match, "match"),
    (ast.NamedExpr, "an assignment within an expression"),
    (ast.AsyncFunctionDef, "async"),
    (ast.TryStar, "except*"),
)


def shared_files() -> list[Path]:
    return sorted(path for pattern in FILES for path in ROOT.glob(pattern))


def complaints(source: str) -> list[str]:
    """What in a file MicroPython would not run, with line numbers."""
    found = []
    tree = ast.parse(source)
    for node in loaded(tree):
        said = complaint(node)
        if said:
            found.append(f"line {getattr(node, 'lineno', 0)}: {said}")
    return found


def loaded(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that a board would load: what stands under `if TYPE_CHECKING:` never is."""
    yield tree
    for inner in ast.iter_child_nodes(tree):
        if not (isinstance(inner, ast.If) and isinstance(inner.test, ast.Name) and inner.test.id == "TYPE_CHECKING"):
            yield from loaded(inner)


def complaint(node: ast.AST) -> str:
    """What is wrong with one node; nothing when it is fine."""
    for kind, name in SYNTAX_IT_LACKS:
        if isinstance(node, kind):
            return name
    match node:
        case ast.Import(names=names):
            strange = [alias.name for alias in names if not is_known(alias.name)]
            return f"import of {strange[0]}" if strange else ""
        case ast.ImportFrom(module=module, level=0):
            return "" if is_known(module or "") else f"import from {module}"
        case ast.Name(id=name) if name in BUILTINS_IT_LACKS | EXCEPTIONS_IT_LACKS:
            return name
        case ast.Attribute(attr=name) if name in METHODS_IT_LACKS or name == "__annotations__":
            return f".{name}"
        case ast.Set(elts=items) | ast.List(elts=items, ctx=ast.Load()) | ast.Tuple(elts=items, ctx=ast.Load()):
            return "unpacking within a display" if any(isinstance(item, ast.Starred) for item in items) else ""
        case ast.Dict(keys=keys) if None in keys:
            return "unpacking within a dict"
        case ast.FunctionDef(args=arguments) if arguments.posonlyargs:
            return "positional-only parameters"
        case ast.ClassDef(keywords=keywords) if keywords:
            return "a metaclass or class keyword"
        case ast.FunctionDef() | ast.ClassDef():
            strange_marks = [mark for mark in node.decorator_list if not known_decorator(mark)]
            return "a decorator other than property, staticmethod, classmethod" if strange_marks else ""
    return ""


def is_known(module: str) -> bool:
    return module in MODULES or module in SHARED or module.startswith(tuple(room + "." for room in SHARED))


def known_decorator(mark: ast.expr) -> bool:
    return isinstance(mark, ast.Name) and mark.id in {"property", "staticmethod", "classmethod"}


@pytest.mark.parametrize("path", shared_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_shared_file_runs_on_micropython(path: Path) -> None:
    assert complaints(path.read_text()) == []


def test_the_table_finds_the_wire() -> None:
    assert {"topics.py", "envelope.py", "client.py", "decoder.py"} <= {path.name for path in shared_files()}


@pytest.mark.parametrize(
    "source",
    [
        "from dataclasses import dataclass",
        "import typing",
        "import enum",
        "from __future__ import annotations",
        "match x:\n    case 1: pass",
        "if (n := 1): pass",
        "async def f(): pass",
        "x = (*a, 1)",
        "x = [*a]",
        "x = {*a}",
        "x = {**a}",
        "def f(a, /): pass",
        "@cached\ndef f(): pass",
        "class A(metaclass=B): pass",
        "x = vars(y)",
        "try: pass\nexcept UnicodeDecodeError: pass",
        "'a'.removeprefix('b')",
    ],
)
def test_what_a_board_cannot_run_is_noticed(source: str) -> None:
    assert complaints(source) != []


@pytest.mark.parametrize(
    "source", ["a, *b = c", "f(*a, **b)", "def f(*, a: int | None = None) -> list[int]: ...", "f'{a:02x}'"]
)
def test_what_a_board_can_run_is_not_complained_of(source: str) -> None:
    assert complaints(source) == []
