"""`porchlight user`: the people who may approve devices."""

import argparse
import asyncio
import getpass
import sys
from dataclasses import replace
from typing import Final

from server.desk.passwords import LONGEST_PASSWORD, hash_password
from server.house import wall_clock
from server.oauth.account import Account, tidy_username
from server.oauth.email_address import tidy_email
from server.oauth.secret import draw_id
from server.oauth.store import NameTaken, Outdated, Store

from . import user_factors, user_links
from .command import Desk, Failed, Misused, answer, counted, storage_arguments, told, with_store

NAME: Final = "user"
HELP: Final = "add, invite, list, disable or enable people who may approve devices"
SHORTEST_PASSWORD: Final = 8


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a person", description="Add a person; the password is one line on stdin.")
    add.add_argument("username", metavar="NAME")
    add.add_argument("--name", dest="shown_name", help="the name shown on pages and devices (default: NAME)")
    add.add_argument("--email", metavar="ADDRESS", help="the person's address; they can sign in with it")
    add.add_argument("--password-stdin", action="store_true", required=True, help="read the password from stdin")
    storage_arguments(add)
    add.set_defaults(act=_add)
    for word, is_enabled in (("disable", False), ("enable", True)):
        text = f"{word} a person" + ("" if is_enabled else "; signs all their devices out")
        sub = actions.add_parser(word, help=text, description=text)
        sub.add_argument("username", metavar="NAME")
        storage_arguments(sub)
        sub.set_defaults(act=_enable, is_enabled=is_enabled)
    user_links.arguments(actions)
    user_factors.arguments(actions)


def run(args: argparse.Namespace) -> int:
    return int(args.act(args))


def _add(args: argparse.Namespace) -> int:
    username = tidy_username(args.username)
    if not username or len(username) > 100 or not username.isprintable():
        raise Misused("NAME has 1 to 100 printable characters")
    shown_name = (args.shown_name or username).strip()
    if not 1 <= len(shown_name) <= 100 or not shown_name.isprintable():
        raise Misused("--name has 1 to 100 printable characters")
    email = tidy_email(args.email or "") or None
    if args.email and email is None:
        raise Misused("--email is an address such as ana@example.com")
    # At a terminal it is typed where nobody reads along.
    typed = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline()
    password = typed.rstrip("\r\n")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Misused(f"the password (one line on stdin) has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    account = with_store(args, lambda desk: add_user(desk.store, username, shown_name, password, email), makes=True)
    content = {"username": account.username, "name": account.name, "account_id": account.account_id}
    return answer(args, content, f"{account.username} may approve devices now.")


async def add_user(store: Store, username: str, name: str, password: str, email: str | None = None) -> Account:
    """Raises `Failed` when the name is taken."""
    password_hash = await asyncio.to_thread(hash_password, password)
    account = Account(draw_id(), username, name, password_hash, wall_clock(), email=email)
    try:
        await store.add_account(account, events=(told("account_added", account_id=account.account_id),))
    except NameTaken:
        who = f"{username}, or of {email}," if email else username
        raise Failed(f"there is a user {who} already") from None
    return account


async def _set_enabled(desk: Desk, username: str, *, is_enabled: bool) -> Account:
    """The account, open or closed now; what its person changes in this very moment is not undone."""
    while True:
        account = await desk.store.find_account_by_username(username)
        if account is None:
            raise Failed(f"there is no user {username}")
        changed, said = replace(account, is_enabled=is_enabled), "enabled" if is_enabled else "disabled"
        event = told("account_changed", account_id=account.account_id, detail=said)
        try:
            await desk.store.change_account(changed, was=account, events=(event,))
        except Outdated:
            continue
        return changed


def _enable(args: argparse.Namespace) -> int:
    username, is_enabled = tidy_username(args.username), bool(args.is_enabled)

    async def change(desk: Desk) -> int:
        account = await _set_enabled(desk, username, is_enabled=is_enabled)
        ended = 0
        if not is_enabled:
            event = told("signed_out", account_id=account.account_id, detail="the person was disabled")
            # Or they would live again once the person is enabled.
            await desk.store.end_sessions(account.account_id, events=(event,))
            for family in await desk.store.families(account.account_id):
                if family.ended_at is None:
                    event = told("revoked", detail="the person was disabled")
                    await desk.store.end_family(family.family_id, wall_clock(), event=event)
                    ended += 1
        return ended

    ended = with_store(args, change)
    content = {"username": username, "is_enabled": is_enabled, "devices_signed_out": ended}
    said = "enabled" if is_enabled else f"disabled; {counted(ended, 'device')} signed out"
    return answer(args, content, f"{username} is {said}.")
