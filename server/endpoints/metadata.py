"""Authorization server metadata (RFC 8414), OpenID discovery, and the JWK Set (RFC 7517): what clients read first."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import json_answer
from server.house import House
from server.oauth import pkce
from server.oauth.authorization import PROMPTS, RESPONSE_MODES, RESPONSE_TYPES
from server.oauth.backchannel import MODES
from server.oauth.grants import GRANTS
from server.oauth.identity import BY_SCOPE, CLAIMS
from server.settings import Settings
from server.signing.assertion import ALGORITHMS as ASSERTION_ALGORITHMS
from server.signing.id_token import ALGORITHMS
from server.signing.introspection import ALGORITHMS as INTROSPECTION_ALGORITHMS
from server.signing.proof import ALGORITHMS as PROOF_ALGORITHMS
from web_verify.languages import OFFERED

from .client_auth import methods

if TYPE_CHECKING:
    from server.openapi.operation import About, Operation

# Where a client may come by mutual TLS (RFC 8705 section 5).
ALIASES: Final = (
    ("token_endpoint", "/token"),
    ("device_authorization_endpoint", "/device_authorization"),
    ("pushed_authorization_request_endpoint", "/par"),
    ("backchannel_authentication_endpoint", "/bc-authorize"),
    ("revocation_endpoint", "/revoke"),
    ("introspection_endpoint", "/introspect"),
    ("userinfo_endpoint", "/userinfo"),
)
# The two names of one document: the operationId, and what it is for.
AUTHORIZATION_SERVER: Final = ("authorization_server_metadata", "Say where everything is (RFC 8414)")
OPENID_CONFIGURATION: Final = ("openid_configuration", "Say where everything is (OpenID Connect Discovery)")
CACHE: Final = {"cache-control": "public, max-age=300", "access-control-allow-origin": "*"}


def metadata(house: House) -> dict[str, Any]:
    """The document; every URL comes from the configured issuer, never from a request. No empty lists."""
    settings = house.settings
    issuer = settings.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "token_endpoint": f"{issuer}/token",
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "backchannel_authentication_endpoint": f"{issuer}/bc-authorize",
        "backchannel_token_delivery_modes_supported": list(MODES),
        "backchannel_authentication_request_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "backchannel_user_code_parameter_supported": True,
        "revocation_endpoint": f"{issuer}/revoke",
        "introspection_endpoint": f"{issuer}/introspect",
        "jwks_uri": f"{issuer}/jwks",
        "registration_endpoint": f"{issuer}/register",
        "grant_types_supported": [grant.GRANT_TYPE for grant in GRANTS],
        "response_types_supported": list(RESPONSE_TYPES),
        "response_modes_supported": list(RESPONSE_MODES),
        "code_challenge_methods_supported": list(pkce.METHODS),
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": list(PROMPTS),
        "request_uri_parameter_supported": False,  # but for those that were pushed
        "ui_locales_supported": [language.tag for language in OFFERED],
        "scopes_supported": list(settings.scopes),
        "token_endpoint_auth_methods_supported": list(methods(settings)),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(methods(settings)),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": [method for method in methods(settings) if method != "none"],
        "introspection_signing_alg_values_supported": list(INTROSPECTION_ALGORITHMS),
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "userinfo_endpoint": f"{issuer}/userinfo",
        "claims_supported": [*CLAIMS, *(claim for claims in BY_SCOPE.values() for claim in claims)],
        "acr_values_supported": list(house.acr_values),
        "end_session_endpoint": f"{issuer}/end_session",
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        # Ours: how long a token request with `Prefer: wait=N` is held at most, and where MQTT credentials are had.
        "token_endpoint_wait_supported": settings.hold_for,
        "mqtt_credentials_endpoint": f"{issuer}/mqtt/credentials",
        **_mutual_tls(settings),
    }


def _mutual_tls(settings: Settings) -> dict[str, Any]:
    """What is said where a proxy passes client certificates on; the aliases where it asks for them elsewhere."""
    if not settings.mtls_header:
        return {}
    said: dict[str, Any] = {"tls_client_certificate_bound_access_tokens": True}
    if settings.mtls_issuer:
        said["mtls_endpoint_aliases"] = {name: settings.mtls_issuer + path for name, path in ALIASES}
    return said


class MetadataEndpoint:
    """GET at both well-known paths."""

    def __init__(self, content: Mapping[str, Any], name: str, does: str) -> None:
        self._content = content
        self._name, self._does = name, does

    async def __call__(self, request: Request) -> Response:
        return json_answer(self._content, headers=CACHE)

    def about(self) -> "About":
        return {"GET": about_metadata(self._name, self._does, self._content)}


class JwksEndpoint:
    """GET /jwks: public halves only; the next key is there before it signs."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        return json_answer(self._house.mint.ring.jwks(self._house.now()), headers=CACHE)

    def about(self) -> "About":
        from server.openapi.operation import ANY_TEXT, PUBLIC, Answer, Field, Operation, each, members, text

        names = ("kid", "alg", "kty")
        key = members(Field("use", text("sig"), True), *(Field(name, ANY_TEXT, True) for name in names), is_open=True)
        shown = Answer(200, "A JWK Set", members(Field("keys", each(key, 1), True)), headers=PUBLIC)
        return {"GET": Operation("jwks", "Publish the keys that verify our tokens (RFC 7517)", (shown,))}


def about_metadata(name: str, does: str, content: Mapping[str, Any]) -> "Operation":
    """A document that is the same until the server starts anew; it describes itself."""
    from server.openapi.operation import PUBLIC, Answer, Field, Operation, members

    fields = (Field(member, _kind(value), True) for member, value in content.items())
    return Operation(name, does, (Answer(200, "The document", members(*fields), headers=PUBLIC),))


def _kind(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, list):
        return {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {"type": {int: "integer", dict: "object"}.get(type(value), "string")}
