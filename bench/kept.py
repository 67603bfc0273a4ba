"""Results kept in a file while a run goes on, so that a run which broke off is taken up and not begun again."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Result = Mapping[str, Any]


def take_up(path: Path, about: Mapping[str, Any]) -> list[Result]:
    """What an earlier run of the same commit, as thorough as this one, measured without an error.

    Raises `ValueError` for a file that holds something else: it is not written over.
    """
    if not path.exists():
        return []
    try:
        kept = json.loads(path.read_text())
        earlier, results = kept["machine"], kept["benches"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} holds no results of a benchmark; name another file") from None
    if any(earlier.get(name) != about[name] for name in ("commit", "is_quick", "cpu")):
        return []
    return [result for result in results if not result["error"]]


def keep(path: Path, about: Mapping[str, Any], results: Sequence[Result]) -> None:
    """Write what there is by now, all or nothing."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(as_json(about, results) + "\n")
    beside.replace(path)


def as_json(about: Mapping[str, Any], results: Sequence[Result]) -> str:
    return json.dumps({"machine": about, "benches": results}, indent=1)
