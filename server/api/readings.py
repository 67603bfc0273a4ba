"""`readings.add`, `.list` and `.delete`: what a sensor sends and a screen shows, kept per account."""

import math
from typing import TYPE_CHECKING

from server.oauth.errors import InvalidRequest
from server.oauth.secret import draw_id
from server.storage.readings import Reading

from .resource import Call, Reply, Told

if TYPE_CHECKING:
    from server.openapi.operation import Field, Schema


async def add(call: Call) -> Reply:
    """`stream` (text) and `value` (number) -> the reading, with its id and the server's time."""
    stream, value = call.text("stream"), call.arguments.get("value")
    if stream is None:
        raise InvalidRequest("stream is missing")
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        raise InvalidRequest("value: a number")
    access = call.access
    reading = Reading(draw_id(), access.device_id, access.account_id, stream, float(value), call.house.now())
    await call.house.readings.add(reading)
    return Reply(_shown(reading), 201)


async def list_newest(call: Call) -> Reply:
    """`stream`, `limit` (1 to 100), `before` (milliseconds): this account's readings, newest first."""
    readings = await call.house.readings.list(
        call.access.account_id,
        device_id=call.text("device_id"),
        stream=call.text("stream"),
        limit=call.whole("limit", 20, 1, 100),
        before=call.whole("before", call.house.now() + 1, 0, 2**53),
    )
    return Reply({"readings": [_shown(reading) for reading in readings]})


async def delete(call: Call) -> Reply:
    """`device_id`, `stream`: delete this account's readings, or those of one device or stream; how many there were."""
    deleted = await call.house.readings.delete(
        call.access.account_id, device_id=call.text("device_id"), stream=call.text("stream")
    )
    return Reply({"deleted": deleted})


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float can hold
        return False


def _shown(reading: Reading) -> dict[str, object]:
    return {
        "id": reading.reading_id,
        "device_id": reading.device_id,
        "stream": reading.stream,
        "value": reading.value,
        "at": reading.at,
    }


def told_add() -> Told:
    """What `readings.add` says of itself."""
    from server.openapi.operation import Answer, Field

    arguments = (_name("stream")._replace(is_required=True), Field("value", {"type": "number"}, True))
    return Told("Keep a reading", arguments, Answer(201, "The reading, with its id and the time", _reading()))


def told_list() -> Told:
    """What `readings.list` says of itself."""
    from server.openapi.operation import Answer, Field, each, members, whole

    limit = Field("limit", whole(1, 100), says="How many; 20 without it")
    before = Field("before", whole(0, 2**53), says="Only those from before this instant, in milliseconds")
    listed = Answer(200, "This account's readings, newest first", members(Field("readings", each(_reading()), True)))
    return Told("List readings", (_name("device_id"), _name("stream"), limit, before), listed)


def told_delete() -> Told:
    """What `readings.delete` says of itself."""
    from server.openapi.operation import Answer, Field, members, whole

    gone = Answer(200, "How many there were", members(Field("deleted", whole(), True)))
    return Told("Delete readings: all, or those of one device or stream", (_name("device_id"), _name("stream")), gone)


def _name(name: str) -> "Field":
    from server.openapi.operation import Field, text

    return Field(name, text(shortest=1, longest=64), says="Printable characters")


def _reading() -> "Schema":
    from server.openapi.operation import ANY_TEXT, Field, members, whole

    kinds = (("id", ANY_TEXT), ("device_id", ANY_TEXT), ("stream", ANY_TEXT), ("value", {"type": "number"}))
    return members(*(Field(name, kind, True) for name, kind in kinds), Field("at", whole(), True, "Milliseconds"))
