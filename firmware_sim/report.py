"""The report: what became of every device, as one JSON object or as a table for people."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from firmware_sim.habits import HABITS
from firmware_sim.life import Life

_SUMS: Final = ("slow_downs", "lost_requests", "lost_answers", "new_codes", "restarts", "reconnects")
_PLAIN_WIDTH: Final = 120


@dataclass(frozen=True, slots=True)
class Run:
    """What is not any one device's: the server, pages asked for and reloaded, and how long it took, in milliseconds."""

    server: str
    page_requests: int
    page_reloads: int
    took_for: int
    is_interrupted: bool = False


def percentile(values: Sequence[float], part: float) -> float | None:
    """The nearest-rank percentile, `part` from 0 to 1; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    rank = max(1, -(-int(part * 1_000_000) * len(ordered) // 1_000_000))
    return ordered[min(rank, len(ordered)) - 1]


def add_up(lives: Sequence[Life], run: Run) -> dict[str, Any]:
    """The report. Times end in `_ms` or `_s`; `lost` are the devices that did not end as their habit must."""
    ends = Counter(life.end for life in lives)
    return {
        "server": run.server,
        "devices": len(lives),
        "signed_in": ends["signed_in"],
        "denied": ends["denied"],
        "expired": ends["expired"],
        "failed": ends["failed"],
        "failures": dict(Counter(life.reason for life in lives if life.end == "failed").most_common()),
        "examples": _examples(lives),
        "lost": sum(life.is_lost for life in lives),
        "approval_to_token_ms": _spread([life.waited_for for life in lives if life.waited_for is not None]),
        "mqtt_round_trip_ms": _spread([trip for life in lives for trip in life.round_trips]),
        "requests": sum(life.requests for life in lives),
        "page_requests": run.page_requests,
        "page_reloads": run.page_reloads,
        **{name: sum(getattr(life, name) for life in lives) for name in _SUMS},
        "wall_s": round(run.took_for / 1_000, 3),
        "interrupted": run.is_interrupted,
        "habits": {habit.name: _of_habit(lives, habit.name) for habit in HABITS if _have(lives, habit.name)},
    }


def _have(lives: Sequence[Life], habit: str) -> list[Life]:
    return [life for life in lives if life.habit == habit]


def _of_habit(lives: Sequence[Life], habit: str) -> dict[str, Any]:
    own = _have(lives, habit)
    return {
        "devices": len(own),
        "ends": own[0].ends,
        "lost": sum(life.is_lost for life in own),
        "slow_downs": sum(life.slow_downs for life in own),
        "approval_to_token_ms": _spread([life.waited_for for life in own if life.waited_for is not None]),
    }


def _spread(values: Sequence[float]) -> dict[str, float | int | None]:
    spread = {"p50": percentile(values, 0.5), "p95": percentile(values, 0.95), "max": max(values, default=None)}
    return {
        "count": len(values),
        **{name: None if value is None else round(value, 3) for name, value in spread.items()},
    }


def _examples(lives: Sequence[Life]) -> dict[str, str]:
    """For each reason, what one device saw; a device that ended well but wrongly is named by its end."""
    examples: dict[str, str] = {}
    for life in lives:
        if life.end == "failed":
            examples.setdefault(life.reason, life.detail)
        elif life.is_lost:
            examples.setdefault(f"{life.habit}_{life.end}", f"a {life.habit} device must end {life.ends}")
    return examples


def show(report: dict[str, Any], out: TextIO) -> None:
    """The report as tables: by habit, then the figures, then what went wrong."""
    console = Console(file=out) if out.isatty() else Console(file=out, width=_PLAIN_WIDTH, color_system=None)
    console.print(_by_habit(report))
    console.print()
    console.print(_figures(report))
    if report["examples"]:
        console.print()
        console.print(_went_wrong(report))
    lost = report["lost"]
    verdict = (
        f"{lost} {'device was' if lost == 1 else 'devices were'} lost" if lost else "every device ended as it should"
    )
    if report["interrupted"]:
        verdict = f"interrupted; {verdict}"
    console.print(f"\n{report['devices']} devices in {report['wall_s']:.1f} s: {verdict}", highlight=False)


def _by_habit(report: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("habit")
    for title in ("devices", "must end", "lost", "slow_down", "approval to token p50", "p95"):
        table.add_column(title, justify="left" if title == "must end" else "right")
    for name, row in report["habits"].items():
        waits = row["approval_to_token_ms"]
        table.add_row(
            name,
            str(row["devices"]),
            row["ends"].replace("_", " "),
            str(row["lost"]),
            str(row["slow_downs"]),
            _time(waits["p50"]),
            _time(waits["p95"]),
        )
    return table


def _figures(report: dict[str, Any]) -> Table:
    waits, trips = report["approval_to_token_ms"], report["mqtt_round_trip_ms"]
    table = Table.grid(padding=(0, 2))
    rows = (
        ("signed in", report["signed_in"]),
        ("denied", report["denied"]),
        ("expired", report["expired"]),
        ("failed", report["failed"]),
        ("approval to token", f"p50 {_time(waits['p50'])}, p95 {_time(waits['p95'])}"),
        ("MQTT round trip", f"p50 {_time(trips['p50'])}, p95 {_time(trips['p95'])} of {trips['count']} calls"),
        ("requests", f"{report['requests']} by devices, {report['page_requests']} by people"),
        ("slow_down heard", report["slow_downs"]),
        ("requests lost", f"{report['lost_requests']}, with tokens in the answer: {report['lost_answers']}"),
        ("tried again", f"{report['reconnects']} times by devices, {report['page_reloads']} by people"),
        ("begun again", f"{report['new_codes']} with a new code, {report['restarts']} after a restart"),
    )
    for name, value in rows:
        table.add_row(name, str(value))
    return table


def _went_wrong(report: dict[str, Any]) -> Table:
    table = Table("what went wrong", "devices", "such as", box=None, pad_edge=False, header_style="bold")
    for reason, example in report["examples"].items():
        # Text, not markup: these can be a server's own words.
        table.add_row(Text(reason), str(report["failures"].get(reason, "")), Text(example))
    return table


def _time(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1f} ms" if value < 1_000 else f"{value / 1_000:.2f} s"
