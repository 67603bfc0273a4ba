"""What is in the repository, for the rules to look at."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("server", "web_verify", "device_agent", "firmware_sim")
FOLDERS = (*ROOMS, "tests", "bench", "docs")


@cache
def files() -> tuple[str, ...]:
    """Every file that is tracked, or would be once it is added, as a path from the root."""
    asked = ("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file()))


def python_files(*folders: str) -> tuple[str, ...]:
    """The Python files below these folders, or all."""
    found = (path for path in files() if path.endswith(".py"))
    return tuple(path for path in found if not folders or path.partition("/")[0] in folders)


@cache
def tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), path)


@cache
def text(path: str) -> str:
    """The text of a file, "" for a picture."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
