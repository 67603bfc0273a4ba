"""The command lines that the papers show, read by the programs' own parsers."""

import argparse
from importlib import import_module


def operator_parser() -> argparse.ArgumentParser:
    """The parser of `porchlight` itself, with every command."""
    parser: argparse.ArgumentParser = import_module("server.commands")._parser()
    return parser
