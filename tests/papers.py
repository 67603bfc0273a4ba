"""The tables in docs/ that the code knows better: `python -m tests.papers` writes them anew between their marks."""

import json
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Final

from device_agent.exits import EXITS
from device_agent.settings import ENVIRONMENT, SETTINGS
from server.api.table import RESOURCES
from server.broker.limits import Limits
from server.oauth.event import WORDS
from server.settings import Settings
from server.sources import PREFIX

ROOT: Final = Path(__file__).parents[1]


def table(*rows: Iterable[str]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def server_settings() -> str:
    """Every setting of `porchlight serve`."""
    rows = []
    for each in fields(Settings):
        default = "" if each.default is MISSING else shown(each.default)
        rows.append((f"`{each.name}`", default, each.metadata["help"]))
    return table(("Setting", "Default", f"What it is (`{PREFIX}…` in the environment)"), *rows)


def agent_settings() -> str:
    """Every setting of `porchlight-agent`."""
    rows = [(f"`{name}`", f"`{kind}`", shown(default), about) for name, kind, default, about in SETTINGS]
    return table(("Setting", "Kind", "Default", f"What it is (`{ENVIRONMENT}…` in the environment)"), *rows)


def agent_exits() -> str:
    """How `porchlight-agent` ends."""
    return table(("Code", "Meaning"), *((str(code), meaning) for code, meaning in EXITS))


def resources() -> str:
    """What a token buys."""
    rows = [(f"`{each.name}`", f"`{each.method} /api{each.path}`", f"`{each.scope}`" if each.scope else "any")
            for each in RESOURCES]  # fmt: skip
    return table(("Over MQTT", "Over HTTP", "Scope"), *rows)


def limits() -> str:
    """The bounds of the embedded broker."""
    return table(("Limit", "Value"), *((f"`{each.name}`", f"{each.default:,}") for each in fields(Limits)))


def events() -> str:
    """The words of the audit."""
    return table(("Event", "What happened"), *((f"`{word}`", meaning) for word, meaning in WORDS.items()))


def shown(default: object) -> str:
    if default in ("", (), False):
        return "off" if default is False else ""
    return f"`{json.dumps(default) if default is True else default}`"


TABLES: Final[dict[str, tuple[str, Callable[[], str]]]] = {
    "settings": ("docs/operations.md", server_settings),
    "events": ("docs/operations.md", events),
    "agent settings": ("docs/agent.md", agent_settings),
    "agent exits": ("docs/agent.md", agent_exits),
    "resources": ("docs/mqtt.md", resources),
    "limits": ("docs/mqtt.md", limits),
}


def with_table(text: str, name: str, made: str) -> str:
    """The text with this table between its marks. Raises `ValueError` when there are none."""
    begin, end = f"<!-- {name} -->\n", "<!-- end -->"
    before, mark, rest = text.partition(begin)
    if not mark or end not in rest:
        raise ValueError(f"there is no place for the table {name}: {begin}{end}")
    return f"{before}{begin}{made}\n{end}{rest.partition(end)[2]}"


def main() -> None:
    """Write every table into its paper."""
    for name, (path, make) in TABLES.items():
        paper = ROOT / path
        paper.write_text(with_table(paper.read_text(encoding="utf-8"), name, make()))


if __name__ == "__main__":
    main()
