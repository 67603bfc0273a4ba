"""`python -m bench.paper FILE [--into README]`: the figures of a run as Markdown, from its JSON.

`--into` puts them between the marks of a paper, in place of those that stand there.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .figure import Figure

BEGIN, END = "<!-- figures: python -m bench.paper -->", "<!-- /figures -->"
SAID = {"goal": "goal met", "floor": "floor met", "missed": "**missed**", "": ""}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 written, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m bench.paper", description=__doc__)
    parser.add_argument("file", type=Path, help="the JSON of a run: --keep FILE, or --json > FILE")
    parser.add_argument("--into", type=Path, help="the paper to put them into")
    args = parser.parse_args(arguments)
    written = write(json.loads(args.file.read_text()))
    if args.into is None:
        print(written, end="")
        return 0
    paper = args.into.read_text()
    if paper.count(BEGIN) != 1 or paper.count(END) != 1:
        print(f"bench.paper: {args.into} needs one line {BEGIN} and one line {END}", file=sys.stderr)
        return 2
    before, rest = paper.split(BEGIN)
    args.into.write_text(f"{before}{BEGIN}\n{written}{END}{rest.split(END)[1]}")
    return 0


def write(run: Mapping[str, Any]) -> str:
    """The machine, the figures that have goals, then all of each benchmark."""
    return "\n".join((*_machine(run["machine"]), *_goals(run["benches"]), *_all(run["benches"])))


def _machine(about: Mapping[str, Any]) -> Iterator[str]:
    load = ", ".join(map(str, about["load_before"]))
    yield f"One run{' (`--quick`: short rounds)' if about['is_quick'] else ''} at commit `{about['commit']}`, on "
    yield f"{about['cores']} cores of {about['cpu']}, {about['system']}, {about['python']}; {about['arrangement']}."
    yield f"Load average before the run: {load}.\n"


def _goals(benches: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "| | measured | goal | floor | |\n|---|---|---|---|---|"
    for figure in (Figure.from_json(each) for bench in benches for each in bench["figures"]):
        if figure.goal is not None:
            goal, floor = (figure.mark(mark) for mark in (figure.goal, figure.floor))
            yield f"| {figure.what} | **{figure.shown()}** | {goal} | {floor} | {SAID[figure.verdict]} |"
    yield ""


def _all(benches: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for bench in benches:
        yield f"### `{bench['name']}`: {bench['what']}\n"
        if bench["error"]:
            yield f"Not measured: {bench['error']}\n"
            continue
        yield "| | measured | |\n|---|---|---|"
        figures = map(Figure.from_json, bench["figures"])
        yield from (f"| {each.what} | {each.shown()} | {each.note} |" for each in figures)
        yield ""


if __name__ == "__main__":
    raise SystemExit(main())
