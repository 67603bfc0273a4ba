"""The programs beside Python that the tests need, what is missing of them, and how to get it.

`python -m tests.needs` installs what is missing where that is allowed (root, with apt); elsewhere it says what to do.
With `CI=true` it fails when something is still missing. A test asks `require("chromium")` for a path, or fails.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Need(NamedTuple):
    """A thing that tests need: there when one of `programs` is on the path, or one of `files` (patterns) exists."""

    name: str
    programs: tuple[str, ...]
    files: tuple[str, ...]
    apt: str
    brew: str | None  # None: macOS needs nothing for it


NEEDS = (
    Need(
        "chromium",
        ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"),
        (
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
        ),
        "chromium",
        "--cask google-chrome",
    ),
    Need(
        "mosquitto", ("mosquitto",), ("/usr/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"), "mosquitto", "mosquitto"
    ),
    Need("mosquitto_pub", ("mosquitto_pub",), (), "mosquitto-clients", "mosquitto"),
    Need("mosquitto_rr", ("mosquitto_rr",), (), "mosquitto-clients", "mosquitto"),
    Need("mosquitto_sub", ("mosquitto_sub",), (), "mosquitto-clients", "mosquitto"),
    Need(
        "postgres",
        ("postgres",),
        ("/usr/lib/postgresql/*/bin/postgres", "/opt/homebrew/opt/postgresql@*/bin/postgres"),
        "postgresql",
        "postgresql@17",
    ),
    Need(
        "initdb",
        ("initdb",),
        ("/usr/lib/postgresql/*/bin/initdb", "/opt/homebrew/opt/postgresql@*/bin/initdb"),
        "postgresql",
        "postgresql@17",
    ),
    Need("dejavu", (), ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",), "fonts-dejavu-core", None),
)


def find(need: Need) -> Path | None:
    """Where it is; of several versions the newest."""
    for program in need.programs:
        if path := shutil.which(program):
            return Path(path)
    for pattern in need.files:
        found = sorted(Path("/").glob(pattern.lstrip("/")), key=lambda path: (len(str(path)), str(path)))
        if found:
            return found[-1]
    return None


def missing() -> list[Need]:
    """What is not there."""
    return [need for need in NEEDS if find(need) is None and not (sys.platform == "darwin" and need.brew is None)]


def require(name: str) -> Path:
    """The path of a need by its name. Fails the test that asks, in words that say how to get it; it never skips."""
    need = next(need for need in NEEDS if need.name == name)
    path = find(need)
    if path is None:
        import pytest  # `python -m tests.needs` itself needs nothing

        pytest.fail(f"{name} is missing on this machine.\n{advice([need])}", pytrace=False)
    return path


def advice(needs: Sequence[Need]) -> str:
    """The commands that install these."""
    apt = " ".join(dict.fromkeys(need.apt for need in needs))
    brew = list(dict.fromkeys(need.brew for need in needs if need.brew))
    lines = [f"  Debian, Ubuntu:  sudo apt-get install {apt}"]
    lines += [f"  macOS:           brew install {name}" for name in brew]
    return "\n".join(lines)


def may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(needs: Sequence[Need]) -> None:
    """Install with apt, without questions. What cannot be installed is still missing afterwards: no error here."""
    packages = list(dict.fromkeys(need.apt for need in needs))
    print(f"Installing what the tests need: {', '.join(packages)} ...", flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    lock = ("-o", "DPkg::Lock::Timeout=120")
    for arguments in (("update",), ("install", "-y", "--no-install-recommends", *packages)):
        subprocess.run(("apt-get", "-qq", *lock, *arguments), env=quiet, stdin=subprocess.DEVNULL, check=False)


def main() -> int:
    needs = missing()
    if needs and may_install():
        install(needs)
        needs = missing()
    if not needs:
        return 0
    print(f"Missing for the tests: {', '.join(need.name for need in needs)}.\n{advice(needs)}", file=sys.stderr)
    if os.environ.get("CI") == "true":
        return 1
    print("The tests that need them will fail; all others run.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
