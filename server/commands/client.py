"""`porchlight client`: the apps that may ask for sign-ins (RFC 6749 section 2)."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from server.house import wall_clock
from server.oauth import scope
from server.oauth.authorization import IMPLICIT
from server.oauth.backchannel import GRANT_TYPE as BACKCHANNEL
from server.oauth.backchannel import MODES
from server.oauth.client import MIN_SECRET_LENGTH, Client, check_registration
from server.oauth.grants import BY_TYPE
from server.oauth.secret import digest, draw
from server.oauth.store import NameTaken
from server.outbound import Refused, checked_url
from server.settings import Settings
from server.signing.assertion import check_jwks

from .client_policy import policy_arguments
from .client_proof import check_reach, proof_arguments, with_proof
from .command import Desk, Failed, Misused, answer, answer_table, counted, instant, storage_arguments, told, with_store

NAME: Final = "client"
HELP: Final = "register an app, list them, set their terms, disable, enable or remove one"
SHORT_NAMES: Final = {grant.rpartition(":")[2].replace("-", "_"): grant for grant in BY_TYPE}


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="register an app", description="Register an app.")
    add.add_argument("--client-id", required=True, metavar="ID")
    add.add_argument("--name", required=True, help="the name people see on the approval page")
    add.add_argument("--confidential", action="store_true", help="it can keep a secret; one is drawn and printed once")
    add.add_argument("--jwks", metavar="FILE", help="its public keys (a JWK Set): it authenticates by private_key_jwt")
    add.add_argument("--secret-stdin", action="store_true", help="with --confidential: read the secret from stdin")
    add.add_argument(
        "--grant",
        nargs="+",
        action="extend",
        default=[],
        metavar="G",
        help="device_code, authorization_code, refresh_token, client_credentials, token_exchange (or their URNs); "
        "implicit for ID tokens by form_post",
    )
    add.add_argument("--dpop-bound", action="store_true", help="it must prove a key with every request (RFC 9449)")
    add.add_argument(
        "--audience",
        nargs="+",
        action="extend",
        default=[],
        metavar="URI",
        help="other resource servers it may ask tokens for",
    )
    add.add_argument("--resource", default="", metavar="URI", help="the resource server that it is itself")
    add.add_argument("--may-introspect", action="store_true", help="it may ask what tokens for --resource are worth")
    add.add_argument(
        "--redirect-uri",
        nargs="+",
        action="extend",
        default=[],
        metavar="URI",
        help="where the authorization code flow may send people back to, letter by letter",
    )
    add.add_argument("--ciba", choices=MODES, default="", help="it asks people on their phone; how it gets its tokens")
    add.add_argument("--notify-at", default="", metavar="URL", help="with --ciba ping or push: where it hears of them")
    add.add_argument(
        "--ciba-user-code", action="store_true", help="with --ciba: it asks only people who gave it their code"
    )
    add.add_argument(
        "--ciba-signed", default="", metavar="ALG", help="with --ciba: it signs its requests with ES256, EdDSA or RS256"
    )
    add.add_argument("--requires-par", action="store_true", help="it must push its authorization requests (RFC 9126)")
    add.add_argument(
        "--post-logout-redirect-uri",
        nargs="+",
        action="extend",
        default=[],
        metavar="URI",
        help="where people may be sent back to after they signed out, letter by letter",
    )
    add.add_argument("--backchannel-logout-uri", default="", metavar="URI", help="where it is told of a sign-out")
    add.add_argument("--scope", default="", help='scopes it may ask for, as in "profile readings:read"')
    proof_arguments(add)
    storage_arguments(add)
    add.set_defaults(act=_add)
    listing = actions.add_parser("list", help="list the apps", description="List the apps.")
    storage_arguments(listing)
    listing.set_defaults(act=_list)
    for word, is_enabled in (("disable", False), ("enable", True)):
        text = f"{word} an app" + ("" if is_enabled else "; signs out every device that uses it")
        sub = actions.add_parser(word, help=text, description=text)
        sub.add_argument("client_id", metavar="ID")
        storage_arguments(sub)
        sub.set_defaults(act=_enable, is_enabled=is_enabled)
    policy_arguments(actions)
    text = "Remove apps for good; signs out every device that uses them."
    removing = actions.add_parser("remove", help="remove apps for good", description=text)
    removing.add_argument("client_ids", nargs="+", metavar="ID")
    storage_arguments(removing)
    removing.set_defaults(act=_remove)


def run(args: argparse.Namespace) -> int:
    return int(args.act(args))


def _add(args: argparse.Namespace) -> int:
    if args.secret_stdin and not args.confidential:
        raise Misused("--secret-stdin goes with --confidential")
    name = args.name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Misused("--name has 1 to 100 printable characters: people read it when they are asked to approve")
    if not args.grant and not (args.confidential or args.jwks or args.jwks_uri or args.tls_subject):
        raise Misused("say what the app may do; for a device that stays signed in: --grant device_code refresh_token")
    if args.jwks and args.confidential:
        raise Misused("--jwks and --confidential are two ways to authenticate: choose one")
    grants = [*args.grant, *([BACKCHANNEL] if args.ciba else [])]
    secret = _secret(args) if args.confidential else None
    jwks = _jwks(args.jwks) if args.jwks else ""
    client = Client(
        client_id=args.client_id,
        name=name,
        grants=tuple(dict.fromkeys(SHORT_NAMES.get(grant, grant) for grant in grants)),
        scopes=scope.parse(args.scope) if args.scope else (),
        created_at=wall_clock(),
        auth_method="client_secret" if secret else "private_key_jwt" if jwks else "none",
        secret_hash=digest("client_secret", secret) if secret else None,
        is_dpop_bound=args.dpop_bound,
        audiences=tuple(dict.fromkeys(args.audience)),
        resource=args.resource,
        may_introspect=args.may_introspect,
        redirect_uris=tuple(dict.fromkeys(args.redirect_uri)),
        requires_par=args.requires_par,
        post_logout_redirect_uris=tuple(dict.fromkeys(args.post_logout_redirect_uri)),
        backchannel_logout_uri=args.backchannel_logout_uri,
        jwks=jwks,
        backchannel_token_delivery_mode=args.ciba,
        backchannel_client_notification_endpoint=args.notify_at,
        backchannel_user_code_parameter=args.ciba_user_code,
        backchannel_authentication_request_signing_alg=args.ciba_signed,
    )

    client = with_proof(client, args)

    async def add(desk: Desk) -> None:
        check_reach(client, desk.settings)
        _check_address(client.backchannel_client_notification_endpoint, desk.settings)
        check_registration(client, (*BY_TYPE, IMPLICIT), tuple(desk.settings.scopes))
        try:
            await desk.store.add_client(client, events=(told("client_added", client_id=client.client_id),))
        except NameTaken:
            raise Failed(f"there is a client {client.client_id} already") from None

    with_store(args, add, makes=True)
    content: dict[str, object] = {"client_id": client.client_id, "name": client.name, "grants": list(client.grants)}
    text = f"{client.client_id} ({client.name}) is registered."
    if secret and not args.secret_stdin:
        content["client_secret"] = secret
        text += f"\nIts secret, shown only now: {secret}"
    return answer(args, content, text)


def _check_address(url: str, settings: Settings) -> None:
    """Where notifications go must be an address that the server may ask."""
    try:
        if url:
            checked_url(url, may_be_private=settings.outbound_private)
    except Refused as why:
        raise Failed(f"--notify-at: {why}") from None


def _jwks(path: str) -> str:
    try:
        return check_jwks(Path(path).read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"--jwks: {path} cannot be read: {error}") from None


def _secret(args: argparse.Namespace) -> str:
    if not args.secret_stdin:
        return draw()
    secret = sys.stdin.readline().rstrip("\r\n")
    if len(secret) < MIN_SECRET_LENGTH:
        raise Misused(f"the secret (one line on stdin) has at least {MIN_SECRET_LENGTH} characters, drawn at random")
    return secret


def _list(args: argparse.Namespace) -> int:
    async def clients(desk: Desk) -> list[Client]:
        return list(await desk.store.clients())

    rows = [
        {
            "client_id": client.client_id,
            "name": client.name,
            "authentication": client.auth_method,
            "grants": [grant.rpartition(":")[2] for grant in client.grants] if not args.json else list(client.grants),
            "scopes": list(client.scopes),
            "audiences": list(client.audiences),
            "resource": client.resource,
            "may_introspect": client.may_introspect,
            "is_dpop_bound": client.is_dpop_bound,
            "redirect_uris": list(client.redirect_uris),
            "requires_par": client.requires_par,
            "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
            "backchannel_logout_uri": client.backchannel_logout_uri,
            "backchannel_token_delivery_mode": client.backchannel_token_delivery_mode,
            "backchannel_client_notification_endpoint": client.backchannel_client_notification_endpoint,
            "jwks_uri": client.jwks_uri,
            "tls_subject": client.tls_subject,
            "is_certificate_bound": client.is_certificate_bound,
            "is_for_known_devices": client.is_for_known_devices,
            "is_claimed": client.is_claimed,
            "is_enabled": client.is_enabled,
            "created_at": instant(client.created_at),
        }
        for client in with_store(args, clients)
    ]
    columns = ("client_id", "name", "authentication", "grants", "scopes", "is_enabled")
    return answer_table(args, "clients", rows, columns, "No app is registered yet: porchlight client add --help")


def _enable(args: argparse.Namespace) -> int:
    is_enabled = bool(args.is_enabled)

    async def change(desk: Desk) -> int:
        client = await desk.store.find_client(args.client_id)
        if client is None:
            raise Failed(f"there is no client {args.client_id}")
        event = told("client_changed", client_id=client.client_id, detail="enabled" if is_enabled else "disabled")
        await desk.store.change_client(replace(client, is_enabled=is_enabled), events=(event,))
        living = [
            family
            for family in await desk.store.families()
            if not is_enabled and family.client_id == client.client_id and family.ended_at is None
        ]
        for family in living:
            event = told("revoked", detail="the app was disabled")
            await desk.store.end_family(family.family_id, wall_clock(), event=event)
        return len(living)

    ended = with_store(args, change)
    said = "enabled" if is_enabled else f"disabled; {counted(ended, 'device')} signed out"
    content = {"client_id": args.client_id, "is_enabled": is_enabled, "devices_signed_out": ended}
    return answer(args, content, f"{args.client_id} is {said}.")


def _remove(args: argparse.Namespace) -> int:
    async def remove(desk: Desk) -> int:
        known = {client.client_id for client in await desk.store.clients()}
        unknown = [client_id for client_id in args.client_ids if client_id not in known]
        if unknown:
            raise Failed(f"there is no client {', '.join(unknown)}; nothing was removed")
        count = 0
        for client_id in args.client_ids:
            event, ended = told("client_removed", client_id=client_id), told("revoked", detail="the app was removed")
            count += len(await desk.store.delete_client(client_id, wall_clock(), events=(event,), ended=ended) or ())
        return count

    count = with_store(args, remove)
    content = {"removed": args.client_ids, "devices_signed_out": count}
    return answer(args, content, f"{', '.join(args.client_ids)} removed; {counted(count, 'device')} signed out.")
