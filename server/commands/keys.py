"""`porchlight keys`: rotate the signing keys without one failed verification."""

import argparse
from dataclasses import replace
from typing import Final

from server.house import wall_clock
from server.oauth.store import SigningKey
from server.settings import SECOND
from server.signing.keys import ALGORITHMS, draw_key, is_locked

from .command import Desk, answer, answer_table, instant, storage_arguments, told, with_store

NAME: Final = "keys"
HELP: Final = "list the signing keys, or rotate them"
PUBLISH_FOR: Final = 600 * SECOND  # verifiers keep a JWK Set for five minutes; ten leave room
MARGIN: Final = 300 * SECOND


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list the keys", description="List the signing keys.")
    storage_arguments(listing)
    listing.set_defaults(act=_list)
    text = "Draw a new key: published at once, signing in ten minutes; the old one stays until its tokens are dead."
    rotate = actions.add_parser("rotate", help="draw a new key", description=text)
    rotate.add_argument("--algorithm", choices=ALGORITHMS, default="ES256")
    rotate.add_argument("--now", action="store_true", help="sign with it at once (when the old key must not be used)")
    storage_arguments(rotate)
    rotate.set_defaults(act=_rotate)


def run(args: argparse.Namespace) -> int:
    return int(args.act(args))


def _list(args: argparse.Namespace) -> int:
    async def keys(desk: Desk) -> list[dict[str, object]]:
        return [_row(key) for key in await desk.store.keys()]

    columns = ("key_id", "algorithm", "created_at", "active_at", "retired_at")
    return answer_table(
        args, "keys", with_store(args, keys), columns, "There are no keys yet; the first start draws them."
    )


def _row(key: SigningKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "algorithm": key.algorithm,
        "is_encrypted": is_locked(key),
        "created_at": instant(key.created_at),
        "active_at": instant(key.active_at),
        "retired_at": instant(key.retired_at),
    }


def _rotate(args: argparse.Namespace) -> int:
    async def rotate(desk: Desk) -> SigningKey:
        now = wall_clock()
        fresh = draw_key(args.algorithm, now, now if args.now else now + PUBLISH_FOR, desk.settings.key_secret)
        retired_at = fresh.active_at + desk.settings.access_for * SECOND + MARGIN
        for key in await desk.store.keys():
            if key.algorithm == args.algorithm and key.retired_at is None:
                event = told("key_retired", detail=f"{key.algorithm} {key.key_id}")
                await desk.store.change_key(replace(key, retired_at=retired_at), events=(event,))
        event = told("key_rotated", detail=f"{fresh.algorithm} {fresh.key_id}")
        await desk.store.add_key(fresh, events=(event,))
        return fresh

    fresh = with_store(args, rotate)
    text = f"Key {fresh.key_id} ({fresh.algorithm}) is published and signs from {instant(fresh.active_at)}."
    return answer(args, _row(fresh), text)
