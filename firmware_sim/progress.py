"""The bar on a terminal: how many devices have ended, and how. Elsewhere there is none."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from firmware_sim.life import Life


class Watcher(Protocol):
    """Called with every device that has ended."""

    def __call__(self, life: Life) -> None: ...


@contextmanager
def watching(count: int) -> Iterator[Watcher]:
    """A bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda life: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    ends: Counter[str] = Counter()
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5) as bar:
        task = bar.add_task("signing in", total=count)

        def ended(life: Life) -> None:
            ends["lost" if life.is_lost else str(life.end)] += 1
            said = ", ".join(f"{number} {end.replace('_', ' ')}" for end, number in sorted(ends.items()))
            bar.update(task, advance=1, description=said)

        yield ended
