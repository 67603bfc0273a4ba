"""`porchlight initial-token`: initial access tokens, with which apps and devices register themselves (RFC 7591)."""

import argparse
from typing import Final

from server.house import wall_clock
from server.oauth import scope
from server.oauth.authorization import IMPLICIT
from server.oauth.grants import BY_TYPE
from server.oauth.registered import InitialToken
from server.oauth.registration import DEVICES_ONLY, METHODS
from server.oauth.secret import digest, draw, draw_id
from server.settings import DAY, SECOND

from .client import SHORT_NAMES
from .command import Desk, Failed, Misused, answer, answer_table, instant, storage_arguments, told, with_store

NAME: Final = "initial-token"
HELP: Final = "let apps and devices register themselves, for a while"
MOST_USES: Final = 10_000_000
LONGEST: Final = 366 * DAY


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    text = "Make an initial access token; it is shown only now. Without more it registers devices alone."
    adding = actions.add_parser("add", help="make an initial access token", description=text)
    adding.add_argument("--uses", type=int, default=1, metavar="N", help="how many may register with it (1)")
    adding.add_argument("--expires-in", type=int, default=DAY, metavar="SECONDS", help="how long it is good (86400)")
    adding.add_argument("--scope", default="", help='scopes that may be registered, as in "profile readings:read"')
    adding.add_argument(
        "--grant", nargs="+", default=[], metavar="G", help="grants that may be registered (device_code refresh_token)"
    )
    adding.add_argument(
        "--method", nargs="+", default=[], choices=METHODS, help="how they may authenticate (none private_key_jwt)"
    )
    adding.add_argument("--note", default="", help="what it is for, for your own list")
    storage_arguments(adding)
    adding.set_defaults(act=_add)
    listing = actions.add_parser("list", help="list these tokens", description="List the initial access tokens.")
    storage_arguments(listing)
    listing.set_defaults(act=_list)
    text = "End initial access tokens; who registered with them stays registered."
    ending = actions.add_parser("end", help="end some", description=text)
    ending.add_argument("token_ids", nargs="+", metavar="TOKEN_ID")
    storage_arguments(ending)
    ending.set_defaults(act=_end)


def run(args: argparse.Namespace) -> int:
    return int(args.act(args))


def _add(args: argparse.Namespace) -> int:
    if not 1 <= args.uses <= MOST_USES:
        raise Misused(f"--uses is a number from 1 to {MOST_USES}")
    if not 60 <= args.expires_in <= LONGEST:
        raise Misused(f"--expires-in is 60 to {LONGEST} seconds")
    if len(args.note) > 100 or not args.note.isprintable():
        raise Misused("--note has up to 100 printable characters")
    secret, now = draw(), wall_clock()
    token = InitialToken(
        token_id=draw_id(),
        token_hash=digest("initial_token", secret),
        note=args.note,
        grants=_grants(args.grant),
        methods=tuple(dict.fromkeys(args.method)) or DEVICES_ONLY.methods,
        scopes=scope.parse(args.scope) if args.scope else (),
        created_at=now,
        expires_at=now + args.expires_in * SECOND,
        uses_left=args.uses,
    )

    async def add(desk: Desk) -> None:
        unknown = [each for each in token.scopes if each not in desk.settings.scopes]
        if unknown:
            raise Misused(f"scope {unknown[0]} is not known; known are: {', '.join(desk.settings.scopes)}")
        await desk.store.add_initial_token(token, events=(told("registration_opened", detail=token.token_id),))

    with_store(args, add, makes=True)
    text = f"Whoever has this token may register {args.uses} times, until {instant(token.expires_at)}.\n"
    text += f"The token ({token.token_id}), shown only now: {secret}"
    return answer(args, _row(token) | {"initial_access_token": secret}, text)


def _grants(names: list[str]) -> tuple[str, ...]:
    grants = tuple(dict.fromkeys(SHORT_NAMES.get(name, name) for name in names)) or DEVICES_ONLY.grants
    for grant in grants:
        if grant not in (*BY_TYPE, IMPLICIT):
            raise Misused(f"grant {grant} is not known; known are: {', '.join(SHORT_NAMES)}")
    return grants


def _row(token: InitialToken) -> dict[str, object]:
    return {
        "token_id": token.token_id,
        "note": token.note,
        "grants": list(token.grants),
        "methods": list(token.methods),
        "scopes": list(token.scopes),
        "uses_left": token.uses_left,
        "created_at": instant(token.created_at),
        "expires_at": instant(token.expires_at),
    }


def _list(args: argparse.Namespace) -> int:
    async def tokens(desk: Desk) -> list[dict[str, object]]:
        return [_row(token) for token in await desk.store.initial_tokens()]

    rows = with_store(args, tokens)
    columns = ("token_id", "uses_left", "expires_at", "scopes", "note")
    return answer_table(args, "tokens", rows, columns, "Nobody can register: porchlight initial-token add --help")


def _end(args: argparse.Namespace) -> int:
    async def end(desk: Desk) -> None:
        known = {token.token_id for token in await desk.store.initial_tokens()}
        unknown = [token_id for token_id in args.token_ids if token_id not in known]
        if unknown:
            raise Failed(f"there is no initial access token {', '.join(unknown)}; nothing was ended")
        for token_id in args.token_ids:
            await desk.store.end_initial_token(token_id, events=(told("registration_closed", detail=token_id),))

    with_store(args, end)
    return answer(args, {"ended": args.token_ids}, f"Ended: {', '.join(args.token_ids)}.")
