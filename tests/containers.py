"""docker-compose.yml, the Dockerfile and the locks, read as the programs that use them do."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")
GIVEN = {"POSTGRES_PASSWORD": "p@ss/word: with anything"}


class Missing(Exception):
    """A variable that must be set is not."""


def interpolated(value: Any, environ: Mapping[str, str]) -> Any:
    """The value as Compose reads it: `${NAME}`, `${NAME:-default}`, `${NAME:?why}`."""
    if isinstance(value, dict):
        return {key: interpolated(inner, environ) for key, inner in value.items()}
    if isinstance(value, list):
        return [interpolated(inner, environ) for inner in value]
    return VARIABLE.sub(lambda found: chosen(found, environ), value) if isinstance(value, str) else value


def chosen(found: re.Match[str], environ: Mapping[str, str]) -> str:
    name, kind, more = found.groups()
    if environ.get(name):
        return environ[name]
    if kind == "?":
        raise Missing(f"{name}: {more}")
    return more or ""


def compose(**environ: str) -> dict[str, Any]:
    loaded: dict[str, Any] = interpolated(yaml.safe_load(COMPOSE.read_text()), {**GIVEN, **environ})
    return loaded


def services() -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"]
    return found


def recipe() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, the rest) with continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def stages() -> dict[str, list[tuple[str, str]]]:
    """The Dockerfile's stages by name, each with all that it inherits."""
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for instruction, rest in recipe():
        if instruction == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = [("FROM", base), *found.get(base, [])[1:]]
        else:
            found[name].append((instruction, rest))
    return found


def last(stage: str, instruction: str) -> str:
    return [rest for each, rest in stages()[stage] if each == instruction][-1]


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


def image_environment(service: str) -> dict[str, str]:
    """What the image and Compose put into the environment."""
    target = services()[service]["build"]["target"]
    words = [word for each, rest in stages()[target] if each == "ENV" for word in shlex.split(rest)]
    given = services()[service].get("environment", {})
    return dict(word.split("=", 1) for word in words) | {name: str(value) for name, value in given.items()}
