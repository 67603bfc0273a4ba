"""The operator's command line, `porchlight`: one file per command, and the explicit table of them.

A command is a module with `NAME`, `HELP`, `arguments(parser)` and `run(args) -> exit code`. Answers for machines go to
stdout (`--json`), talk goes to stderr. Exit codes: 0 done, 1 it could not be done, 2 wrong usage or settings.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from server.oauth.errors import OAuthError
from server.oauth.store import StorageError
from server.settings import SettingsError

from . import client, db, demo, device, keys, serve, user
from .command import Command, Failed

COMMANDS: Final[tuple[Command, ...]] = (serve, demo, user, client, device, keys, db)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except SettingsError as error:
        return _say(f"porchlight: {error}", 2)
    except (StorageError, Failed) as error:
        return _say(f"porchlight: {error}", 1)
    except OAuthError as error:
        return _say(f"porchlight: {error.description}", 2)
    except KeyboardInterrupt:
        return 130


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="porchlight",
        description="Sign-in for everything that has a screen or a chip but no keyboard.",
        epilog="Settings come from flags, then PORCHLIGHT_* in the environment, then porchlight.toml in the data "
        "folder. Exit codes: 0 done, 1 could not be done, 2 wrong usage or settings, 130 interrupted.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(command.NAME, help=command.HELP, description=command.HELP)
        command.arguments(sub)
        sub.set_defaults(run=command.run)
    return parser
