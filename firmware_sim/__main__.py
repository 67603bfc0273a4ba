"""`porchlight-sim`: simulate a fleet against one server and report what became of it."""

import asyncio
import importlib
import json
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Final

from firmware_sim.discovery import Unreachable, Wrong
from firmware_sim.fleet import Fleet
from firmware_sim.life import Life, Mishap
from firmware_sim.order import Order, read_order
from firmware_sim.progress import watching
from firmware_sim.report import Run, add_up, show

OK: Final = 0
LOST: Final = 1
USAGE: Final = 2
NETWORK: Final = 5
INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the order; its exit code."""
    try:
        order = read_order(argv)
        lives, run = _run(order)
    except Wrong as wrong:
        return _say(str(wrong), USAGE)
    except (Unreachable, Mishap) as unreachable:
        return _say(str(unreachable), NETWORK)
    except KeyboardInterrupt:
        return INTERRUPTED
    report = add_up(lives, run)
    if order.as_json:
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        show(report, sys.stdout)
    if run.is_interrupted:
        return INTERRUPTED
    return LOST if report["lost"] else OK


def _run(order: Order) -> tuple[list[Life], Run]:
    with watching(order.count) as watch, asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_until_told(Fleet(order, watch)))


async def _until_told(fleet: Fleet) -> tuple[list[Life], Run]:
    """Run the fleet; Ctrl-C or a stop from outside ends it early, with its report."""
    loop = asyncio.get_running_loop()
    fleet_run = asyncio.ensure_future(fleet.run())

    def stop() -> None:
        if not fleet.stop():
            fleet_run.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        return await fleet_run
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed: the simulator then takes less of the machine it shares with the server."""
    try:
        factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    except ImportError:
        return None
    return factory


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"porchlight-sim: {text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
