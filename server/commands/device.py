"""`porchlight device`: what is signed in, and signing it out, MQTT session included."""

import argparse
from typing import Final

from server.house import wall_clock
from server.oauth.account import tidy_username
from server.oauth.token import Family

from .command import Desk, Failed, Misused, answer, answer_table, counted, instant, storage_arguments, told, with_store
from .known_device import known_device_arguments

NAME: Final = "device"
HELP: Final = "list the devices that are signed in, sign some out, or say which may sign in"


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    listing = actions.add_parser(
        "list", help="list the devices", description="List the devices, newest activity first."
    )
    listing.add_argument("--user", metavar="NAME", help="only those of this person")
    listing.add_argument("--all", action="store_true", help="those that are signed out, too")
    storage_arguments(listing)
    listing.set_defaults(act=_list)
    text = "End the tokens and MQTT sessions of devices, at once."
    out = actions.add_parser("sign-out", help="sign devices out", description=text)
    out.add_argument("device_ids", nargs="*", metavar="DEVICE_ID")
    out.add_argument("--user", metavar="NAME", help="every device of this person")
    storage_arguments(out)
    out.set_defaults(act=_sign_out)
    known_device_arguments(actions)


def run(args: argparse.Namespace) -> int:
    return int(args.act(args))


def _list(args: argparse.Namespace) -> int:
    async def listed(desk: Desk) -> list[dict[str, object]]:
        rows = []
        for family in await desk.store.families(await _account_id(desk, args.user)):
            if family.is_live(wall_clock()) or args.all:
                account = await desk.store.find_account(family.account_id)
                rows.append(_row(family, account.username if account else family.account_id))
        return rows

    columns: tuple[str, ...] = ("device_id", "user", "client_id", "claimed_name", "address", "last_seen_at")
    columns += ("signed_out_at",) if args.all else ()
    return answer_table(args, "devices", with_store(args, listed), columns, "No device is signed in.")


def _row(family: Family, username: str) -> dict[str, object]:
    return {
        "device_id": family.device_id,
        "user": username,
        "client_id": family.client_id,
        # What a device calls itself is not ours: shown as data, without what could steer a terminal.
        "claimed_name": "".join(each for each in family.claimed_name or "" if each.isprintable())[:32] or None,
        "address": family.address,
        "scopes": list(family.scopes),
        "signed_in_at": instant(family.created_at),
        "last_seen_at": instant(family.last_seen_at),
        "expires_at": instant(family.expires_at),
        "signed_out_at": instant(family.ended_at),
    }


def _sign_out(args: argparse.Namespace) -> int:
    if not args.device_ids and not args.user:
        raise Misused("name the devices to sign out, or --user NAME for all of one person")

    async def sign_out(desk: Desk) -> list[str]:
        families = await desk.store.families(await _account_id(desk, args.user))
        known = {family.device_id: family for family in families}
        wanted = args.device_ids or [key for key, family in known.items() if family.ended_at is None]
        unknown = [device_id for device_id in wanted if device_id not in known]
        if unknown:
            raise Failed(f"there is no device {', '.join(unknown)}; nothing was signed out")
        for device_id in wanted:
            event = told("revoked", detail="porchlight device sign-out")
            await desk.store.end_family(known[device_id].family_id, wall_clock(), event=event)
        return wanted

    done = with_store(args, sign_out)
    return answer(args, {"signed_out": done}, f"{counted(len(done), 'device')} signed out.")


async def _account_id(desk: Desk, username: str | None) -> str | None:
    if username is None:
        return None
    account = await desk.store.find_account_by_username(tidy_username(username))
    if account is None:
        raise Failed(f"there is no user {username}")
    return account.account_id
