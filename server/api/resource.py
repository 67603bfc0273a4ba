"""What a protected resource is: a name for MQTT, a method and path for HTTP, the scope it needs, and its answer."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from server.answers import json_answer
from server.house import House
from server.oauth.access import Access
from server.oauth.errors import InvalidRequest, OAuthError, TooLarge, WrongMediaType

from .bearer import InsufficientScope, about_bearer, bearer, demand_scope
from .step_up import InsufficientUserAuthentication, demand_sign_in

if TYPE_CHECKING:
    from server.openapi.operation import About, Answer, Field

MAX_BODY: Final = 65_536
Arguments = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated call with its arguments: the query of a GET (text), the JSON object of a POST."""

    house: House
    access: Access
    arguments: Arguments

    def text(self, name: str, default: str | None = None, longest: int = 64) -> str | None:
        """A text argument; raises `InvalidRequest`."""
        value = self.arguments.get(name, default)
        if value is not None and (
            not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable()
        ):
            raise InvalidRequest(f"{name}: 1 to {longest} printable characters")
        return value

    def whole(self, name: str, default: int, lowest: int, highest: int) -> int:
        """A whole number, given as a number or as text; raises `InvalidRequest`."""
        value = self.arguments.get(name, default)
        if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 20:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise InvalidRequest(f"{name}: a whole number from {lowest} to {highest}")
        return value


@dataclass(frozen=True, slots=True)
class Reply:
    """What a resource answers: a JSON object and its status."""

    content: Mapping[str, Any]
    status: int = 200


class Told(NamedTuple):
    """What a resource says of itself beside its code: its arguments, its answer, and how it refuses."""

    does: str
    arguments: "Sequence[Field]"
    answer: "Answer"
    refuses: Sequence[type[OAuthError]] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One line of the API's table. `scope` "" needs a valid token and no particular scope.

    `max_age` (seconds) and `acr_values` are what it demands of the sign-in behind the token (`step_up.py`).
    """

    name: str
    method: str
    path: str
    scope: str
    answer: Callable[[Call], Awaitable[Reply]]
    told: Callable[[], Told]
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()

    @property
    def takes_query(self) -> bool:
        """Whether its arguments are in the query: those of a GET and a DELETE, which have no body."""
        return self.method in ("GET", "DELETE")


class ResourceEndpoint:
    """The HTTP face of a resource: bearer check, scope, arguments, answer."""

    def __init__(self, house: House, resource: Resource) -> None:
        self._house = house
        self._resource = resource

    async def __call__(self, request: Request) -> Response:
        access, _ = bearer(self._house, request)
        resource = self._resource
        demand_scope(access, resource.scope)
        demand_sign_in(access, resource.max_age, resource.acr_values, self._house.now())
        arguments = dict(request.query_params) if resource.takes_query else await _json_object(request)
        reply = await self._resource.answer(Call(self._house, access, arguments))
        return json_answer(reply.content, reply.status)

    def about(self) -> "About":
        from server.openapi.operation import JSON, Body, Field, members, text, whole

        each = self._resource
        told = each.told()
        takes = None if each.takes_query else Body(JSON, members(*told.arguments, is_open=True))
        query = told.arguments if each.takes_query else ()
        refuses: list[type[OAuthError]] = [InvalidRequest, *told.refuses]
        demanded = (Field("acr_values", text()), Field("max_age", whole()))
        if each.scope:
            refuses.append(InsufficientScope)
        if not each.takes_query:
            refuses += [TooLarge, WrongMediaType]
        is_stepped_up = each.max_age is not None or bool(each.acr_values)
        if is_stepped_up:
            refuses.append(InsufficientUserAuthentication)
        said = about_bearer(each.name, told.does, told.answer, refuses)
        members_of_refusal = demanded if is_stepped_up else ()
        return {each.method: said._replace(takes=takes, query=query, refusal_members=members_of_refusal)}


async def _json_object(request: Request) -> dict[str, object]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise WrongMediaType("the body must be application/json")
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise TooLarge(f"the body is larger than {MAX_BODY} bytes")
        content = json.loads(body)
    except ClientDisconnect:
        raise InvalidRequest("the request ended before its body did") from None
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not JSON") from None
    if not isinstance(content, dict):
        raise InvalidRequest("the body must be one JSON object")
    return content
