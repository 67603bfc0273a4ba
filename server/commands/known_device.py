"""`porchlight device allow`, `disallow` and `known`: devices whose keys are registered before they sign in."""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from server.house import wall_clock

from .command import Desk, Failed, Misused, answer, answer_table, counted, instant, storage_arguments, told, with_store

AT_ONCE: Final = 500  # in one transaction: others write in between
MOST: Final = 1_000_000
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def known_device_arguments(actions: Any) -> None:
    """The three actions."""
    for word, act, text in (
        ("allow", _allow, "let devices with these keys sign in with an app that is for known devices"),
        ("disallow", _disallow, "take that back; signs out the devices that use these keys"),
    ):
        sub = actions.add_parser(word, help=text, description=f"{text[0].upper()}{text[1:]}.")
        sub.add_argument("--client", required=True, metavar="ID")
        sub.add_argument(
            "--jkt", nargs="+", default=[], metavar="T", help="thumbprints of their keys (RFC 7638, SHA-256)"
        )
        sub.add_argument("--file", metavar="FILE", help="one thumbprint in each line; - reads standard input")
        storage_arguments(sub)
        sub.set_defaults(act=act)
    listing = actions.add_parser("known", help="list these keys", description="List the keys of known devices.")
    listing.add_argument("--client", required=True, metavar="ID")
    storage_arguments(listing)
    listing.set_defaults(act=_known)


def _allow(args: argparse.Namespace) -> int:
    thumbprints = _thumbprints(args)

    async def allow(desk: Desk) -> tuple[int, bool]:
        client = await _demand_client(desk, args.client)
        added = 0
        for some in _portions(thumbprints):
            event = told("client_changed", client_id=args.client, detail=f"{counted(len(some), 'device')} allowed")
            added += await desk.store.add_device_keys(args.client, some, wall_clock(), events=(event,))
        return added, client

    added, is_heeded = with_store(args, allow)
    content = {"client_id": args.client, "added": added, "known_before": len(thumbprints) - added}
    text = f"{counted(added, 'device')} allowed."
    if not is_heeded:
        text += f"\n{args.client} lets any device sign in: it was not added with --known-devices."
    return answer(args, content | {"is_for_known_devices": is_heeded}, text)


def _disallow(args: argparse.Namespace) -> int:
    thumbprints = _thumbprints(args)

    async def disallow(desk: Desk) -> tuple[int, int]:
        await _demand_client(desk, args.client)
        removed = 0
        for some in _portions(thumbprints):
            event = told("client_changed", client_id=args.client, detail=f"{counted(len(some), 'device')} disallowed")
            removed += await desk.store.remove_device_keys(args.client, some, events=(event,))
        keys, ended = {*thumbprints}, 0
        for family in await desk.store.families():
            if family.client_id == args.client and family.jkt in keys and family.ended_at is None:
                event = told("revoked", detail="its key was disallowed")
                await desk.store.end_family(family.family_id, wall_clock(), event=event)
                ended += 1
        return removed, ended

    removed, ended = with_store(args, disallow)
    content = {"client_id": args.client, "removed": removed, "devices_signed_out": ended}
    return answer(args, content, f"{counted(removed, 'device')} disallowed; {counted(ended, 'device')} signed out.")


def _known(args: argparse.Namespace) -> int:
    async def known(desk: Desk) -> list[dict[str, object]]:
        await _demand_client(desk, args.client)
        keys = await desk.store.device_keys(args.client)
        return [{"jkt": key.jkt, "allowed_at": instant(key.created_at)} for key in keys]

    rows = with_store(args, known)
    return answer_table(
        args, "devices", rows, ("jkt", "allowed_at"), "No device is known: porchlight device allow --help"
    )


async def _demand_client(desk: Desk, client_id: str) -> bool:
    """Whether the client is for known devices; raises `Failed` where there is none."""
    client = await desk.store.find_client(client_id)
    if client is None:
        raise Failed(f"there is no client {client_id}")
    return client.is_for_known_devices


def _thumbprints(args: argparse.Namespace) -> Sequence[str]:
    lines = [*args.jkt, *(_lines(args.file) if args.file else ())]
    if not lines or len(lines) > MOST:
        raise Misused(f"name 1 to {MOST} keys, with --jkt or --file")
    for number, line in enumerate(lines, 1):
        if _THUMBPRINT.fullmatch(line) is None:
            raise Misused(f"key {number} is no thumbprint: 43 characters of base64url (RFC 7638); nothing was changed")
    return tuple(dict.fromkeys(lines))


def _lines(path: str) -> Iterator[str]:
    """The lines that say something, without comments that begin with #."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"--file: {path} cannot be read: {error}") from None
    return filter(None, (line.partition("#")[0].strip() for line in text.splitlines()))


def _portions(thumbprints: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(thumbprints), AT_ONCE):
        yield thumbprints[start : start + AT_ONCE]
