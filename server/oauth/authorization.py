"""One authorization request: checked, decided by a person, redeemed once by its code (RFC 6749 section 4.1, RFC 7636).

Every transition is a pure function from one frozen value to the next. Instants are milliseconds since the epoch.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from . import pkce, redirect, scope
from .account import Session
from .authentication import ACR_VALUES
from .client import Client
from .errors import (
    ConsentRequired,
    InvalidGrant,
    InvalidRequest,
    LoginRequired,
    OAuthError,
    RequestNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from .locales import locales_of
from .step_up import acr_values_of, is_met, max_age_of

GRANT_TYPE: Final = "authorization_code"
IMPLICIT: Final = "implicit"  # registered like a grant; never for access tokens
RESPONSE_TYPES: Final = ("code", "id_token")
RESPONSE_MODES: Final = ("query", "form_post")
PROMPTS: Final = ("none", "login", "consent", "select_account")
DECIDE_FOR: Final = 600_000  # how long a person may take
PUSHED_FOR: Final = 60_000
CODE_FOR: Final = 60_000
URN: Final = "urn:ietf:params:oauth:request_uri:"
LONGEST_NONCE: Final = 512
LONGEST_STATE: Final = 1_024
LONGEST_HINT: Final = 200

Stage = Literal["pushed", "asked", "approved", "denied", "redeemed"]
Step = Literal["sign_in", "ask", "leave"]
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What an app asked for, checked. Its id and its code are kept as hashes only.

    `scopes` are those asked for, then, once approved, those granted. `state` and `nonce` are the app's, `max_age` is in
    seconds, `jkt` the thumbprint of the key that alone may redeem the code (RFC 9449 section 10). `address` is where
    the person decided; `family_id` is what the code has bought.
    """

    request_hash: bytes
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    created_at: int
    expires_at: int
    stage: Stage = "asked"
    state: str | None = None
    nonce: str | None = None
    prompts: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str = ""
    jkt: str | None = None
    account_id: str | None = None
    auth_time: int | None = None
    amr: tuple[str, ...] = ()
    address: str = ""
    decided_at: int | None = None
    code_hash: bytes | None = None
    family_id: str | None = None
    response_type: str = "code"
    response_mode: str = "query"
    acr_values: tuple[str, ...] = ()
    session_id: str = ""
    ui_locales: tuple[str, ...] = ()


class Over(Exception):
    """There is nothing to decide: the request has expired or was answered. `request` says which."""

    def __init__(self, request: AuthorizationRequest) -> None:
        super().__init__(request.stage)
        self.request = request


def enabled(client: Client | None) -> Client:
    """The client that a request names. Raises `InvalidRequest`, to be shown to the person and sent nowhere."""
    if client is None or not client.is_enabled:
        raise InvalidRequest("client_id is missing or unknown")
    return client


def redirect_uri_of(client: Client, parameters: Mapping[str, str]) -> str:
    """Where answers may go. Raises `InvalidRequest`, to be shown to the person and sent nowhere."""
    uri = parameters.get("redirect_uri")
    if uri is None:
        raise InvalidRequest("redirect_uri is missing")
    if not redirect.is_registered(uri, client.redirect_uris):
        raise InvalidRequest("redirect_uri is not registered for this client, letter by letter")
    return uri


def ask(
    request_hash: bytes,
    client: Client,
    parameters: Mapping[str, str],
    now: int,
    reachable: Collection[str] = ACR_VALUES,
) -> AuthorizationRequest:
    """The request, checked whole (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1).

    `reachable` are the classes of `acr_values` that a person can reach here.

    Raises `InvalidRequest` and its kin, to be answered at the redirect URI, which was checked before.
    """
    response_type = parameters.get("response_type")
    if response_type is None:
        raise InvalidRequest("response_type is missing")
    if response_type not in RESPONSE_TYPES:
        raise UnsupportedResponseType("response_type must be code: no access token leaves by the front channel")
    if (GRANT_TYPE if response_type == "code" else IMPLICIT) not in client.grants:
        raise UnauthorizedClient("this client is not registered for this grant")
    if parameters.get("response_mode", "query") not in RESPONSE_MODES:
        raise InvalidRequest("response_mode must be query or form_post")
    if "request" in parameters:
        raise RequestNotSupported("push the parameters to the PAR endpoint in place of a request object")
    scopes = scope.asked(parameters.get("scope"), client.scopes)
    if response_type == "id_token":
        _check_implicit(parameters, scopes)
    return AuthorizationRequest(
        request_hash=request_hash,
        client_id=client.client_id,
        redirect_uri=parameters["redirect_uri"],
        scopes=scopes,
        challenge=_challenge(parameters) if response_type == "code" else "",
        created_at=now,
        expires_at=now + DECIDE_FOR,
        state=_bounded(parameters, "state", LONGEST_STATE),
        nonce=_bounded(parameters, "nonce", LONGEST_NONCE),
        prompts=_prompts(parameters.get("prompt", "")),
        max_age=max_age_of(parameters.get("max_age")),
        acr_values=acr_values_of(parameters.get("acr_values"), reachable),
        login_hint=parameters.get("login_hint", "")[:LONGEST_HINT],
        jkt=_thumbprint(parameters.get("dpop_jkt")),
        response_type=response_type,
        response_mode=parameters.get("response_mode", "query"),
        ui_locales=locales_of(parameters.get("ui_locales")),
    )


def mode_of(parameters: Mapping[str, str]) -> str:
    """How the answer to a request travels, a refusal too: `query` unless it asks for `form_post`."""
    return "form_post" if parameters.get("response_mode") == "form_post" else "query"


def _check_implicit(parameters: Mapping[str, str], scopes: Collection[str]) -> None:
    """An ID token alone, posted (OpenID Connect Core section 3.2.2.1): nothing of it may stay in an address."""
    if parameters.get("response_mode") != "form_post":
        raise InvalidRequest("response_type=id_token goes with response_mode=form_post")
    if "nonce" not in parameters:
        raise InvalidRequest("nonce is missing")
    if "openid" not in scopes:
        raise InvalidRequest("response_type=id_token needs the scope openid")


def _challenge(parameters: Mapping[str, str]) -> str:
    return pkce.check_challenge(parameters.get("code_challenge"), parameters.get("code_challenge_method"))


def _bounded(parameters: Mapping[str, str], name: str, longest: int) -> str | None:
    text = parameters.get(name)
    if text is not None and len(text) > longest:
        raise InvalidRequest(f"{name} has {longest} characters at most")
    return text


def _prompts(text: str) -> tuple[str, ...]:
    """The prompts that we know; others are none of ours to refuse."""
    prompts = tuple(dict.fromkeys(each for each in text.split(" ") if each in PROMPTS))
    if "none" in prompts and len(text.split()) > 1:
        raise InvalidRequest("prompt=none stands alone")
    return prompts


def _thumbprint(text: str | None) -> str | None:
    if text is not None and not _THUMBPRINT.fullmatch(text):
        raise InvalidRequest("dpop_jkt is the base64url SHA-256 thumbprint of a key: 43 characters")
    return text


def open_pushed(request: AuthorizationRequest | None, client_id: str, now: int) -> AuthorizationRequest:
    """pushed -> asked, once, for the client that pushed it (RFC 9126 section 4); the person's time begins now."""
    if request is None or request.stage != "pushed" or request.client_id != client_id or now >= request.expires_at:
        raise InvalidRequest("request_uri is unknown, used, expired, or belongs to another client")
    return replace(request, stage="asked", created_at=now, expires_at=now + DECIDE_FOR)


def open_for_decision(request: AuthorizationRequest | None, now: int) -> AuthorizationRequest:
    """The request when it may be decided now; raises `Over`, or `LookupError` when there is none."""
    if request is None or request.stage == "pushed":
        raise LookupError("there is no such request")
    if request.stage != "asked" or now >= request.expires_at:
        raise Over(request)
    return request


def is_enough(request: AuthorizationRequest, session: Session, now: int) -> bool:
    """Whether a sign-in is recent and strong enough for the app: `prompt=login`, `max_age` and `acr_values`."""
    is_new = session.auth_time >= request.created_at or "login" not in request.prompts
    return is_new and is_met(request, session.auth_time, session.amr, now)


def next_step(request: AuthorizationRequest, session: Session | None, *, is_allowed: bool, now: int) -> Step:
    """What the browser does next. `session` None: nobody is signed in. `is_allowed`: this person said yes before."""
    if "none" in request.prompts:
        return "leave"
    if session is None or not is_enough(request, session, now):
        return "sign_in"
    return "leave" if is_allowed and not {"consent", "select_account"} & {*request.prompts} else "ask"


def unasked(request: AuthorizationRequest, session: Session | None, *, is_allowed: bool, now: int) -> OAuthError | None:
    """Why the app cannot be answered without asking the person (`prompt=none`); None when it can."""
    if session is None or not is_enough(request, session, now):
        return LoginRequired("nobody is signed in, or not recently enough")
    return None if is_allowed else ConsentRequired("the person has not allowed this before")


def approve(
    request: AuthorizationRequest | None,
    *,
    account_id: str,
    auth_time: int,
    amr: tuple[str, ...],
    address: str,
    scopes: Collection[str] | None,
    code_hash: bytes,
    now: int,
    session_id: str = "",
) -> AuthorizationRequest:
    """asked -> approved, for the scopes asked or the part of them that the person left ticked; the code lives now."""
    found = open_for_decision(request, now)
    return replace(
        found,
        stage="approved",
        account_id=account_id,
        auth_time=auth_time,
        amr=amr,
        address=address,
        scopes=tuple(each for each in found.scopes if scopes is None or each in scopes),
        decided_at=now,
        code_hash=code_hash if found.response_type == "code" else None,
        session_id=session_id,
    )


def deny(request: AuthorizationRequest | None, *, account_id: str | None, now: int) -> AuthorizationRequest:
    """asked -> denied, for good."""
    return replace(open_for_decision(request, now), stage="denied", account_id=account_id, decided_at=now)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a token request shows beside its code. `jkt` is the thumbprint of the key that it proved."""

    client_id: str
    redirect_uri: str | None
    verifier: str | None
    jkt: str | None


def check_shown(request: AuthorizationRequest | None, shown: Shown) -> AuthorizationRequest:
    """The request whose code this is, whatever became of it. Raises `InvalidGrant` for anybody else's code.

    Who cannot show the verifier learns nothing and changes nothing: a code alone is worth nothing (RFC 7636).
    """
    if request is None or request.client_id != shown.client_id or request.account_id is None:
        raise InvalidGrant("the code is unknown, used, expired, or belongs to another client")
    if shown.redirect_uri != request.redirect_uri:
        raise InvalidGrant("redirect_uri is missing, or differs from that of the authorization request")
    pkce.check_verifier(shown.verifier, request.challenge)
    if request.jkt is not None and request.jkt != shown.jkt:
        raise InvalidGrant("the code belongs to another key")
    return request


def redeem(request: AuthorizationRequest | None, shown: Shown, family_id: str, now: int) -> AuthorizationRequest:
    """approved -> redeemed, within a minute of the decision; the code has then bought this family."""
    found = check_shown(request, shown)
    if found.stage != "approved" or now - (found.decided_at or 0) >= CODE_FOR:
        raise InvalidGrant("the code is unknown, used, expired, or belongs to another client")
    return replace(found, stage="redeemed", family_id=family_id)
