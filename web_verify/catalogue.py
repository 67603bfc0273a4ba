"""One language's sentences, read from its gettext catalogue (.po) when somebody first needs them, and kept.

An entry's context is the key of `words.py`. What is fuzzy, empty or out of use is left out: English is said instead.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

_ENTRY: Final = re.compile(r'(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?)\s+"(.*)"')
_ESCAPED: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_PLURALS: Final = re.compile(r"nplurals\s*=\s*(\d)\s*;\s*plural\s*=\s*([^;\n]+)")


class Catalogue(NamedTuple):
    """`sentences` by key; `counted` by key in all forms that the language has; `form`: which goes with a number."""

    sentences: Mapping[str, str]
    counted: Mapping[str, tuple[str, ...]]
    form: Callable[[int], int]


@cache
def catalogue(path: Path) -> Catalogue:
    """What is in this file; an `OSError` when there is none."""
    return read(path.read_text("utf-8"))


def read(text: str) -> Catalogue:
    """What a catalogue says."""
    from gettext import c2py  # here, for a server that has only ever spoken English

    sentences: dict[str, str] = {}
    counted: dict[str, tuple[str, ...]] = {}
    forms, rule = 1, "0"
    for entry in _entries(text):
        key = entry.get("msgctxt")
        if key is None:
            found = _PLURALS.search(entry.get("msgstr", ""))
            forms, rule = (int(found[1]), found[2]) if found else (forms, rule)
        elif "msgid_plural" not in entry:
            if entry.get("msgstr"):
                sentences[key] = entry["msgstr"]
        elif all(said := tuple(entry.get(f"msgstr[{number}]", "") for number in range(forms))):
            counted[key] = said
    return Catalogue(sentences, counted, c2py(rule))


def _entries(text: str) -> Iterator[dict[str, str]]:
    """Each entry that is in use and not fuzzy, by the names of its parts."""
    for block in re.split(r"\n\s*\n", text):
        entry: dict[str, str] = {}
        name = ""
        lines = block.splitlines()
        if any(line.startswith("#,") and "fuzzy" in line for line in lines):
            continue
        for line in (line for line in lines if not line.startswith("#")):
            begun = _ENTRY.fullmatch(line.strip())
            name, quoted = (begun[1], begun[2]) if begun else (name, line.strip()[1:-1])
            entry[name] = entry.get(name, "") + _ESCAPED.sub(lambda mark: _ESCAPES.get(mark[1], mark[1]), quoted)
        if entry:
            yield entry
