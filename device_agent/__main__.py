"""`porchlight-agent`: the commands, the help, and how the program ends."""

import os
import sys

from device_agent.exits import ERROR, EXITS, INTERRUPTED, OK, USAGE, Failure
from device_agent.report import complain
from device_agent.settings import ENVIRONMENT, SETTINGS, Settings, read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def _login(settings: Settings, words: list[str]) -> int:
    from device_agent.commands import login

    return login.run(settings, words)


def _status(settings: Settings, words: list[str]) -> int:
    from device_agent.commands import status

    return status.run(settings, words)


def _call(settings: Settings, words: list[str]) -> int:
    from device_agent.commands import call

    return call.run(settings, words)


def _run(settings: Settings, words: list[str]) -> int:
    from device_agent.commands import run

    return run.run(settings, words)


def _logout(settings: Settings, words: list[str]) -> int:
    from device_agent.commands import logout

    return logout.run(settings, words)


# name, what follows it, what it does, how. Each imports its own room, so that a start pays for one command only.
COMMANDS: "tuple[tuple[str, str, str, Callable[[Settings, list[str]], int]], ...]" = (
    ("login", "", "sign this device in: shows a code to confirm on a phone", _login),
    ("status", "", "who is signed in, what it allows, and whether MQTT is up", _status),
    (
        "call",
        "METHOD [key=value | key:=json ...]",
        "call the API over MQTT (--http: over HTTP), print the answer",
        _call,
    ),
    ("run", "", "stay connected over MQTT and keep the sign-in fresh", _run),
    ("logout", "", "sign this device out, here and at the server", _logout),
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line `arguments` (default: the process's own). Returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    is_json = "--json" in arguments
    try:
        if not arguments or "--help" in arguments or "-h" in arguments:
            _print_help()
            return OK if arguments else USAGE
        settings, words = read_settings(arguments, dict(os.environ))
        is_json = settings.is_json
        return _command(words)(settings, words[1:])
    except Failure as failure:
        complain(failure, is_json)
        return failure.code
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has left. Python would complain again while it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ERROR


def _command(words: list[str]) -> "Callable[[Settings, list[str]], int]":
    for name, more, _, command in COMMANDS:
        if words and words[0] == name:
            if len(words) > 1 and not more:
                raise Failure(USAGE, "usage", f"{name} takes no further words: {words[1]}.", "See --help.")
            return command
    said = f"{words[0]} is no command." if words else "There is no command."
    raise Failure(USAGE, "usage", said, "Use one of " + ", ".join(name for name, *_ in COMMANDS) + ".")


def _print_help() -> None:
    lines = ["usage: porchlight-agent COMMAND [--setting value ...]", "", "commands:"]
    lines += [f"  {f'{name} {more}'.strip():<45} {what}" for name, more, what, _ in COMMANDS]
    lines += ["", f"settings, as flags, as {ENVIRONMENT}NAME, or as keys of the TOML file:"]
    for name, kind, default, what in SETTINGS:
        value = "" if kind == "flag" else " " + kind
        lines.append(
            f"  --{name + value:<32} {what}" + (f" (default: {default})" if default and kind != "flag" else "")
        )
    lines += ["", "exit codes:"]
    lines += [f"  {code:>3}  {meaning}" for code, meaning in EXITS]
    lines += ["", "With NO_COLOR the QR code keeps its black and white: without them no phone could read it."]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
