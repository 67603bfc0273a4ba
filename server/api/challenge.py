"""Where a refused request points: to the metadata of the resource (RFC 9728 section 5.1)."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import Handler
from server.house import House
from server.oauth.errors import OAuthError

REALM: Final = 'realm="porchlight"'
WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


def well_known_path(house: House) -> str:
    """The path of the metadata under the host: that of the resource identifier, behind the well-known one."""
    return f"{WELL_KNOWN}{house.settings.path}{house.settings.api_path}"


def pointing(house: House, answer: Handler) -> Handler:
    """The same endpoint, with `resource_metadata` in every challenge it answers, for each scheme."""
    host = house.settings.issuer.removesuffix(house.settings.path)
    pointer = f'{REALM}, resource_metadata="{host}{well_known_path(house)}"'

    async def pointed(request: Request) -> Response:
        try:
            return await answer(request)
        except OAuthError as error:
            error.challenge = error.challenge.replace(REALM, pointer)
            raise

    return pointed
