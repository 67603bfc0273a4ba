"""How a request proves its client: none, Basic, post (RFC 6749), `private_key_jwt` (RFC 7523) or TLS (RFC 8705)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import unquote_plus

from starlette.requests import Request

from server.answers import CLIENT
from server.house import House
from server.oauth.certificate import proves
from server.oauth.client import Assertion, Client, Credentials, authenticate, check_assertion
from server.oauth.errors import InvalidClient, InvalidRequest
from server.oauth.secret import digest
from server.possession import shown_certificate
from server.settings import Settings
from server.signing.assertion import named_client, read_assertion

BASIC: Final = 'Basic realm="porchlight", charset="UTF-8"'
METHODS: Final = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
TLS_METHODS: Final = ("tls_client_auth", "self_signed_tls_client_auth")
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def methods(settings: Settings) -> tuple[str, ...]:
    """How clients may authenticate with these settings: by certificates only where a proxy passes them on."""
    by_tls = ("tls_client_auth" if settings.mtls_ca else "", "self_signed_tls_client_auth")
    return (*METHODS, *(filter(None, by_tls) if settings.mtls_header else ()))


async def proven_client(house: House, request: Request, form: Mapping[str, str], *, is_poll: bool = False) -> Client:
    """The client that this request proves to be; `is_poll`: without a write.

    Raises `InvalidRequest`, `InvalidClient`, `UnauthorizedClient`.
    """
    try:
        return await _proven(house, request, form, is_poll=is_poll)
    except InvalidClient as refused:
        # A 401 without a challenge is no HTTP (RFC 9110 section 15.5.2), however the client proved itself.
        refused.challenge = refused.challenge or BASIC
        raise


async def _proven(house: House, request: Request, form: Mapping[str, str], *, is_poll: bool) -> Client:
    shown = shown_credentials(request, form)
    client = await house.clients.find(shown.client_id)
    if client is not None:
        request.scope[CLIENT] = client.client_id
    if "client_assertion" in form:
        await _check_assertion(house, form, client, is_poll=is_poll)
        shown = replace(shown, has_proved_key=True)
    elif client is not None and client.auth_method in TLS_METHODS:
        shown = replace(shown, has_proved_certificate=await _proves_certificate(house, request, client))
    return authenticate(client, shown)


async def _proves_certificate(house: House, request: Request, client: Client) -> bool:
    """Whether the request came with the client's own certificate; where it publishes its keys, with one of those."""
    certificate, now = shown_certificate(house, request), house.now()
    if certificate is None:
        return False
    from server.signing.certificate import thumbprints  # loaded by now: a certificate was read

    if client.auth_method == "tls_client_auth":
        return proves(certificate, client, (), now)
    if proves(certificate, client, thumbprints(await house.client_keys.of(client)), now):
        return True
    fresh = await house.client_keys.again(client)
    return fresh is not None and proves(certificate, client, thumbprints(fresh), now)


async def _check_assertion(house: House, form: Mapping[str, str], client: Client | None, *, is_poll: bool) -> None:
    """Verify the assertion with the client's own keys; it works once.

    A poll's is remembered by this server alone, for polls must not write; any other by the storage, for all servers.
    """
    if client is None or client.auth_method != "private_key_jwt":
        raise InvalidClient("client authentication failed")
    assertion = await _read_assertion(house, form["client_assertion"], client)
    check_assertion(assertion, client.client_id, house.settings.issuer, house.now())
    is_new = house.assertions.is_new(client.client_id, assertion.assertion_id, assertion.expires_at)
    if is_new and not is_poll:
        key_hash = digest("assertion", f"{client.client_id}\0{assertion.assertion_id}")
        is_new = await house.store.take_once(key_hash, assertion.expires_at)
    if not is_new:
        raise InvalidClient("the client assertion was used before; make a new one for each request")


async def _read_assertion(house: House, text: str, client: Client) -> Assertion:
    """By the keys that we know; where the client publishes them, by what it publishes now."""
    try:
        return read_assertion(text, await house.client_keys.of(client))
    except InvalidClient:
        fresh = await house.client_keys.again(client)
        if fresh is None:
            raise
        return read_assertion(text, fresh)


def shown_credentials(request: Request, form: Mapping[str, str]) -> Credentials:
    """Raises `InvalidRequest` without a client id or with two ways at once, `InvalidClient` for a broken header."""
    header = request.headers.get("authorization")
    if "client_assertion" in form:
        return _assertion(form, header)
    if header is None:
        client_id = form.get("client_id")
        if client_id is None:
            raise InvalidRequest("client_id is missing")
        return Credentials(client_id, form.get("client_secret"))
    if "client_secret" in form:
        raise InvalidRequest("use one way of client authentication, not two")
    shown = _basic(header)
    if form.get("client_id", shown.client_id) != shown.client_id:
        raise InvalidRequest("client_id differs from the one in the Authorization header")
    return shown


def _assertion(form: Mapping[str, str], header: str | None) -> Credentials:
    if header is not None or "client_secret" in form:
        raise InvalidRequest("use one way of client authentication, not two")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise InvalidRequest(f"client_assertion_type must be {ASSERTION_TYPE}")
    client_id = named_client(form["client_assertion"])
    if form.get("client_id", client_id) != client_id:
        raise InvalidRequest("client_id differs from the one in the client assertion")
    return Credentials(client_id)


def _basic(header: str) -> Credentials:
    """Both parts are form-encoded inside the Base64 (RFC 6749 section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    broken = InvalidClient("the Authorization header is not HTTP Basic", challenge=BASIC)
    if scheme.lower() != "basic":
        raise broken
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        client_id, secret = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise broken from None
    if not colon or not client_id or "\0" in client_id:  # a storage may not be able to look for a NUL
        raise broken
    return Credentials(client_id, secret)
