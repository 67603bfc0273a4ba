"""Where the server's endpoints are: its metadata (RFC 8414 section 3), and the fence nobody leaves: `--server`."""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from device_agent.flow.answers import text
from firmware_sim.road import HttpRoad, Lost

LONGEST_HOLD: Final = 60


class Wrong(Exception):
    """What was asked for cannot be done; the message says what to write instead (exit code 2)."""


class Unreachable(Exception):
    """The server does not answer, or not like a sign-in server (exit code 5)."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What devices need of one server. `hold_for` is in seconds, 0 when it holds no requests; "" is not offered."""

    issuer: str
    device_authorization: str
    token: str
    mqtt_credentials: str = ""
    hold_for: int = 0

    @property
    def host(self) -> str:
        """The one host that the simulator talks to."""
        return urlsplit(self.issuer).hostname or ""

    def is_inside(self, url: str) -> bool:
        """Whether a URL belongs to the server that was named."""
        return origin(url) == origin(self.issuer)


def read_server(url: str, *, is_http_allowed: bool) -> str:
    """The issuer of `--server`, without a slash at the end. Raises `Wrong`."""
    issuer = url.rstrip("/")
    parts = _split(issuer)
    if parts is None or parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise Wrong("--server: write the server's address, such as https://tv.example.com")
    if parts.scheme == "http" and not is_http_allowed and not _is_loopback(parts.hostname or ""):
        raise Wrong("--server: use https; or add --insecure-http for a server in a trusted network")
    return issuer


async def discover(road: HttpRoad, issuer: str) -> Endpoints:
    """Ask the server; raises `Unreachable`, or `Wrong` when it is another server or offers no device grant."""
    parts = urlsplit(issuer)
    url = f"{parts.scheme}://{parts.netloc}/.well-known/oauth-authorization-server{parts.path}"
    try:
        answer = await road.get(url)
    except Lost as lost:
        raise Unreachable(f"cannot reach {issuer}: {lost}") from None
    if answer.status != 200 or not isinstance(answer.content, dict):
        raise Unreachable(f"there is no sign-in server at {issuer} (HTTP {answer.status})")
    said = text(answer.content, "issuer")
    if said.rstrip("/") != issuer:
        raise Wrong(f"--server: the server there calls itself {said[:200]!a}; write that")
    return _endpoints(issuer, answer.content)


def _endpoints(issuer: str, metadata: dict[str, object]) -> Endpoints:
    hold_for = metadata.get("token_endpoint_wait_supported")
    found = Endpoints(
        issuer=issuer,
        device_authorization=text(metadata, "device_authorization_endpoint"),
        token=text(metadata, "token_endpoint"),
        mqtt_credentials=text(metadata, "mqtt_credentials_endpoint"),
        hold_for=min(hold_for, LONGEST_HOLD) if type(hold_for) is int and hold_for > 0 else 0,
    )
    if not found.device_authorization or not found.token:
        raise Wrong(f"the server {issuer} offers no sign-in for devices")
    for url in (found.device_authorization, found.token, found.mqtt_credentials):
        if url and not found.is_inside(url):
            raise Wrong(f"the server names {url[:200]!a}, which is not under --server; nothing else is contacted")
    return found


def origin(url: str) -> tuple[str, str, int] | None:
    """(scheme, host, port) of an absolute URL, None for anything else."""
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https"):
        return None
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if has_host else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
