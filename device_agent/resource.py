"""From the address of an API to the server that signs in for it: protected resource metadata (RFC 9728 section 3)."""

from device_agent.clean import clean
from device_agent.discovery import read_issuer, unreachable, untrusted
from device_agent.exits import ERROR, USAGE, Failure
from device_agent.flow.answers import text
from device_agent.http.client import Http
from device_agent.http.errors import Unreachable, Untrusted
from device_agent.http.url import split_url

WELL_KNOWN = "/.well-known/oauth-protected-resource"


def find_issuer(http: Http, address: str, is_http_allowed: bool) -> str:
    """The issuer that the API at this address names. Raises Failure; what speaks of another API is thrown away."""
    api = read_issuer(address, is_http_allowed)
    _, _, _, path = split_url(api)
    path = "" if path == "/" else path
    try:
        answer = http.send("GET", api[: len(api) - len(path)] + WELL_KNOWN + path)
    except Untrusted as error:
        raise untrusted(error) from None
    except Unreachable as error:
        raise unreachable(error) from None
    metadata = answer.json()
    if answer.status != 200 or not isinstance(metadata, dict):
        action = "Check --api, or give --server in its place."
        raise Failure(ERROR, "no_metadata", f"Nothing at {api} says who signs in for it.", action)
    if text(metadata, "resource") != api:
        said = clean(text(metadata, "resource")) or "nothing at all"
        raise Failure(
            ERROR,
            "wrong_resource",
            f"What should speak of {api} speaks of {said}; that is not safe to use.",
            "Set --api to the address its operator gives, or give --server in its place.",
        )
    servers = metadata.get("authorization_servers")
    named = [each for each in servers if isinstance(each, str)] if isinstance(servers, list) else []
    if not named:
        raise Failure(ERROR, "no_server", f"The API at {api} names no server that signs in for it.", "Give --server.")
    return read_issuer(named[0], is_http_allowed)


def check_api(address: str, served: str, is_http_allowed: bool) -> None:
    """Raise Failure unless the API that was asked for is the one that this server's tokens are for."""
    api = read_issuer(address, is_http_allowed)
    if api != served:
        raise Failure(
            USAGE,
            "wrong_resource",
            f"The server signs in for {clean(served)}, not for {api}.",
            "Leave --api away, or set it to the server's own API.",
        )
