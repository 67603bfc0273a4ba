"""The one stylesheet: read at start, named after its content, kept for ever by whoever fetched it."""

import gzip
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from web_verify.headers import KEPT_FOR_EVER, NOT_KEPT, SECURITY

SOURCE = Path(__file__).parent / "static" / "porchlight.css"


class Stylesheet:
    """An ASGI application that answers GET and HEAD with the stylesheet; the route knows its name alone."""

    def __init__(self, source: Path = SOURCE) -> None:
        """Read and compress once; a missing file stops the server at start."""
        self._plain = source.read_bytes()
        self._packed = gzip.compress(self._plain, mtime=0)
        self.path = f"/static/{sha256(self._plain).hexdigest()[:16]}.css"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, compressed where the browser takes it."""
        if scope["method"] not in ("GET", "HEAD"):
            refusal = Response(status_code=405, headers=dict((*SECURITY, NOT_KEPT, ("allow", "GET, HEAD"))))
            await refusal(scope, receive, send)
            return
        packed = "gzip" in Request(scope).headers.get("accept-encoding", "")
        response = Response(self._packed if packed else self._plain, media_type="text/css")
        response.headers.update(dict((*SECURITY, KEPT_FOR_EVER, ("vary", "accept-encoding"))))
        if packed:
            response.headers["content-encoding"] = "gzip"
        await response(scope, receive, send)
