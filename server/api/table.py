"""The API on one screen: every resource, its name over MQTT, its route over HTTP, the scope it needs."""

from collections.abc import Iterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.answers import counter, json_answer
from server.house import House

from . import me, mqtt_session, readings
from .challenge import pointing
from .resource import Resource, ResourceEndpoint

RESOURCES: Final = (
    Resource("me", "GET", "/me", "profile", me.me),
    Resource("readings.add", "POST", "/readings", "readings:write", readings.add),
    Resource("readings.list", "GET", "/readings", "readings:read", readings.list_newest),
    # What is deleted is gone: a device left alone, or a token that was stolen long after its sign-in, does not do it.
    Resource("readings.delete", "DELETE", "/readings", "readings:write", readings.delete, max_age=300),
    Resource("mqtt.renew", "POST", "/mqtt/renew", "", mqtt_session.renew),
)


def api_routes(house: House, prefix: str) -> Iterator[Route]:
    """The routes under `prefix`, such as `/api`, and the list of them at `prefix` itself."""
    yield Route(prefix, _list_of_resources(prefix), methods=["GET"])
    for each in RESOURCES:
        endpoint = counter(pointing(house, ResourceEndpoint(house, each)))
        yield Route(prefix + each.path, endpoint, methods=[each.method], name=each.name)


def _list_of_resources(prefix: str) -> Any:
    async def index(request: Request) -> Response:
        return json_answer(
            {
                "resources": [
                    {"name": each.name, "method": each.method, "path": prefix + each.path, "scope": each.scope}
                    for each in RESOURCES
                ]
            }
        )

    return index
