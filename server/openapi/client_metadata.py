"""Client metadata as registrations send and get it (RFC 7591 section 2, RFC 7592 section 3)."""

from collections.abc import Sequence
from typing import Final

from server.oauth.backchannel import MODES
from server.oauth.client_metadata import (
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidSoftwareStatement,
    UnapprovedSoftwareStatement,
)
from server.oauth.errors import OAuthError
from server.oauth.redirect import MOST_REDIRECT_URIS
from server.oauth.registration import METHODS, RESPONSE_TYPES

from .operation import ANY_TEXT, FLAG, JSON, URL, Body, Field, Schema, each, members, text, whole
from .parts import BODY_REFUSALS, SCOPE

METADATA_REFUSALS: Final[Sequence[type[OAuthError]]] = (
    *BODY_REFUSALS,
    InvalidClientMetadata,
    InvalidRedirectUri,
    InvalidSoftwareStatement,
    UnapprovedSoftwareStatement,
)
_URIS: Final = each(ANY_TEXT, most=MOST_REDIRECT_URIS)
# In both directions; what is empty is left out of an answer.
_BOTH_WAYS: Final = (
    Field("client_name", text(longest=2_048), says="A claim: it is never shown as known"),
    Field("token_endpoint_auth_method", text(*METHODS)),
    Field("grant_types", each(ANY_TEXT)),
    Field("response_types", each(text(*RESPONSE_TYPES))),
    Field("redirect_uris", _URIS),
    Field("scope", SCOPE),
    *(
        Field(name, FLAG)
        for name in (
            "dpop_bound_access_tokens",
            "require_pushed_authorization_requests",
            "tls_client_certificate_bound_access_tokens",
            "backchannel_user_code_parameter",
        )
    ),
    Field("jwks", {"type": "object"}, says="A JWK Set; with a method that proves a key"),
    Field("jwks_uri", URL, says="In place of jwks"),
    Field("tls_client_auth_subject_dn", text(longest=1_024), says="With tls_client_auth"),
    Field("backchannel_token_delivery_mode", text(*MODES)),
    Field("backchannel_client_notification_endpoint", URL),
    Field("backchannel_authentication_request_signing_alg", ANY_TEXT),
    Field("backchannel_logout_uri", URL),
    Field("post_logout_redirect_uris", _URIS),
)
TAKES: Final = Body(
    JSON,
    members(
        *_BOTH_WAYS,
        Field("client_id", ANY_TEXT, says="When replacing an entry: its own, and required"),
        Field("client_secret", ANY_TEXT, says="When replacing an entry: its own, or left out"),
        is_open=True,
    ),
)
REGISTERED: Final[Schema] = members(
    *(Field(name, ANY_TEXT, True) for name in ("client_id", "registration_access_token")),
    Field("registration_client_uri", URL, True),
    Field("client_id_issued_at", whole(), True, "Seconds since the epoch"),
    Field("client_secret", ANY_TEXT, says="Only in the answer that gives it"),
    Field("client_secret_expires_at", whole()),
    *_BOTH_WAYS,
)
