"""What every command has: the shape, the settings behind its flags, an open store, and how it answers."""

import argparse
import asyncio
import getpass
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from server.house import wall_clock
from server.oauth.event import Event, What, happened
from server.oauth.store import Store
from server.settings import Settings
from server.sources import load
from server.storage import open_storage

Answer = TypeVar("Answer")


class Command(Protocol):
    """The shape of a module in `server/commands`."""

    @property
    def NAME(self) -> str: ...

    @property
    def HELP(self) -> str: ...

    def arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int: ...


class Failed(Exception):
    """The command could not do it; the message says why and what to do."""

    exit_code = 1


class Misused(Failed):
    """What was typed cannot be meant; the message says what to type."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with."""

    settings: Settings
    store: Store


def storage_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of every command."""
    parser.add_argument("--data-dir", metavar="DIR", help="folder for the database (default: porchlight-data)")
    parser.add_argument("--database-url", metavar="URL", help="sqlite:///FILE or postgresql://…")
    parser.add_argument("--config", metavar="FILE", help="TOML file (default: porchlight.toml in the data folder)")
    parser.add_argument("--json", action="store_true", help="answer as JSON on stdout")


def settings_of(args: argparse.Namespace) -> Settings:
    """The settings that these flags, the environment and the file make; raises `SettingsError`."""
    names = {each.name for each in fields(Settings)}
    flags = {name: value for name, value in vars(args).items() if name in names}
    return load(flags, config=Path(args.config) if args.config else None)


def with_store(
    args: argparse.Namespace, work: Callable[[Desk], Coroutine[Any, Any, Answer]], *, makes: bool = False
) -> Answer:
    """Do the work on the open storage. `makes`: on a new one where there is none; else that is a `Failed`."""

    async def do() -> Answer:
        settings = settings_of(args)
        _demand_storage(settings, may_be_new=makes)
        async with opened(settings) as store:
            return await work(Desk(settings, store))

    return asyncio.run(do())


def _demand_storage(settings: Settings, *, may_be_new: bool) -> None:
    """Raise `Failed` where the work would be lost, or would be done on an empty database made by a slip of the pen."""
    if settings.storage_url == "memory:":
        raise Failed("database_url: memory: keeps nothing after this command; name the database that the server uses")
    if not (may_be_new or settings.database_url or settings.database_file.exists()):
        raise Failed(
            f"data_dir: there is no database in {settings.data_dir} yet; name another folder with --data-dir, "
            "or begin here: porchlight user add --help"
        )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Store]:
    """The storage of these settings, open; its folder is made where it is missing, for its owner only."""
    make_data_dir(settings)
    store = open_storage(settings.storage_url)
    await store.open(lambda news: None)
    try:
        yield store
    finally:
        await store.close()


def told(what: What, *, client_id: str = "", account_id: str = "", detail: str = "") -> Event:
    """An event of what an operator does, with the name that the operating system knows them by."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may have no names
        name = f"user {os.getuid()}"
    said = f"{detail}; by {name}" if detail else f"by {name}"
    return happened(what, "operator", wall_clock(), client_id=client_id, account_id=account_id, detail=said)


def make_data_dir(settings: Settings) -> None:
    """Make the data folder where one is needed; raises `Failed`."""
    if settings.database_url:
        return
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Failed(f"data_dir: the folder {settings.data_dir} cannot be made: {error.strerror}") from None


def answer(args: argparse.Namespace, content: Mapping[str, object], text: str) -> int:
    """One thing was done: the content as JSON, or a sentence."""
    print(json.dumps(content) if args.json else text)
    return 0


def answer_table(
    args: argparse.Namespace, name: str, rows: Sequence[Mapping[str, object]], columns: Sequence[str], empty: str
) -> int:
    """A list: as JSON with everything, or as a table of these columns."""
    if args.json:
        print(json.dumps({name: rows}))
        return 0
    if not rows:
        print(empty)
        return 0
    table = [[_head(column) for column in columns]]
    table += [[_cell(column, row[column]) for column in columns] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    for cells in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    return 0


def _head(column: str) -> str:
    if column.endswith("_at"):
        column = column.removesuffix("at") + "utc"
    return column.removeprefix("is_").replace("_", " ").upper()


def _cell(column: str, value: object) -> str:
    """A value as a person reads it, never empty: what stands in which column can be told in a pipe, too."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column.endswith("_at"):
        value = str(value or "")[: len("2026-11-20T10:06")].replace("T", " ")
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    text = "".join(each if each.isprintable() else "?" for each in str(value or ""))
    return text or "-"


def counted(count: int, noun: str) -> str:
    """`1 device`, `2 devices`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def instant(at: int | None) -> str | None:
    """Milliseconds since the epoch as UTC in ISO 8601."""
    return None if at is None else datetime.fromtimestamp(at // 1_000, UTC).isoformat().replace("+00:00", "Z")
