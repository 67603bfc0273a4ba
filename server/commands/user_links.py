"""`porchlight user invite`, `reset-link` and `list`: links that a person opens once, and who there is."""

import argparse
from dataclasses import replace

from server.house import wall_clock
from server.oauth.account import tidy_username
from server.oauth.delivery import owed
from server.oauth.email_address import tidy_email
from server.oauth.link import LASTS_FOR, Link
from server.oauth.secret import digest, draw
from server.settings import Settings

from .command import Desk, Failed, Misused, answer, answer_table, instant, storage_arguments, told, with_store


def arguments(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = (
        "Make a link with which somebody makes an account of their own: sent by mail, or shown once. It works 7 days."
    )
    invite = actions.add_parser("invite", help="invite a person", description=text)
    invite.add_argument("--email", metavar="ADDRESS", required=True, help="the person's address")
    invite.add_argument("--show", action="store_true", help="show the link here; no mail is sent")
    _link_arguments(invite)
    invite.set_defaults(act=_invite)
    text = "Make a link with which a person chooses a new password. It is shown once and works for 30 minutes."
    reset = actions.add_parser("reset-link", help="let a person choose a new password", description=text)
    reset.add_argument("username", metavar="NAME")
    _link_arguments(reset)
    reset.set_defaults(act=_reset_link)
    listing = actions.add_parser("list", help="list the people", description="List the people, by user name.")
    storage_arguments(listing)
    listing.set_defaults(act=_list)


def _link_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--issuer", metavar="URL", help="public URL of the server, as its own setting has it")
    storage_arguments(parser)


def _invite(args: argparse.Namespace) -> int:
    email = tidy_email(args.email)
    if not email:
        raise Misused("--email is an address such as ana@example.com")

    async def invite(desk: Desk) -> str:
        """The link, or "" when it is sent."""
        settings, now = desk.settings, wall_clock()
        if settings.registration == "off":
            raise Failed("registration is off: set it to invited (or open) for the server, and here")
        if await desk.store.find_account_by_email(email) is not None:
            raise Failed(f"somebody has the address {email} already; see porchlight user list")
        if settings.smtp_url and not args.show:
            await desk.store.owe([owed("invitation", email, now, lasts_for=LASTS_FOR["invitation"])])
            return ""
        link = Link(b"", "invitation", now, now + LASTS_FOR["invitation"], email=email)
        return await _kept(desk, link, "join")

    link = with_store(args, invite)
    content = {"email": email, "sent": not link} | ({"link": link} if link else {})
    text = f"{email} makes an account here (once, within 7 days; shown only now): {link}"
    return answer(args, content, text if link else f"An invitation goes to {email} as soon as the server runs.")


def _reset_link(args: argparse.Namespace) -> int:
    username = tidy_username(args.username)

    async def make(desk: Desk) -> str:
        account = await desk.store.find_account_by_username(username)
        if account is None:
            raise Failed(f"there is no user {username}")
        if not account.is_enabled:
            raise Failed(f"{username} is disabled; first: porchlight user enable {username}")
        now = wall_clock()
        event = told("account_changed", account_id=account.account_id, detail="reset link shown to the operator")
        await desk.store.record((event,))
        link = Link(b"", "reset", now, now + LASTS_FOR["reset"], account_id=account.account_id)
        return await _kept(desk, link, "reset")

    link = with_store(args, make)
    text = f"{username} chooses a new password here (once, within 30 minutes; shown only now): {link}"
    return answer(args, {"username": username, "link": link}, text)


async def _kept(desk: Desk, link: Link, path: str) -> str:
    """Keep its hash; the link itself."""
    issuer, secret = _issuer(desk.settings), draw()
    await desk.store.add_link(replace(link, link_hash=digest("link", secret)))
    return f"{issuer}/{path}/{secret}"


def _issuer(settings: Settings) -> str:
    if not settings.issuer:
        raise Failed("issuer: say where people reach the server, with --issuer https://… or in its settings")
    return settings.issuer


def _list(args: argparse.Namespace) -> int:
    async def listed(desk: Desk) -> list[dict[str, object]]:
        now = wall_clock()
        rows: list[dict[str, object]] = []
        for account in await desk.store.accounts():
            families = await desk.store.families(account.account_id)
            sessions = await desk.store.sessions(account.account_id)
            rows.append(
                {
                    "username": account.username,
                    "name": account.name,
                    "email": account.email,
                    "is_email_verified": account.is_email_verified,
                    "is_enabled": account.is_enabled,
                    "devices": sum(family.is_live(now) for family in families),
                    "browsers": sum(session.is_live(now) for session in sessions),
                    "created_at": instant(account.created_at),
                    "account_id": account.account_id,
                }
            )
        return rows

    columns = ("username", "name", "email", "is_enabled", "devices", "browsers", "created_at")
    return answer_table(args, "users", with_store(args, listed), columns, "There is nobody yet.")
