"""The operator's command line, `porchlight`: one file per command, and the explicit table of them.

A command is a module with `NAME`, `HELP`, `arguments(parser)` and `run(args) -> exit code`. Answers for machines go to
stdout (`--json`), talk goes to stderr. Exit codes: 0 done, 1 it could not be done, 2 wrong usage or settings.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from server.oauth.errors import OAuthError
from server.oauth.store import StorageError
from server.settings import SettingsError

from .command import Command, Failed


def commands(word: str = "") -> tuple[Command, ...]:
    """The table of commands. To `serve` there is that one alone: it runs for months, and the others take memory."""
    from . import serve

    if word == serve.NAME:
        return (serve,)
    from . import audit, client, db, demo, device, initial_token, keys, user

    return (serve, demo, user, client, initial_token, device, keys, audit, db)


class Parser(argparse.ArgumentParser):
    """argparse that answers a slip with one line and where to read on, and a missing word with the whole help."""

    def error(self, message: str) -> NoReturn:
        if message.endswith(("required: COMMAND", "required: ACTION")):
            self.print_help(sys.stderr)
            self.exit(2)
        self.exit(2, f"{self.prog}: {message}\nRead on: {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    words = sys.argv[1:] if argv is None else argv
    args = _parser(words[0] if words else "").parse_args(words)
    try:
        return _run(args)
    except SettingsError as error:
        return _say(f"porchlight: {error}", 2)
    except StorageError as error:
        return _say(f"porchlight: {error}", 1)
    except Failed as error:
        return _say(f"porchlight: {error}", error.exit_code)
    except OAuthError as error:
        return _say(f"porchlight: {error.description}", 2)
    except KeyboardInterrupt:
        return 130


def _run(args: argparse.Namespace) -> int:
    try:
        code = int(args.run(args))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the answer has left (`| head`); Python would complain once more while it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


def _parser(word: str = "") -> argparse.ArgumentParser:
    parser = Parser(
        prog="porchlight",
        description="Sign-in for everything that has a screen or a chip but no keyboard.",
        epilog="Settings come from flags, then PORCHLIGHT_* in the environment, then porchlight.toml in the data "
        "folder. Exit codes: 0 done, 1 could not be done, 2 wrong usage or settings, 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"porchlight {version('porchlight')}")
    places = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in commands(word):
        sub = places.add_parser(command.NAME, help=command.HELP, description=_sentence(command.HELP))
        command.arguments(sub)
        sub.set_defaults(run=command.run)
    return parser


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
