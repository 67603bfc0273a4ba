"""What an app may write in a backchannel authentication request, signed or not (CIBA Core sections 7.1 and 7.1.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from . import scope
from .backchannel import (
    HINTS,
    LONGEST_NOTIFICATION_TOKEN,
    MODES,
    SHORTEST_NOTIFICATION_TOKEN,
    check_message,
    lives_for,
)
from .client import Client
from .errors import InvalidRequest, InvalidScope, RequestUriNotSupported, UnauthorizedClient
from .identity import SCOPE

PARAMETERS: Final = (
    "scope", "client_notification_token", "acr_values", *HINTS, "binding_message", "user_code", "requested_expiry",
)  # fmt: skip
LONGEST_HINT: Final = 8_192
LONGEST_ACR: Final = 1_000
LONGEST_SIGNED: Final = 3_600_000  # milliseconds that a signed request may still live
AHEAD: Final = 10_000  # how far the client's clock may be ahead of ours
_BEARER: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")  # RFC 6750 section 2.1


@dataclass(frozen=True, slots=True)
class Signed:
    """What a JWT of a client says whose signature is good. Instants in milliseconds; None where it says nothing."""

    algorithm: str
    issuer: str
    audience: tuple[str, ...]
    expires_at: int
    issued_at: int | None
    not_before: int | None
    token_id: str
    members: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, checked as far as it can be without looking anybody up. `lives_for` in milliseconds."""

    scopes: tuple[str, ...]
    hint: str
    hinted: str
    lives_for: int
    binding_message: str = ""
    user_code: str = ""
    notification_token: str = ""


def check_client(client: Client) -> None:
    """Raise `UnauthorizedClient` for a client that does not authenticate (section 7.1), or names no delivery mode."""
    if client.auth_method == "none":
        raise UnauthorizedClient("a client that cannot authenticate may not ask people on their phone")
    if client.backchannel_token_delivery_mode not in MODES:
        raise UnauthorizedClient("this client is not registered for a token delivery mode")


def ask(client: Client, said: Mapping[str, str], usual: int) -> Asked:
    """The request of this client; `usual` is how long a person has when it does not say. Raises by the wire's names."""
    hints = [name for name in HINTS if name in said]
    if len(hints) != 1:
        raise InvalidRequest(f"send exactly one of {', '.join(HINTS)}")
    if len(said[hints[0]]) > LONGEST_HINT or len(said.get("acr_values", "")) > LONGEST_ACR:
        raise InvalidRequest("a hint or acr_values is too long")
    return Asked(
        scopes=_scopes(client, said),
        hint=hints[0],
        hinted=said[hints[0]],
        lives_for=lives_for(said.get("requested_expiry"), usual),
        binding_message=check_message(said["binding_message"]) if "binding_message" in said else "",
        user_code=said.get("user_code", ""),
        notification_token=_notification_token(client, said),
    )


def _scopes(client: Client, said: Mapping[str, str]) -> tuple[str, ...]:
    if "scope" not in said:
        raise InvalidRequest("scope is missing")
    scopes = scope.asked(said["scope"], client.scopes)
    if SCOPE not in scopes:
        raise InvalidScope("scope must contain openid")
    return scopes


def _notification_token(client: Client, said: Mapping[str, str]) -> str:
    """The bearer token that our notifications will show; "" for a client that gets none."""
    if client.backchannel_token_delivery_mode == "poll":  # noqa: S105 - a mode
        return ""
    token = said.get("client_notification_token", "")
    if not SHORTEST_NOTIFICATION_TOKEN <= len(token) <= LONGEST_NOTIFICATION_TOKEN or not _BEARER.fullmatch(token):
        raise InvalidRequest(
            "client_notification_token is missing, or not a bearer token of "
            f"{SHORTEST_NOTIFICATION_TOKEN} to {LONGEST_NOTIFICATION_TOKEN} characters"
        )
    return token


def said_by(client: Client, form: Mapping[str, str], signed: Signed | None, issuer: str, now: int) -> Mapping[str, str]:
    """The parameters that count: those of the signed request where there is one, and nothing beside it."""
    if "request_uri" in form:
        raise RequestUriNotSupported("send the request object itself, in request")
    algorithm = client.backchannel_authentication_request_signing_alg
    if signed is None:
        if algorithm:
            raise InvalidRequest(f"this client signs its requests with {algorithm}: send request")
        return form
    if algorithm not in ("", signed.algorithm):
        raise InvalidRequest(f"this client signs its requests with {algorithm}")
    if any(name in form for name in PARAMETERS):
        raise InvalidRequest("the parameters of a signed request stand inside it, none beside it")
    check_signed(signed, client.client_id, issuer, now)
    said = {name: signed.members[name] for name in PARAMETERS if name in signed.members}
    expiry = said.get("requested_expiry")
    if isinstance(expiry, int) and not isinstance(expiry, bool):
        said["requested_expiry"] = str(expiry)
    texts = {name: value for name, value in said.items() if isinstance(value, str)}
    if len(texts) < len(said) or any("\0" in value for value in texts.values()):
        raise InvalidRequest("the parameters inside a signed request are strings")
    return {name: value for name, value in texts.items() if value}


def check_signed(signed: Signed, client_id: str, issuer: str, now: int) -> None:
    """Raise `InvalidRequest` unless this client made it, for us, for now (section 7.1.1)."""
    if signed.issuer != client_id or issuer not in signed.audience:
        raise InvalidRequest("iss of a signed request is the client_id, and aud holds our issuer")
    if signed.issued_at is None or signed.not_before is None:
        raise InvalidRequest("a signed request has iat and nbf")
    if not now < signed.expires_at <= now + LONGEST_SIGNED:
        raise InvalidRequest("exp of a signed request is at most an hour ahead")
    if max(signed.issued_at, signed.not_before) > now + AHEAD:
        raise InvalidRequest("a signed request is not from the future")
