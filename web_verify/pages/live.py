"""The streams behind open pages: server-sent events, one word each (HTML Living Standard section 9.2)."""

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from web_verify.forms import ECHO_LIMIT
from web_verify.visit import Visit


async def code(visit: Visit) -> Response:
    """What becomes of one code."""
    typed: str = visit.request.path_params["code"]
    return stream(visit, await visit.desk.watch_code(visit.visitor, typed[:ECHO_LIMIT]))


async def devices(visit: Visit) -> Response:
    """What becomes of my devices."""
    return stream(visit, await visit.desk.watch_devices(visit.visitor))


def stream(visit: Visit, words: AsyncIterator[str] | None) -> Response:
    """204 where there is nothing to hear: a browser does not ask again then."""
    if words is None or visit.request.method == "HEAD":
        return Response(status_code=204)
    return StreamingResponse(_events(words), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _events(words: AsyncIterator[str]) -> AsyncIterator[str]:
    yield "retry: 4000\n\n"
    async for word in words:
        yield f"data: {word}\n\n" if word else ":\n\n"
