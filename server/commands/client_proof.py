"""Flags of `porchlight client add` that say how an app proves itself: published keys, certificates, known devices."""

import argparse
from dataclasses import replace

from server.oauth.client import AuthMethod, Client
from server.oauth.device import GRANT_TYPE
from server.outbound import Refused, checked_url
from server.settings import Settings
from server.signing.certificate import tidy_dn

from .command import Failed, Misused


def proof_arguments(add: argparse.ArgumentParser) -> None:
    add.add_argument("--jwks-uri", default="", metavar="URL", help="where it publishes its keys, instead of --jwks")
    add.add_argument(
        "--tls-subject",
        default="",
        metavar="DN",
        help='it authenticates by mutual TLS as this, like "CN=tv-1,O=Aurora"',
    )
    add.add_argument(
        "--tls-self-signed",
        action="store_true",
        help="it authenticates by mutual TLS with a key of --jwks or --jwks-uri",
    )
    add.add_argument(
        "--certificate-bound", action="store_true", help="its tokens are bound to its TLS certificate (RFC 8705)"
    )
    add.add_argument(
        "--known-devices", action="store_true", help="only devices of `porchlight device allow` may sign in with it"
    )


def with_proof(client: Client, args: argparse.Namespace) -> Client:
    """The client as these flags make it; raises `Misused` where they contradict each other."""
    has_keys = bool(client.jwks or args.jwks_uri)
    if args.jwks_uri and client.jwks:
        raise Misused("--jwks and --jwks-uri are two places for its keys: choose one")
    if args.tls_self_signed and not has_keys:
        raise Misused("--tls-self-signed needs the keys of its certificates: --jwks or --jwks-uri")
    ways = [client.auth_method == "client_secret", bool(args.tls_subject), has_keys]
    if sum(ways) > 1:
        raise Misused("--confidential, --tls-subject and keys are ways to authenticate: choose one")
    if args.certificate_bound and getattr(args, "ciba", "") == "push":
        raise Misused("--certificate-bound needs a connection of the client's own: --ciba ping or poll, not push")
    if args.known_devices and GRANT_TYPE not in client.grants:
        raise Misused("--known-devices goes with --grant device_code")
    return replace(
        client,
        auth_method=_method(client, args),
        jwks_uri=args.jwks_uri,
        tls_subject=_tidy_dn(args.tls_subject),
        is_certificate_bound=args.certificate_bound,
        is_for_known_devices=args.known_devices,
    )


def _method(client: Client, args: argparse.Namespace) -> AuthMethod:
    if args.tls_subject:
        return "tls_client_auth"
    if args.tls_self_signed:
        return "self_signed_tls_client_auth"
    return "private_key_jwt" if client.jwks or args.jwks_uri else client.auth_method


def check_reach(client: Client, settings: Settings) -> None:
    """Raise `Failed` where these settings could not serve the client."""
    if (client.is_certificate_bound or client.auth_method.endswith("tls_client_auth")) and not settings.mtls_header:
        raise Failed("mtls_header: set it to the header in which your proxy passes on client certificates")
    if client.auth_method == "tls_client_auth" and not settings.mtls_ca:
        raise Failed("mtls_ca: set it to the authorities whose certificates prove a --tls-subject")
    try:
        if client.jwks_uri:
            checked_url(client.jwks_uri, may_be_private=settings.outbound_private)
    except Refused as why:
        raise Failed(f"--jwks-uri: {why}") from None


def _tidy_dn(text: str) -> str:
    try:
        return tidy_dn(text) if text else ""
    except ValueError:
        raise Misused('--tls-subject is a distinguished name, like "CN=tv-1,O=Aurora"') from None
