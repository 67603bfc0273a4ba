"""`porchlight db`: bring the database to the version of this program."""

import argparse
from typing import Final

from server.storage import upgrade

from .command import answer, make_data_dir, settings_of, storage_arguments

NAME: Final = "db"
HELP: Final = "bring the database to this version"


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    text = "Bring the database to the version of this program; does nothing when it is."
    up = actions.add_parser("upgrade", help=text, description=text)
    storage_arguments(up)


def run(args: argparse.Namespace) -> int:
    settings = settings_of(args)
    make_data_dir(settings)
    upgrade(settings.storage_url)
    return answer(args, {"upgraded": True}, "The database is of this version.")
