"""`python -m bench [NAME …] [--quick] [--json] [--keep FILE]`: measure, show a table, say whether goals are reached.

Progress goes to stderr, the results to stdout. Exit codes: 0 measured, 1 something was not to be measured, 2 usage.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.table import Table

from . import beside, cores, flows, machine, memory, mqtt, pages, people, polls, sign_ins, start, tap, tokens
from .figure import Figure
from .kept import Result, as_json, keep, take_up
from .plan import Missing, Plan

# Name, what it measures, how.
BENCHES: tuple[tuple[str, str, Callable[[Plan], list[Figure]]], ...] = (
    ("polls", "pending polls a second beside a bare server", polls.run),
    ("peers", "pending polls a second beside node-oidc-provider and Authlib", beside.run),
    ("sign_ins", "sign-ins started a second, durable", sign_ins.run),
    ("tokens", "tokens issued and introspected a second", tokens.run),
    ("flows", "refreshes, code flows and devices' sign-ins a second", flows.run),
    ("tap", "from the tap on the phone to tokens on the device", tap.run),
    ("people", "scan to the number on the TV, tap to tokens, sign-out to the MQTT session closed", people.run),
    ("pages", "the phone's pages: their weight, first byte, and largest paint on a slow phone", pages.run),
    ("memory", "resident memory at rest and with 100,000 sign-ins in progress", memory.run),
    ("mqtt", "API calls over MQTT, connections a second", mqtt.run),
    ("start", "from the start of the agent to the QR code", start.run),
)
MARKS = {"goal": "[green]goal met[/]", "floor": "[yellow]floor met[/]", "missed": "[red]missed[/]", "": ""}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code."""
    args = _parser().parse_args(arguments)
    unknown = sorted(set(args.names) - {name for name, _, _ in BENCHES})
    if unknown:
        print(
            f"bench: there is no {unknown[0]}; there are {', '.join(name for name, _, _ in BENCHES)}", file=sys.stderr
        )
        return 2
    screen = Console(stderr=True)
    about = machine.describe() | {"arrangement": cores.arrangement(), "is_quick": args.quick}
    try:
        earlier = take_up(args.keep, about) if args.keep else []
    except ValueError as error:
        print(f"bench: --keep: {error}", file=sys.stderr)
        return 2
    results = _measure_all(args, about, {result["name"]: result for result in earlier}, screen)
    if args.json:
        print(as_json(about, results))
    else:
        _show(about, results)
    return int(any(result["error"] for result in results))


def _measure_all(
    args: argparse.Namespace, about: dict[str, Any], earlier: dict[str, Result], screen: Console
) -> list[Result]:
    """What was asked for, in the table's order; of what an earlier run kept, that."""
    cores.go_to_load_core()
    results: list[Result] = []
    for name, what, run in BENCHES:
        is_asked = not args.names or name in args.names
        if name in earlier:
            results.append(earlier[name])
        elif is_asked:
            results.append(_measure(name, what, run, args.quick, screen))
            if args.keep:
                done = {result["name"] for result in results}
                keep(args.keep, about, [*results, *(each for each in earlier.values() if each["name"] not in done)])
    return results


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    listed = "; ".join(f"{name}: {what}" for name, what, _ in BENCHES)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which (default: all). {listed}")
    parser.add_argument("--quick", action="store_true", help="three short rounds: to see that it works")
    parser.add_argument(
        "--keep", type=Path, metavar="FILE", help="write the results here as they come, and take up what is there"
    )
    parser.add_argument("--json", action="store_true", help="the results as JSON")
    return parser


def _measure(name: str, what: str, run: Callable[[Plan], list[Figure]], is_quick: bool, screen: Console) -> Result:
    """One benchmark: its figures, or why there are none."""
    with _progress(screen, f"{name}: {what}") as say:
        try:
            return {
                "name": name,
                "what": what,
                "figures": [each.as_json() for each in run(Plan(is_quick, say))],
                "error": "",
            }
        except (Missing, RuntimeError, OSError) as error:
            screen.print(f"{name}: {error}", style="red", markup=False)
            return {"name": name, "what": what, "figures": [], "error": str(error)}


def _progress(screen: Console, title: str) -> AbstractContextManager[Callable[[str], None]]:
    if screen.is_terminal:
        return _Spinner(screen, title)
    print(title, file=sys.stderr, flush=True)
    return nullcontext(lambda line: print(f"  {line}", file=sys.stderr, flush=True))


class _Spinner:
    """One line on the terminal that says what is being done."""

    def __init__(self, screen: Console, title: str) -> None:
        self._title = title
        self._status = Status(title, console=screen)

    def __enter__(self) -> Callable[[str], None]:
        self._status.start()
        return lambda line: self._status.update(f"[bold]{self._title}[/]  {line}")

    def __exit__(self, *_: object) -> None:
        self._status.stop()


def _show(about: dict[str, Any], results: Sequence[Result]) -> None:
    console = Console() if sys.stdout.isatty() else Console(width=180, color_system=None)
    table = Table("", "measured", "goal", "floor", "", "", box=None, pad_edge=False, header_style="bold")
    for result in results:
        table.add_row(f"[bold]{result['name']}[/]: {result['what']}")
        for figure in map(Figure.from_json, result["figures"]):
            marks = map(figure.mark, (figure.goal, figure.floor))
            table.add_row(f"  {figure.what}", figure.shown(), *marks, MARKS[figure.verdict], figure.note)
        if result["error"]:
            table.add_row(f"  [red]not measured:[/] {result['error']}")
    console.print(table)
    console.print("; ".join(f"{name} {value}" for name, value in about.items()), style="dim")


if __name__ == "__main__":
    raise SystemExit(main())
