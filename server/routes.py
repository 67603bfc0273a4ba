"""Every URL the house answers, on one screen, grouped by who asks. All are under the path of the issuer."""

from collections.abc import Iterable, Iterator, Sequence

from starlette.routing import BaseRoute, Mount, Route, Router

from server.answers import Counter, Endpoint
from server.api.challenge import Pointing, well_known_path
from server.api.table import api_routes
from server.endpoints.authorize import PATH as AUTHORIZE_PATH
from server.endpoints.authorize import AuthorizationEndpoint, SendBack, TurnAway
from server.endpoints.backchannel_authentication import PATH as BACKCHANNEL_PATH
from server.endpoints.backchannel_authentication import BackchannelAuthenticationEndpoint
from server.endpoints.device_authorization import PATH as DEVICE_AUTHORIZATION_PATH
from server.endpoints.device_authorization import DeviceAuthorizationEndpoint
from server.endpoints.end_session import PATH as END_SESSION_PATH
from server.endpoints.end_session import EndSessionEndpoint
from server.endpoints.health import HealthEndpoint
from server.endpoints.introspection import IntrospectionEndpoint
from server.endpoints.metadata import (
    AUTHORIZATION_SERVER,
    OPENID_CONFIGURATION,
    JwksEndpoint,
    MetadataEndpoint,
    metadata,
)
from server.endpoints.mqtt_credentials import MqttCredentialsEndpoint
from server.endpoints.openapi import OpenApiEndpoint
from server.endpoints.protected_resource import ProtectedResourceEndpoint
from server.endpoints.pushed import PATH as PAR_PATH
from server.endpoints.pushed import PushedRequestEndpoint
from server.endpoints.registration import PATH as REGISTER_PATH
from server.endpoints.registration import EntryEndpoint, RegistrationEndpoint
from server.endpoints.revocation import RevocationEndpoint
from server.endpoints.token import PATH as TOKEN_PATH
from server.endpoints.token import TokenEndpoint
from server.endpoints.userinfo import UserinfoEndpoint
from server.house import House

API_PATH = "/api"


class Errand(Route):
    """Where apps send browsers: whatever fails there is a page, and an event all the same."""


def routes(house: House, pages: Sequence[BaseRoute], turn_away: TurnAway, send_back: SendBack) -> list[BaseRoute]:
    """The whole table. The well-known documents stand at the root of the host (RFC 8414 section 3.1)."""
    path, content, openapi = house.settings.path, metadata(house), OpenApiEndpoint(house)
    inner = [
        # devices
        _post(TOKEN_PATH, TokenEndpoint(house)),
        _post(DEVICE_AUTHORIZATION_PATH, DeviceAuthorizationEndpoint(house)),
        _post("/revoke", RevocationEndpoint(house)),
        _post("/mqtt/credentials", Pointing(house, MqttCredentialsEndpoint(house))),
        # apps and devices that register themselves
        _post(REGISTER_PATH, RegistrationEndpoint(house)),
        Counter(REGISTER_PATH + "/{client_id}", EntryEndpoint(house), "GET", "PUT", "DELETE"),
        # apps and the browsers they send
        _post(BACKCHANNEL_PATH, BackchannelAuthenticationEndpoint(house)),
        _post(PAR_PATH, PushedRequestEndpoint(house)),
        Errand(AUTHORIZE_PATH, AuthorizationEndpoint(house, turn_away, send_back), methods=["GET", "POST"]),
        Errand(END_SESSION_PATH, EndSessionEndpoint(house, turn_away), methods=["GET", "POST"]),
        Counter("/userinfo", Pointing(house, UserinfoEndpoint(house)), "GET", "POST"),
        # whoever verifies tokens
        _post("/introspect", IntrospectionEndpoint(house)),
        _get("/jwks", JwksEndpoint(house)),
        # whoever writes programs for it
        _get("/openapi.json", openapi),
        # whoever has a token
        *api_routes(house, API_PATH),
        # operators
        _get("/health", HealthEndpoint(house)),
        # people
        *pages,
    ]
    well_known = [
        _get(f"/.well-known/oauth-authorization-server{path}", MetadataEndpoint(content, *AUTHORIZATION_SERVER)),
        _get(f"{path}/.well-known/openid-configuration", MetadataEndpoint(content, *OPENID_CONFIGURATION)),
        _get(well_known_path(house), ProtectedResourceEndpoint(house)),
    ]
    # Without redirects: Starlette would aim them by the `Host` header, and with 307 send a form a second time.
    mounted = [Mount(path, Router(inner, redirect_slashes=False))]
    openapi.table = [*well_known, *mounted] if path else [*inner[:2], *well_known, *inner[2:]]
    return openapi.table


def first_words(table: Iterable[BaseRoute], kind: type[Route]) -> Iterator[str]:
    """The first segment, under the issuer, of every route of this kind."""
    for route in table:
        if isinstance(route, Mount) and isinstance(route.app, Router):
            yield from first_words(route.app.routes, kind)
        elif isinstance(route, kind):
            yield first_word(route.path)


def first_word(path: str) -> str:
    """The first segment of a path under the issuer: `api` of `/api/me`."""
    return path[1:].partition("/")[0]


def _post(path: str, endpoint: Endpoint) -> Counter:
    return Counter(path, endpoint, "POST")


def _get(path: str, endpoint: Endpoint) -> Counter:
    return Counter(path, endpoint, "GET")
