"""What the server asks of others over HTTP: the one way out, closed to every address that is not public.

Addresses come from clients (pings, pushes, keys, log-outs), so each could aim this server at its own network (RFC 7591
section 5, RFC 9700 section 4.11, OWASP SSRF). A name is resolved once, every address of it must be allowed, and the
connection goes to the very address that was checked; TLS still proves the name. No proxy, cookie or redirect is used.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit
from weakref import WeakKeyDictionary

from server.look_ups import LookUps, Turns
from server.settings import Settings

if TYPE_CHECKING:
    from httpcore import AsyncNetworkStream, Request, Response

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST_URL: Final = 2_048
AT_ONCE: Final = 16  # requests on their way, to everybody together
AT_ONCE_PER_HOST: Final = 4  # so that one slow host cannot hold all places
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: a public IPv4 address in the last 32 bits, or not
_HOMES: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")  # RFC 1918, RFC 4193
_NEVER: Final = (
    "168.63.129.16/32",  # public, but inside its cloud it hands out secrets of the machine
    # Special addresses (RFC 6890) that not every Python we run on knows as such.
    "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "64:ff9b:1::/48", "100::/64", "2001::/23", "3fff::/20",
    "5f00::/16",
)  # fmt: skip


class Refused(Exception):
    """Why nothing, or nothing usable, was fetched. The text names no address that a look-up found."""


class Redirected(Refused):
    """It answers with a redirect: whoever is asked there, it is not who was named."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever the status (never a redirect). Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def fetch(
    settings: Settings,
    method: str,
    url: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    limit: int = 65_536,
    within: float = 5.0,
) -> Answer:
    """Ask once. `limit` is the largest body in bytes; `within` bounds everything, in seconds. Raises `Refused`."""
    parts = checked_url(url, may_be_private=settings.outbound_private)
    try:
        async with asyncio.timeout(within), _places().of_host.one(str(parts.hostname)):
            addresses = await _checked_addresses(settings, parts)
            async with _places().all:
                return await _ask(settings, method, parts, addresses, headers, body, limit)
    except TimeoutError:
        raise Refused(f"it took longer than {within:g} seconds") from None


def checked_url(url: str, *, may_be_private: bool = False) -> SplitResult:
    """The parts of a URL that may be asked, as far as one can tell without looking it up. Raises `Refused`."""
    if len(url) > LONGEST_URL or re.fullmatch(r"[!-~]+", url) is None or "\\" in url:
        raise Refused(f"the URL has up to {LONGEST_URL} characters of plain ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("the URL cannot be read") from None
    if parts.scheme != "https" and not (may_be_private and parts.scheme == "http"):
        raise Refused("the URL begins with https://")
    if not parts.hostname or "@" in parts.netloc or "#" in url or port == 0:
        raise Refused("the URL has a host, and neither a user name nor a fragment")
    literal = _literal(parts.hostname)
    if literal is not None and not is_allowed(literal, may_be_private=may_be_private):
        raise Refused("the address is not public")
    return parts


def _literal(host: str) -> IpAddress | None:
    """The address that a host is by itself, in any spelling that a look-up takes: 127.1, 0x7f000001, 2130706433."""
    host = host.lower().removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761 section 6.3
        return ipaddress.IPv4Address("127.0.0.1")
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def is_allowed(address: IpAddress, *, may_be_private: bool = False) -> bool:
    """Whether this address may be asked. Link-local ones, and with them the metadata of clouds, never."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_allowed(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.ipv4_mapped or address.sixtofour or address.teredo or address.is_site_local or address.scope_id:
            return False
    if address.is_link_local or address.is_multicast or address.is_unspecified or _is_in(address, _NEVER):
        return False
    if may_be_private and (address.is_loopback or _is_in(address, _HOMES)):
        return True
    return address.is_global and not address.is_reserved


def _is_in(address: IpAddress, networks: tuple[str, ...]) -> bool:
    return any(address in network for network in _networks(networks) if network.version == address.version)


@cache
def _networks(texts: tuple[str, ...]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(map(ipaddress.ip_network, texts))


async def _ask(
    settings: Settings,
    method: str,
    parts: SplitResult,
    addresses: list[str],
    headers: Iterable[tuple[str, str]],
    body: bytes,
    limit: int,
) -> Answer:
    import httpcore  # with the authorities 4 MB: only where something is asked

    scheme, host = parts.scheme.encode(), str(parts.hostname).encode()
    request = httpcore.Request(
        method,
        httpcore.URL(scheme=scheme, host=host, port=parts.port, target=_target(parts)),
        headers=_headers(parts, headers, body),
        content=body or None,
    )
    try:
        stream = await _connect(settings, parts, addresses)
        try:
            answer = await _converse(request, stream)
            return Answer(answer.status, _lower(answer.headers), await _body(answer, limit))
        finally:
            await stream.aclose()
    except (httpcore.ConnectError, ssl.SSLError):
        raise Refused("TLS failed: is its certificate good for this name?") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise Refused(f"the connection broke ({type(error).__name__})") from None
    except (ValueError, TypeError):  # h11's own: what is not HTTP
        raise Refused("the answer is not HTTP") from None


async def _connect(settings: Settings, parts: SplitResult, addresses: list[str]) -> "AsyncNetworkStream":
    """A connection to the first checked address that takes it, with TLS that proves the name."""
    from httpcore import AnyIOBackend, ConnectError, ConnectTimeout

    for address in addresses:
        try:
            stream = await AnyIOBackend().connect_tcp(address, _port(parts), timeout=3.0)
        except (ConnectError, ConnectTimeout):
            continue
        if parts.scheme == "http":
            return stream
        return await stream.start_tls(_tls(settings.outbound_ca), server_hostname=parts.hostname)
    raise Refused("nothing answers there")


async def _checked_addresses(settings: Settings, parts: SplitResult) -> list[str]:
    """Every address of the name, when all of them may be asked: one that may not spoils the name."""
    try:
        found = await _places().look_ups.addresses(str(parts.hostname), _port(parts))
    except (OSError, UnicodeError):
        raise Refused("the name cannot be found") from None
    for text in found:
        address = ipaddress.ip_address(text)
        if not is_allowed(address, may_be_private=settings.outbound_private):
            raise Refused("the address is not public")
        if parts.scheme == "http" and not address.is_loopback:
            raise Refused("the URL begins with https:// (http:// is for this machine alone)")
    return found[:4]


async def _converse(request: "Request", stream: "AsyncNetworkStream") -> "Response":
    from httpcore import AsyncHTTP11Connection

    return await AsyncHTTP11Connection(request.url.origin, stream).handle_async_request(request)


async def _body(answer: "Response", limit: int) -> bytes:
    if 300 <= answer.status < 400:
        raise Redirected("it answers with a redirect, which is not followed")
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_stream():
        size += len(part)
        if size > limit:
            raise Refused(f"the answer is larger than {limit} bytes")
        parts.append(part)
    return b"".join(parts)


def _headers(parts: SplitResult, headers: Iterable[tuple[str, str]], body: bytes) -> list[tuple[str, str]]:
    chosen = {"host": parts.netloc, "user-agent": "Porchlight", "accept": "*/*", "accept-encoding": "identity"}
    chosen |= {name.lower(): value for name, value in headers}
    if body:
        chosen["content-length"] = str(len(body))
    return [*chosen.items(), ("connection", "close")]


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _target(parts: SplitResult) -> bytes:
    return ((parts.path or "/") + (f"?{parts.query}" if parts.query else "")).encode()


def _lower(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("ascii").lower(): value.decode("latin-1") for name, value in headers}


@lru_cache(maxsize=2)
def _tls(more_authorities: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if more_authorities:
        context.load_verify_locations(more_authorities)
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Places:
    """Who may be on the way now, of one event loop. A slow host holds up only its own."""

    def __init__(self) -> None:
        self.all = asyncio.Semaphore(AT_ONCE)
        self.of_host = Turns(AT_ONCE_PER_HOST)
        self.look_ups = LookUps()


_of_loop: Final[WeakKeyDictionary[Any, _Places]] = WeakKeyDictionary()


def _places() -> _Places:
    return _of_loop.setdefault(asyncio.get_running_loop(), _Places())
