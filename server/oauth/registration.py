"""Dynamic client registration: metadata in, a client or a refusal out (RFC 7591 sections 2 and 3.2, RFC 7592).

What somebody registers over HTTP is theirs to claim and ours to doubt: the name is never shown as known, logos and
other addresses for people are not taken at all, and nothing is given that was not asked for.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from . import scope
from .authorization import GRANT_TYPE as CODE
from .authorization import IMPLICIT
from .client import AuthMethod, Client
from .client_metadata import (
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidSoftwareStatement,
    Said,
    UnapprovedSoftwareStatement,
)
from .device import GRANT_TYPE as DEVICE
from .errors import InvalidRequest, InvalidScope
from .redirect import MOST_REDIRECT_URIS, check_redirect_uri
from .registered import Permit, Registration
from .registration_notices import NOTICES, described_notices, with_notices

REFRESH: Final = "refresh_token"
LONGEST_NAME: Final = 60
LONGEST_JWKS: Final = 16_384
METHODS: Final[Mapping[str, AuthMethod]] = {
    "none": "none",
    "client_secret_basic": "client_secret",
    "client_secret_post": "client_secret",
    "private_key_jwt": "private_key_jwt",
    "tls_client_auth": "tls_client_auth",
    "self_signed_tls_client_auth": "self_signed_tls_client_auth",
}
KEYED: Final = ("private_key_jwt", "self_signed_tls_client_auth")
DEVICES_ONLY: Final = Permit((DEVICE, REFRESH), ("none", "private_key_jwt"), ())
# Each response type goes with the grant that it begins (RFC 7591 section 2.1).
RESPONSE_TYPES: Final = {"code": CODE, "id_token": IMPLICIT}
_ALONE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")  # a JWT, by its looks
_ITS_OWN: Final = (
    *("name", "grants", "scopes", "auth_method", "is_dpop_bound", "jwks", "jwks_uri", "redirect_uris", "requires_par"),
    *("tls_subject", "is_certificate_bound", *NOTICES),
)
# What only the server says (RFC 7592 section 2.2).
_OURS: Final = (
    "registration_access_token",
    "registration_client_uri",
    "client_id_issued_at",
    "client_secret_expires_at",
)


class Asked(NamedTuple):
    """What a registration asks for, checked: `method` is the wire word of how the client will authenticate."""

    method: str
    client: Client


def asked_client(
    metadata: Mapping[str, Any], permit: Permit, *, client_id: str, created_at: int, tidy_dn: Callable[[str], str]
) -> Asked:
    """The client that this metadata describes, within the permit. Its secret, if it gets one, is drawn elsewhere.

    Whoever calls checks the keys in `client.jwks` and the address in `client.jwks_uri`; `tidy_dn` writes a
    distinguished name in its one form or raises `ValueError`. Raises the refusals of RFC 7591 section 3.2.2.
    """
    said = Said(metadata)
    _refuse_statement(said)
    uris = _redirect_uris(said)
    grants = _grants(said, permit, has_uris=bool(uris))
    method = _method(said, permit, grants)
    _check_response_types(said, grants)
    if uris and not {CODE, IMPLICIT} & {*grants}:
        raise InvalidRedirectUri("redirect_uris go with the grant authorization_code, which is not among grant_types")
    if not uris and {CODE, IMPLICIT} & {*grants}:
        raise InvalidRedirectUri("the authorization endpoint needs a redirect URI to answer at")
    jwks, jwks_uri = _keys(said, method)
    client = Client(
        client_id=client_id,
        name=tidy_name(said.text("client_name")) or client_id,
        grants=grants,
        scopes=_scopes(said, permit),
        created_at=created_at,
        auth_method=METHODS[method],
        is_dpop_bound=said.flag("dpop_bound_access_tokens"),
        jwks=jwks,
        redirect_uris=uris,
        requires_par=said.flag("require_pushed_authorization_requests"),
        jwks_uri=jwks_uri,
        is_claimed=True,
        tls_subject=_tls_subject(said, method, tidy_dn),
        is_certificate_bound=said.flag("tls_client_certificate_bound_access_tokens"),
    )
    return Asked(method, with_notices(client, said))


def check_update(metadata: Mapping[str, Any], client_id: str, *, is_its_secret: Callable[[str], bool]) -> None:
    """Raise `InvalidClientMetadata` when an update would set what is the server's to set (RFC 7592 section 2.2)."""
    said = Said(metadata)
    if said.text("client_id") != client_id:
        raise InvalidClientMetadata("client_id must be there and cannot be changed")
    if any(name in metadata for name in _OURS):
        raise InvalidClientMetadata(f"leave out what only the server sets: {', '.join(_OURS)}")
    if "client_secret" in metadata and not is_its_secret(said.text("client_secret")):
        raise InvalidClientMetadata("a client cannot choose its secret")


def described(client: Client, registration: Registration) -> dict[str, Any]:
    """All that is registered of the client, as RFC 7591 section 3.2.1 writes it; no secret."""
    metadata: dict[str, Any] = {
        "client_id": client.client_id,
        "client_id_issued_at": client.created_at // 1_000,
        "client_name": client.name,
        "token_endpoint_auth_method": registration.method,
        "grant_types": list(client.grants),
        "response_types": [kind for kind, grant in RESPONSE_TYPES.items() if grant in client.grants],
        "redirect_uris": list(client.redirect_uris),
        "scope": scope.write(client.scopes),
        "dpop_bound_access_tokens": client.is_dpop_bound,
        "require_pushed_authorization_requests": client.requires_par,
        "tls_client_certificate_bound_access_tokens": client.is_certificate_bound,
        "jwks_uri": client.jwks_uri,
        "tls_client_auth_subject_dn": client.tls_subject,
    }
    metadata |= described_notices(client)
    if client.jwks:
        metadata["jwks"] = json.loads(client.jwks)
    return {name: value for name, value in metadata.items() if value not in ("", [])}


def tidy_name(text: str) -> str:
    """A claimed name on one line, short, without what could steer a page or a terminal; "" when nothing is left."""
    seen = (each if unicodedata.category(each)[0] not in "CZ" else " " for each in unicodedata.normalize("NFC", text))
    return " ".join("".join(seen).split())[:LONGEST_NAME].strip()


def updated(current: Client, asked: Client) -> Client:
    """What the client may say of itself as it says now; what the operator decided stays, and a secret that it needs."""
    secret_hash = (current.secret_hash or asked.secret_hash) if asked.auth_method == "client_secret" else None
    said: dict[str, Any] = {name: getattr(asked, name) for name in _ITS_OWN}
    return replace(current, **said, secret_hash=secret_hash)


def _refuse_statement(said: Said) -> None:
    """We trust nobody to speak for software (RFC 7591 section 2.3)."""
    statement = said.members.get("software_statement")
    if statement is None:
        return
    if not isinstance(statement, str) or _ALONE.fullmatch(statement) is None:
        raise InvalidSoftwareStatement("the software statement is not a JWT; leave it out")
    raise UnapprovedSoftwareStatement("no software statement is approved here; leave it out")


def _redirect_uris(said: Said) -> tuple[str, ...]:
    try:
        uris = said.texts("redirect_uris") or ()
        for uri in uris:
            check_redirect_uri(uri)
    except (InvalidRequest, InvalidClientMetadata) as wrong:
        raise InvalidRedirectUri(wrong.description) from None
    if len(uris) > MOST_REDIRECT_URIS:
        raise InvalidRedirectUri(f"at most {MOST_REDIRECT_URIS} redirect URIs can be registered")
    return uris


def _grants(said: Said, permit: Permit, *, has_uris: bool) -> tuple[str, ...]:
    """Those asked for. Without any named: the code flow for whoever has a redirect URI, the device flow for others."""
    asked = said.texts("grant_types")
    if asked is None:
        asked = (CODE,) if has_uris else tuple(grant for grant in (DEVICE, REFRESH) if grant in permit.grants)
    if not asked:
        raise InvalidClientMetadata("grant_types is missing: say what the client will do")
    if not {*asked} <= {*permit.grants}:
        raise InvalidClientMetadata("one of grant_types may not be registered with this initial access token")
    if asked == (REFRESH,):
        raise InvalidClientMetadata("refresh_token needs a grant beside it that begins a sign-in")
    return asked


def _method(said: Said, permit: Permit, grants: tuple[str, ...]) -> str:
    """How it will authenticate. Without a word: as RFC 7591 says, where that is allowed; else by what it brings."""
    method = said.text("token_endpoint_auth_method")
    if not method:
        brings_keys = {"jwks", "jwks_uri"} & said.members.keys()
        wanted = ("client_secret_basic", "private_key_jwt" if brings_keys else "none")
        method = next((each for each in wanted if each in permit.methods), wanted[-1])
    if method not in permit.methods or method not in METHODS:
        raise InvalidClientMetadata("token_endpoint_auth_method may not be registered with this initial access token")
    if method == "none" and not {*grants} <= {DEVICE, CODE, IMPLICIT, REFRESH}:
        raise InvalidClientMetadata("one of grant_types is for clients that authenticate, and this one does not")
    return method


def _check_response_types(said: Said, grants: tuple[str, ...]) -> None:
    kinds = said.texts("response_types")
    if kinds is None:
        return
    if not {*kinds} <= {*RESPONSE_TYPES}:
        raise InvalidClientMetadata(f"response_types are among: {', '.join(RESPONSE_TYPES)}")
    for kind, grant in RESPONSE_TYPES.items():
        if (kind in kinds) != (grant in grants):
            raise InvalidClientMetadata(f"the response type {kind} and the grant type {grant} go together")


def _keys(said: Said, method: str) -> tuple[str, str]:
    """`jwks` as JSON, and `jwks_uri`: exactly one of them for whoever authenticates with a key, else neither."""
    jwks, uri = said.members.get("jwks"), said.text("jwks_uri")
    if jwks is not None and uri:
        raise InvalidClientMetadata("send jwks or jwks_uri, not both")
    if method not in KEYED:
        if jwks is not None or uri:
            raise InvalidClientMetadata(f"jwks and jwks_uri go with: {', '.join(KEYED)}")
        return "", ""
    if jwks is None and not uri:
        raise InvalidClientMetadata("jwks or jwks_uri is missing: the keys that this client authenticates with")
    text = "" if jwks is None else json.dumps(jwks, separators=(",", ":"))
    if jwks is not None and (not isinstance(jwks, dict) or len(text) > LONGEST_JWKS):
        raise InvalidClientMetadata(f"jwks is a JWK Set of at most {LONGEST_JWKS} characters")
    return text, uri


def _scopes(said: Said, permit: Permit) -> tuple[str, ...]:
    try:
        return scope.asked(said.text("scope") or None, permit.scopes)
    except InvalidScope as wrong:
        raise InvalidClientMetadata(wrong.description) from None


def _tls_subject(said: Said, method: str, tidy_dn: Callable[[str], str]) -> str:
    subject = said.text("tls_client_auth_subject_dn", 1_024)
    if bool(subject) != (method == "tls_client_auth"):
        raise InvalidClientMetadata("tls_client_auth_subject_dn and the method tls_client_auth go together")
    try:
        return tidy_dn(subject) if subject else ""
    except ValueError:
        raise InvalidClientMetadata("tls_client_auth_subject_dn is written like CN=tv-1,O=Aurora") from None
