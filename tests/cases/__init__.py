"""The law as data: JSON files that tests, and the firmware on a real board, run through the same rules."""

import json
from pathlib import Path
from typing import Any


def load(name: str) -> Any:
    """The content of `tests/cases/{name}.json`."""
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text())
