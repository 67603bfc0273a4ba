"""Whether a form was sent by a page of another site: asked of the browser's own headers, before anything is read."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers


def comes_from_elsewhere(headers: Headers) -> bool:
    """True when the browser says so. Silence decides nothing: the form token does (session.py).

    `Sec-Fetch-Site` is sent only over https and loopback. `Origin: null` is what browsers send with our own
    `Referrer-Policy: no-referrer`, so it counts as silence.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None or origin == "null":
        return False
    return not is_same_host(origin, headers.get("host", ""))


def is_same_host(origin: str, host: str) -> bool:
    """Compare without the scheme: a proxy that ends TLS speaks http to us."""
    try:
        return urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:
        return False
