"""How a request names its client: none, `client_secret_basic` or `client_secret_post` (RFC 6749 section 2.3)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_plus

from starlette.requests import Request

from server.oauth.client import Credentials
from server.oauth.errors import InvalidClient, InvalidRequest

BASIC: Final = 'Basic realm="porchlight", charset="UTF-8"'
METHODS: Final = ("none", "client_secret_basic", "client_secret_post")


def shown_credentials(request: Request, form: Mapping[str, str]) -> Credentials:
    """Raises `InvalidRequest` without a client id or with two ways at once, `InvalidClient` for a broken header."""
    header = request.headers.get("authorization")
    if header is None:
        client_id = form.get("client_id")
        if client_id is None:
            raise InvalidRequest("client_id is missing")
        # A 401 without a challenge is no HTTP (RFC 9110 section 15.5.2), however the client named itself.
        return Credentials(client_id, form.get("client_secret"), challenge=BASIC)
    if "client_secret" in form or "client_assertion" in form:
        raise InvalidRequest("use one way of client authentication, not two")
    shown = _basic(header)
    if form.get("client_id", shown.client_id) != shown.client_id:
        raise InvalidRequest("client_id differs from the one in the Authorization header")
    return shown


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
    return Credentials(client_id, secret, challenge=BASIC)
