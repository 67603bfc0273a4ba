"""Other OpenID providers that say who somebody is: what they must say, and whose account it is then.

OpenID Connect Core sections 3.1.2.5 and 3.1.3.7, RFC 9207, RFC 9700 section 4.4. An account is known by issuer and
subject alone. An address links only where the provider has verified it, the account has, and the operator trusts the
provider to; a provider that lets anybody claim an address must not hand out somebody else's account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from .account import Account
from .email_address import tidy_email
from .secret import digest

Why = Literal["denied", "expired", "broken", "unknown", "domain", "not_fresh", "disabled", "taken"]
CLOCKS_APART: Final = 60_000
LONGEST_SUBJECT: Final = 255  # OpenID Connect Core section 2
WELL_KNOWN: Final = "/.well-known/openid-configuration"


class Untold(Exception):
    """The provider said nothing that counts. `why` is for the person, the text for the log."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why = why


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as the operator wrote it down. `key` is its name in addresses, `name` the one on its button.

    `links_by_email`: its verified addresses are trusted, so that one that an account has verified links the two.
    `signs_up`: whoever has no account gets one. `domains`: only people with a verified address there; () is anybody.
    """

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret: str
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    links_by_email: bool = False
    signs_up: bool = False
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What a provider's discovery document says that we use. `issuer` is the one that its ID tokens name."""

    issuer: str
    authorization: str
    token: str
    jwks: str
    userinfo: str = ""
    takes_basic: bool = True
    names_itself: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What a provider says of a person. `email` is tidy, "" where it gives none; `auth_time` in milliseconds."""

    issuer: str
    subject: str
    email: str = ""
    is_email_verified: bool = False
    name: str = ""
    username: str = ""
    auth_time: int | None = None

    @property
    def identity_hash(self) -> bytes:
        return digest("identity", f"{self.issuer}\0{self.subject}")

    @property
    def label(self) -> str:
        """What a person recognises this identity by."""
        return (self.email or self.username or self.name or self.subject)[:100]


def endpoints_of(document: Mapping[str, Any], provider: Provider) -> Endpoints:
    """Read a discovery document (OpenID Connect Discovery section 4.3). Raises `Untold`."""
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or issuer.rstrip("/") != provider.issuer.rstrip("/"):
        raise Untold("broken", "the discovery document is of another issuer")
    found = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        url = document.get(name, "")
        if not isinstance(url, str) or (not url and name != "userinfo_endpoint"):
            raise Untold("broken", f"the discovery document has no {name}")
        if url and not url.startswith(("https://", "http://") if issuer.startswith("http://") else "https://"):
            raise Untold("broken", f"the {name} is no https URL")
        found[name] = url
    methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Endpoints(
        issuer,
        found["authorization_endpoint"],
        found["token_endpoint"],
        found["jwks_uri"],
        found["userinfo_endpoint"],
        takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def code_of(answer: Mapping[str, str], endpoints: Endpoints) -> str:
    """The code in the provider's answer (RFC 6749 section 4.1.2). Raises `Untold`; `state` was checked before."""
    issuer = answer.get("iss", "")
    if issuer != endpoints.issuer and (issuer or endpoints.names_itself):
        raise Untold("broken", "the answer is of another issuer (RFC 9207)")
    if "error" in answer:
        word = answer["error"][:60]
        raise Untold("denied" if word == "access_denied" else "broken", f"it answered {word!r}")
    if not answer.get("code"):
        raise Untold("broken", "the answer has no code")
    return answer["code"]


def told_by(
    claims: Mapping[str, Any],
    provider: Provider,
    endpoints: Endpoints,
    *,
    nonce: str,
    begun_at: int,
    fresh: bool,
    now: int,
) -> Told:
    """What an ID token says, its signature having been checked (section 3.1.3.7). Raises `Untold`.

    `fresh`: the person must have signed in there since `begun_at`.
    """
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    subject, authorized = claims.get("sub"), claims.get("azp")
    if claims.get("iss") != endpoints.issuer:
        raise Untold("broken", "the ID token is of another issuer")
    if provider.client_id not in audiences or (len(audiences) > 1 and not authorized):
        raise Untold("broken", "the ID token is for another client")
    if authorized not in (None, provider.client_id):
        raise Untold("broken", "the ID token was given to another client")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise Untold("broken", "the ID token has no usable sub")
    if claims.get("nonce") != nonce:
        raise Untold("broken", "the ID token answers another request")
    if _instant(claims, "exp") <= now - CLOCKS_APART or _instant(claims, "iat") > now + CLOCKS_APART:
        raise Untold("broken", "the ID token is not of now; is a clock wrong?")
    auth_time = _instant(claims, "auth_time") if "auth_time" in claims else None
    if fresh and (auth_time is None or auth_time < begun_at - CLOCKS_APART):
        raise Untold("not_fresh", "the provider does not say that the person signed in just now")
    return described(Told(endpoints.issuer, subject, auth_time=auth_time), claims)


def described(told: Told, claims: Mapping[str, Any]) -> Told:
    """The same with what these claims add: those of the ID token, or of userinfo for the same `sub`."""
    email = told.email or tidy_email(_text(claims, "email"))
    said = claims.get("email_verified")
    is_verified = told.is_email_verified if told.email else said is True or said == "true"
    return Told(
        told.issuer,
        told.subject,
        email,
        bool(email) and is_verified,
        told.name or _text(claims, "name"),
        told.username or _text(claims, "preferred_username"),
        told.auth_time,
    )


def demand_domain(told: Told, provider: Provider) -> None:
    """Raise `Untold` for whoever is of no domain that may sign in."""
    if provider.domains and not (told.is_email_verified and told.email.rpartition("@")[2] in provider.domains):
        raise Untold("domain", "no verified address in an allowed domain")


def may_link(told: Told, provider: Provider, account: Account | None) -> bool:
    """Whether this account, which has the same address, is this person's without asking."""
    return (
        account is not None
        and provider.links_by_email
        and told.is_email_verified
        and account.is_email_verified
        and account.email == told.email
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip()[:200] if isinstance(value, str) and value.isprintable() else ""


def _instant(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**12:
        raise Untold("broken", f"the ID token has no usable {name}")
    return int(value * 1_000)
