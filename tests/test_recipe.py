"""The Dockerfile and the locks: what goes into an image, and that all of it is pinned."""

import re
import tomllib
from fnmatch import fnmatch

import pytest

from tests.containers import ROOT, pins, recipe, services, stages


def test_every_image_is_pinned() -> None:
    bases = [rest.split()[0] for instruction, rest in recipe() if instruction == "FROM"]
    images = [each["image"] for each in services().values()] + [base for base in bases if base not in stages()]
    for image in images:
        assert re.search(r":[0-9][\w.-]*$", image), f"{image} names no version"


def test_what_the_recipe_copies_is_there_and_not_ignored() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    copied = [rest.split()[:-1] for instruction, rest in recipe() if instruction == "COPY" and "--from" not in rest]
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
        assert is_sent(name, rules), f".dockerignore keeps {name} out"
    for secret in (".env", "porchlight-data", ".git", "porchlight.db", "tests"):
        assert not is_sent(secret, rules), secret


def is_sent(name: str, rules: list[str]) -> bool:
    """Whether .dockerignore lets a name through: the last rule that fits decides."""
    fitting = [rule for rule in rules if fnmatch(name, rule.removeprefix("!").removeprefix("**/"))]
    return not fitting or fitting[-1].startswith("!")


def test_nothing_is_installed_but_by_hash() -> None:
    installs = [
        step
        for instruction, rest in recipe()
        if instruction == "RUN"
        for step in rest.split("&&")
        if re.search(r"\bpip (install|wheel)\b", step)
    ]
    assert installs
    for step in installs:
        by_hash = re.search(r"--require-hashes -r (\S+)", step)
        assert by_hash or "--no-index" in step or "--no-build-isolation" in step, step
        assert by_hash is None or (ROOT / by_hash[1]).is_file(), step


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-sim.lock", "requirements-build.lock"])
def test_the_locks_agree(lock: str) -> None:
    everything = pins("requirements-dev.lock")
    assert {name: everything.get(name) for name in pins(lock)} == pins(lock)


@pytest.mark.parametrize(
    ("lock", "extra"), [("requirements.lock", "server"), ("requirements-sim.lock", "sim"), ("requirements.lock", "")]
)
def test_a_lock_has_all_that_is_asked_for(lock: str, extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
    names = {re.match(r"[a-z0-9-]+", each)[0] for each in wanted}  # type: ignore[index]
    assert names <= set(pins(lock))


def test_the_build_backend_is_locked() -> None:
    (backend,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert re.match(r"[a-z0-9-]+", backend)[0] in pins("requirements-build.lock")  # type: ignore[index]
