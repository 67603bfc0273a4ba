"""The order of `porchlight-sim`: flags, checked before anything starts. A wrong one is refused by name."""

import argparse
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from firmware_sim.discovery import Wrong, read_server
from firmware_sim.habits import BY_NAME, HABITS

PASSWORD_VARIABLE: Final = "PORCHLIGHT_SIM_PASSWORD"  # noqa: S105 - a name
MOST_DEVICES: Final = 100_000
EXITS: Final = (
    "Exit codes: 0 every device ended as its habit must, 1 some were lost, 2 wrong usage, "
    "5 the server cannot be reached, 130 interrupted."
)


@dataclass(frozen=True, slots=True)
class Order:
    """What to simulate. `habits` pairs a habit with its number of devices; `rate` is in devices per second,
    `timeout_for` in milliseconds."""

    server: str
    count: int
    habits: tuple[tuple[str, int], ...]
    username: str
    password: str
    client_id: str
    scope: str
    with_mqtt: bool
    calls: int
    rate: float
    timeout_for: int
    seed: str
    as_json: bool

    @property
    def needs_person(self) -> bool:
        """Whether anybody has to decide."""
        return any(number and BY_NAME[name].decision for name, number in self.habits)


def parser() -> argparse.ArgumentParser:
    """The flags."""
    habits = "; ".join(f"{habit.name}: {habit.about}" for habit in HABITS)
    flags = argparse.ArgumentParser(
        prog="porchlight-sim",
        description="Simulate devices that sign in, people who approve them on the real pages, and calls over MQTT.",
        epilog=f"Habits - {habits}. {EXITS}",
    )
    flags.add_argument("--server", required=True, metavar="URL", help="the sign-in server; nothing else is contacted")
    flags.add_argument("--insecure-http", action="store_true", help="allow http:// to a host that is not loopback")
    flags.add_argument("--count", type=int, default=10, metavar="N", help="devices (default: 10)")
    flags.add_argument(
        "--habit",
        nargs="+",
        action="extend",
        metavar="NAME[=SHARE]",
        help="habits and their shares, such as patient=3 flaky (default: patient)",
    )
    flags.add_argument("--user", default="", metavar="NAME", help="who approves on the pages")
    flags.add_argument(
        "--password-stdin",
        action="store_true",
        help=f"read the password, one line, from stdin (otherwise from {PASSWORD_VARIABLE})",
    )
    flags.add_argument("--client-id", default="porchlight-tv", metavar="ID", help="default: porchlight-tv")
    flags.add_argument("--scope", default="profile readings:write", help="default: profile readings:write")
    flags.add_argument("--mqtt", action=argparse.BooleanOptionalAction, default=True, help="call the API over MQTT")
    flags.add_argument("--calls", type=int, default=2, metavar="K", help="calls of each device (default: 2)")
    flags.add_argument("--rate", type=float, default=50.0, metavar="R", help="sign-ins started a second (default: 50)")
    flags.add_argument("--timeout", type=float, default=300.0, metavar="S", help="seconds for all of it (default: 300)")
    flags.add_argument("--seed", default="porchlight", help="the same seed draws the same misfortunes")
    flags.add_argument("--json", action="store_true", help="the report as one JSON object")
    return flags


def read_order(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> Order:
    """The order that these flags make; raises `Wrong`, and `SystemExit` for flags that argparse refuses."""
    args = parser().parse_args(argv)
    environ = os.environ if environ is None else environ
    _demand(1 <= args.count <= MOST_DEVICES, "--count", f"1 to {MOST_DEVICES} devices")
    _demand(0 <= args.calls <= 1_000, "--calls", "0 to 1000 calls")
    _demand(0 < args.rate <= 10_000, "--rate", "more than 0 and at most 10000 sign-ins a second")
    _demand(0 < args.timeout <= 86_400, "--timeout", "more than 0 and at most 86400 seconds")
    order = Order(
        server=read_server(args.server, is_http_allowed=args.insecure_http),
        count=args.count,
        habits=share_out(args.count, args.habit or ["patient"]),
        username=args.user,
        password=_password(args, environ),
        client_id=args.client_id,
        scope=args.scope,
        with_mqtt=args.mqtt,
        calls=args.calls,
        rate=args.rate,
        timeout_for=int(args.timeout * 1_000),
        seed=args.seed,
        as_json=args.json,
    )
    if order.needs_person:
        _demand(bool(order.username), "--user", "the name of somebody who may approve devices on that server")
        _demand(bool(order.password), "--password-stdin", f"the password on stdin, or in {PASSWORD_VARIABLE}")
    return order


def share_out(count: int, wishes: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Divide `count` devices by `NAME` or `NAME=SHARE`, largest remainders first. Raises `Wrong`."""
    shares: dict[str, float] = {}
    for wish in wishes:
        name, has_share, share = wish.partition("=")
        _demand(name in BY_NAME, f"--habit {name}", f"one of {', '.join(BY_NAME)}")
        _demand(name not in shares, f"--habit {name}", "it only once")
        shares[name] = _share(name, share) if has_share else 1.0
    total = sum(shares.values())
    exact = {name: count * share / total for name, share in shares.items()}
    numbers = {name: math.floor(number) for name, number in exact.items()}
    by_remainder = sorted(exact, key=lambda name: numbers[name] - exact[name])
    for name in by_remainder[: count - sum(numbers.values())]:
        numbers[name] += 1
    return tuple(numbers.items())


def _share(name: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    _demand(0 < share < 1e9, f"--habit {name}", "a share above 0, such as flaky=2")
    return share


def _password(args: argparse.Namespace, environ: Mapping[str, str]) -> str:
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return environ.get(PASSWORD_VARIABLE, "")


def _demand(holds: bool, name: str, what: str) -> None:
    if not holds:
        raise Wrong(f"{name}: write {what}")
