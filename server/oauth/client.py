"""Registered clients (RFC 6749 section 2) and what each may do."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from . import secret
from .backchannel_client import check_delivery
from .errors import InvalidClient, InvalidRequest, UnauthorizedClient
from .redirect import check_logout_uri, check_redirect_uri

AuthMethod = Literal["none", "client_secret", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"]
LONGEST_ASSERTION: Final = 300_000  # milliseconds that an assertion may still live
MIN_SECRET_LENGTH = 22


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. Public (`auth_method="none"`) unless it can keep a secret (RFC 8628 section 5.6).

    `grants` and `scopes` are all that it may use: the device flow too must be asked for at registration. With
    `is_dpop_bound` it gets no token without a proof of possession (RFC 9449 section 5.2). `audiences` are the other
    resource servers it may ask tokens for; `resource` is the one that it is itself ("": our own API). `jwks` is the
    JWK Set, in JSON, that its assertions are verified by. Answers of the authorization endpoint go to `redirect_uris`
    alone; with `requires_par` every authorization request must be pushed (RFC 9126 section 6). With `may_introspect` it
    may ask what tokens for its `resource` are worth (RFC 7662). After a sign-out browsers may go to
    `post_logout_redirect_uris`, and `backchannel_logout_uri` is told of it (OpenID Connect logout).

    The fields of CIBA Core section 4 are named as there. With `backchannel_user_code_parameter` every request must give
    the person's code; with a signing algorithm every request must be signed by it.

    With `jwks_uri` the keys are had there. `is_claimed`: it registered itself over HTTP, so its name proves nothing.
    `is_for_known_devices`: only keys registered beforehand may begin a sign-in (RFC 10027 section 6.1.7).
    `tls_subject` is the subject of its certificate; with `is_certificate_bound` its tokens are bound to the
    certificate that it shows (RFC 8705 sections 2.1 and 3). The fields `device_…` are its terms for the device flow
    (`terms.py`); empty: the house's.
    """

    client_id: str
    name: str
    grants: tuple[str, ...]
    scopes: tuple[str, ...]
    created_at: int
    auth_method: AuthMethod = "none"
    secret_hash: bytes | None = None
    is_enabled: bool = True
    is_dpop_bound: bool = False
    audiences: tuple[str, ...] = ()
    resource: str = ""
    jwks: str = ""
    redirect_uris: tuple[str, ...] = ()
    requires_par: bool = False
    may_introspect: bool = False
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    backchannel_token_delivery_mode: str = ""
    backchannel_client_notification_endpoint: str = ""
    backchannel_user_code_parameter: bool = False
    backchannel_authentication_request_signing_alg: str = ""
    jwks_uri: str = ""
    is_claimed: bool = False
    is_for_known_devices: bool = False
    tls_subject: str = ""
    is_certificate_bound: bool = False
    device_policy: str = ""
    device_digits: str = ""
    device_networks: tuple[str, ...] = ()
    device_scopes: tuple[str, ...] = ()
    device_lifetimes: tuple[str, ...] = ()

    def may_use(self, grant_type: str) -> None:
        """Raise `UnauthorizedClient` when this client was not registered for the grant."""
        if grant_type not in self.grants:
            raise UnauthorizedClient("this client is not registered for this grant")


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a `private_key_jwt` says whose signature is good (RFC 7523 section 3). `expires_at` in milliseconds."""

    issuer: str
    subject: str
    audience: object
    expires_at: int
    assertion_id: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request presented as its client's identity.

    `has_proved_key`: an assertion was shown that is verified and checked. `has_proved_certificate`: it came over TLS
    with the certificate that the client is registered with.
    """

    client_id: str
    secret: str | None = None
    has_proved_key: bool = False
    has_proved_certificate: bool = False


def check_assertion(assertion: Assertion, client_id: str, issuer: str, now: int) -> None:
    """Raise `InvalidClient` unless the assertion was made by this client, for us alone, for a few minutes.

    The audience is our issuer and nothing else: an assertion made for several servers, or for one endpoint, could be
    carried from one to the other (draft-ietf-oauth-rfc7523bis).
    """
    if assertion.issuer != client_id or assertion.subject != client_id:
        raise InvalidClient("iss and sub of the client assertion are the client_id")
    if assertion.audience != issuer:
        raise InvalidClient("aud of the client assertion is the issuer, as a single string")
    if not now < assertion.expires_at <= now + LONGEST_ASSERTION:
        raise InvalidClient("exp of the client assertion is at most five minutes ahead")
    if not 0 < len(assertion.assertion_id) <= 256:
        raise InvalidClient("jti of the client assertion has 1 to 256 characters")


def authenticate(client: Client | None, shown: Credentials) -> Client:
    """The client that this request proves to be (RFC 6749 sections 2.3 and 3.2.1).

    Raises `InvalidClient`, in the same words whether the client is unknown or gave a wrong secret; and
    `UnauthorizedClient` for one that proved itself and was disabled.
    """
    expected = client.secret_hash if client is not None and client.secret_hash else bytes(32)
    right = secret.matches("client_secret", shown.secret or "", expected)
    if client is None or not _is_proved(client, shown, right):
        raise InvalidClient("client authentication failed")
    if not client.is_enabled:
        raise UnauthorizedClient("this client has been disabled")
    return client


def _is_proved(client: Client, shown: Credentials, is_secret_right: bool) -> bool:
    """Whether the client used the one method it is registered for."""
    if client.auth_method == "none":
        return shown.secret is None and not shown.has_proved_key
    if client.auth_method == "private_key_jwt":
        return shown.has_proved_key
    if client.auth_method in ("tls_client_auth", "self_signed_tls_client_auth"):
        return shown.has_proved_certificate and shown.secret is None
    return is_secret_right and not shown.has_proved_key


def check_registration(client: Client, known_grants: Collection[str], known_scopes: Collection[str]) -> None:
    """Raise `InvalidRequest` with what is wrong with a client about to be registered."""
    if not client.client_id or len(client.client_id) > 100 or not client.client_id.isprintable():
        raise InvalidRequest("client_id has 1 to 100 printable characters")
    if not client.grants and client.auth_method == "none":
        raise InvalidRequest("a public client needs at least one grant")
    if client.may_introspect and client.auth_method == "none":
        raise InvalidRequest("a client that may introspect authenticates")
    for grant in client.grants:
        if grant not in known_grants:
            raise InvalidRequest(f"grant {grant} is not known; known are: {', '.join(known_grants)}")
    if {"authorization_code", "implicit"} & {*client.grants} and not client.redirect_uris:
        raise InvalidRequest("the authorization endpoint needs a redirect URI to answer at")
    check_delivery(client)
    for uri in (*client.redirect_uris, *client.post_logout_redirect_uris):
        check_redirect_uri(uri)
    if client.backchannel_logout_uri:
        check_logout_uri(client.backchannel_logout_uri)
    for scope in client.scopes:
        if scope not in known_scopes:
            raise InvalidRequest(f"scope {scope} is not known; known are: {', '.join(known_scopes)}")
