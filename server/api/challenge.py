"""Where a refused request points: to the metadata of the resource (RFC 9728 section 5.1)."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import Endpoint
from server.house import House
from server.oauth.errors import OAuthError

REALM: Final = 'realm="porchlight"'
WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


def well_known_path(house: House) -> str:
    """The path of the metadata under the host: that of the resource identifier, behind the well-known one."""
    return f"{WELL_KNOWN}{house.settings.path}{house.settings.api_path}"


class Pointing:
    """The same endpoint, with `resource_metadata` in every challenge it answers, for each scheme."""

    def __init__(self, house: House, endpoint: Endpoint) -> None:
        host = house.settings.issuer.removesuffix(house.settings.path)
        self._pointer = f'{REALM}, resource_metadata="{host}{well_known_path(house)}"'
        self._endpoint = endpoint
        self.about = endpoint.about

    async def __call__(self, request: Request) -> Response:
        try:
            return await self._endpoint(request)
        except OAuthError as error:
            error.challenge = error.challenge.replace(REALM, self._pointer)
            raise
