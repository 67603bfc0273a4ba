"""Candidate (a): a bare ASGI app on production's own uvicorn, which reads the body and returns a constant 400.

Nothing on this server can be faster. `python -m bench.bare_app` runs it: one JSON line with its port, then until it is
told to stop.
"""

import asyncio
import json
import socket

import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from server.answers import refusal
from server.commands.serve import collect_less_often, server_config
from server.oauth.errors import AuthorizationPending
from server.settings import Settings

_ANSWER = refusal(AuthorizationPending())  # the very bytes of a pending poll
_START = {"type": "http.response.start", "status": _ANSWER.status_code, "headers": _ANSWER.raw_headers}
_BODY = {"type": "http.response.body", "body": _ANSWER.body}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Read all of the body, say no."""
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    await send(_START)
    await send(_BODY)


async def serve() -> None:
    """Serve on a port that is picked and printed."""
    with socket.create_server(("127.0.0.1", 0)) as street:
        server = uvicorn.Server(server_config(app, Settings()))
        collect_less_often()
        print(json.dumps({"port": street.getsockname()[1]}), flush=True)
        await server.serve(sockets=[street])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
