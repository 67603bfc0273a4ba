"""Where the endpoints of a server are: its metadata (RFC 8414 section 3)."""

import time

from device_agent.clean import clean
from device_agent.exits import ERROR, NETWORK, NOT_ALLOWED, USAGE, Failure
from device_agent.flow.answers import text
from device_agent.http.client import Http
from device_agent.http.errors import Unreachable, Untrusted
from device_agent.http.url import split_url
from device_agent.words import IN_ENGLISH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_HOLD = 60


class Server:
    """What the agent needs to know of one server. Endpoints it does not offer are ""."""

    def __init__(self, issuer: str, metadata: dict[str, object]) -> None:
        self.issuer = issuer
        self.device_authorization_endpoint = text(metadata, "device_authorization_endpoint")
        self.token_endpoint = text(metadata, "token_endpoint")
        self.revocation_endpoint = text(metadata, "revocation_endpoint")
        self.mqtt_credentials_endpoint = text(metadata, "mqtt_credentials_endpoint")
        algorithms = metadata.get("dpop_signing_alg_values_supported")
        self.takes_keys = isinstance(algorithms, list) and "ES256" in algorithms
        hold_for = metadata.get("token_endpoint_wait_supported")
        is_number = isinstance(hold_for, int) and not isinstance(hold_for, bool)
        self.hold_for = max(0, min(int(str(hold_for)), LONGEST_HOLD)) if is_number else 0

    @property
    def api(self) -> str:
        return self.issuer + "/api"


def read_issuer(address: str, is_http_allowed: bool) -> str:
    """The issuer as the user typed it, made whole. Raises Failure(USAGE) when it is missing or not safe (DEV-03)."""
    if not address:
        raise Failure(USAGE, "usage", "No server is set.", "Add --server https://your-server.example.")
    issuer = (address if "://" in address else "https://" + address).rstrip("/")
    try:
        scheme, *_, path = split_url(issuer)
    except Unreachable as error:
        raise Failure(USAGE, "usage", f"--server: {error}.", "Write it like https://your-server.example.") from None
    if "?" in path:
        raise Failure(
            USAGE, "usage", "--server may hold no question mark.", "Write it like https://your-server.example."
        )
    if scheme == "http" and not is_http_allowed:
        raise Failure(
            USAGE,
            "insecure_http",
            "The server's address is http, and tokens travel over https only.",
            "Use https, or add --insecure-http while developing on loopback or a private network.",
        )
    return issuer


def discover(http: Http, issuer: str, meanwhile: "Callable[[], object] | None" = None) -> Server:
    """Ask `issuer` for its metadata. Raises Failure; metadata of another issuer is thrown away (META-04)."""
    scheme, _, _, path = split_url(issuer)
    root = issuer[: len(issuer) - len(path)] if path != "/" else issuer
    url = root + "/.well-known/oauth-authorization-server" + (path if path != "/" else "")
    try:
        answer = http.send("GET", url, meanwhile=meanwhile)
    except Untrusted as error:
        raise untrusted(error) from None
    except Unreachable as error:
        raise unreachable(error) from None
    metadata = answer.json()
    if answer.status != 200 or not isinstance(metadata, dict):
        raise _no_metadata(issuer, answer.status, answer.headers.get("location", ""))
    said = text(metadata, "issuer")
    if said.rstrip("/") != issuer:
        raise Failure(
            ERROR,
            "wrong_issuer",
            f"The server at {issuer} calls itself {clean(said) or 'nothing at all'}; that is not safe to use.",
            "Set --server to the address its operator gives, or have the operator correct the issuer.",
        )
    return _checked(Server(issuer, metadata), scheme)


def _checked(server: Server, scheme: str) -> Server:
    for endpoint in (
        server.device_authorization_endpoint,
        server.token_endpoint,
        server.revocation_endpoint,
        server.mqtt_credentials_endpoint,
    ):
        try:
            if endpoint and split_url(endpoint)[0] == "http" and scheme == "https":
                raise Unreachable("an endpoint without https: " + clean(endpoint))
        except Unreachable as error:
            raise Failure(ERROR, "broken", f"The server names {error}.", "Tell its operator.") from None
    if not server.device_authorization_endpoint or not server.token_endpoint:
        raise Failure(
            NOT_ALLOWED,
            "no_device_grant",
            "The server offers no sign-in for devices.",
            "Ask its operator to enable it.",
        )
    return server


def _no_metadata(issuer: str, status: int, location: str) -> Failure:
    if status == 429 or status >= 500:
        return Failure(NETWORK, "unreachable", f"The server is not well (HTTP {status}).", "Try again in a minute.")
    if 300 <= status < 400:
        return Failure(
            ERROR,
            "redirected",
            f"The server points to {clean(location) or 'another address'}.",
            "Set --server to that.",
        )
    return Failure(
        ERROR, "no_metadata", f"There is no sign-in server at {issuer} (HTTP {status}).", "Check --server for a slip."
    )


def unreachable(error: Unreachable) -> Failure:
    """The Failure for a server that did not answer."""
    return Failure(NETWORK, "unreachable", f"Cannot reach {error}.", "Check the network and --server, then try again.")


def untrusted(error: Untrusted) -> Failure:
    """The Failure for a server that could not prove who it is, or not on the date that this device believes in."""
    if error.is_out_of_time:
        date = time.strftime("%Y-%m-%d %H:%M")
        return Failure(
            NETWORK,
            "wrong_clock",
            IN_ENGLISH("wrong_clock", date=date),
            IN_ENGLISH("wrong_clock.action"),
            {"date": date},
        )
    return Failure(
        NETWORK,
        "untrusted",
        f"Nothing was sent to {error}.",
        "Check this device's date and --server; --ca-file trusts a private certificate authority.",
    )
