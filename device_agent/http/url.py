"""What of an address may be asked, and over which road (RFC 9110 section 4.2)."""

from device_agent.http.errors import Unreachable


def split_url(url: str) -> tuple[str, str, int, str]:
    """(scheme, host, port, path and query) of an absolute http or https URL; Unreachable for anything else."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    scheme = scheme.lower()
    is_safe = url.isascii() and not any(sign <= " " or sign in '"<>\\^`{|}\x7f' for sign in url)
    if not separator or scheme not in ("http", "https") or not is_safe or "@" in authority or "#" in path:
        raise Unreachable("not an address that can be asked: " + url[:100].encode("ascii", "replace").decode())
    if authority.startswith("["):
        host, bracket, port = authority[1:].partition("]")
        host = host if bracket else ""
    else:
        host, colon, port = authority.partition(":")
        port = colon + port
    number = port[1:] or ("443" if scheme == "https" else "80")
    if not host or (port and port[0] != ":") or not number.isdecimal() or not 0 < int(number) < 65536:
        raise Unreachable("not an address that can be asked: " + url[:100])
    return scheme, host.lower(), int(number), slash + path or "/"


def is_private(address: str) -> bool:
    """Whether an IP address in text form is loopback, link-local or of a network that no public router knows."""
    address = address.lower().removeprefix("::ffff:")
    if ":" in address:
        return address == "::1" or address[:2] in ("fc", "fd") or address[:3] in ("fe8", "fe9", "fea", "feb")
    first, second, third = (int(part) for part in address.split(".")[:3])
    return (
        first in (10, 127)
        or (first == 172 and 16 <= second < 32)
        or (first, second) in ((192, 168), (169, 254))
        or (first == 100 and 64 <= second < 128)
        or (first, second, third) == (192, 0, 2)  # RFC 5737: closed laboratories use it
    )
