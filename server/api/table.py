"""The API on one screen: every resource, its name over MQTT, its route over HTTP, the scope it needs."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from server.answers import Counter, Endpoint, json_answer
from server.house import House

from . import me, mqtt_session, readings
from .challenge import Pointing
from .resource import Resource, ResourceEndpoint

if TYPE_CHECKING:
    from server.openapi.operation import About

RESOURCES: Final = (
    Resource("me", "GET", "/me", "profile", me.me, me.told),
    Resource("readings.add", "POST", "/readings", "readings:write", readings.add, readings.told_add),
    Resource("readings.list", "GET", "/readings", "readings:read", readings.list_newest, readings.told_list),
    # What is deleted is gone: a device left alone, or a token that was stolen long after its sign-in, does not do it.
    Resource(
        "readings.delete", "DELETE", "/readings", "readings:write", readings.delete, readings.told_delete, max_age=300
    ),
    Resource("mqtt.renew", "POST", "/mqtt/renew", "", mqtt_session.renew, mqtt_session.told),
)


def api_routes(house: House, prefix: str) -> Iterator[Counter]:
    """The routes under `prefix`, such as `/api`, and the list of them at `prefix` itself."""
    yield Counter(prefix, ListOfResources(prefix), "GET")
    paths: dict[str, dict[str, Endpoint]] = {}
    for each in RESOURCES:
        paths.setdefault(each.path, {})[each.method] = Pointing(house, ResourceEndpoint(house, each))
    for path, by_method in paths.items():
        yield Counter(prefix + path, ByMethod(by_method), *by_method)


class ByMethod:
    """One path with several resources: one route, so that `Allow` names all its methods (RFC 9110 section 10.2.1)."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = endpoints

    async def __call__(self, request: Request) -> Response:
        return await self._endpoints["GET" if request.method == "HEAD" else request.method](request)

    def about(self) -> "About":
        return {method: endpoint.about()[method] for method, endpoint in self._endpoints.items()}


class ListOfResources:
    """GET /api: every resource, for whoever wants to know what there is."""

    def __init__(self, prefix: str) -> None:
        self._content = {
            "resources": [
                {"name": each.name, "method": each.method, "path": prefix + each.path, "scope": each.scope}
                for each in RESOURCES
            ]
        }

    async def __call__(self, request: Request) -> Response:
        return json_answer(self._content)

    def about(self) -> "About":
        from server.openapi.operation import ANY_TEXT, Answer, Field, Operation, each, members

        line = members(*(Field(name, ANY_TEXT, True) for name in ("name", "method", "path", "scope")))
        listed = Answer(200, "All of them", members(Field("resources", each(line), True)))
        return {"GET": Operation("resources", "List what an access token opens", (listed,))}
