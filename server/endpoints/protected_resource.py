"""Metadata of the API as a protected resource (RFC 9728): from an address alone a client finds who gives tokens for it.

MQTT is another road to the same resource: its address is had from `mqtt_credentials_endpoint`, with the same tokens.
"""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from server.answers import json_answer
from server.api.table import RESOURCES
from server.house import House
from server.signing.proof import ALGORITHMS

from .metadata import CACHE, about_metadata

if TYPE_CHECKING:
    from server.openapi.operation import About


def described(house: House) -> dict[str, Any]:
    """The document. `resource` is the very audience of access tokens; no empty lists (section 3.2)."""
    settings = house.settings
    scopes = tuple(dict.fromkeys(each.scope for each in RESOURCES if each.scope in settings.scopes))
    content: dict[str, Any] = {
        "resource": settings.api_audience,
        "resource_name": settings.service_name,
        "authorization_servers": [settings.issuer],
        "scopes_supported": list(scopes),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": bool(settings.mtls_header),
        "mqtt_credentials_endpoint": f"{settings.issuer}/mqtt/credentials",  # ours
    }
    return {name: value for name, value in content.items() if value not in ([], False)}


class ProtectedResourceEndpoint:
    """GET at the well-known path that the resource identifier has (section 3.1)."""

    def __init__(self, house: House) -> None:
        self._content = described(house)

    async def __call__(self, request: Request) -> Response:
        return json_answer(self._content, headers=CACHE)

    def about(self) -> "About":
        does = "Say who gives access tokens for the API (RFC 9728)"
        return {"GET": about_metadata("protected_resource_metadata", does, self._content)}
