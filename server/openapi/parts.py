"""What several endpoints take and answer alike: the client's authentication, forms, proofs, scopes (RFC 6749, 9449)."""

from collections.abc import Sequence
from typing import Final

from server.oauth.errors import (
    InvalidClient,
    InvalidRequest,
    OAuthError,
    TooLarge,
    UnauthorizedClient,
    WrongMediaType,
)
from server.oauth.proof import InvalidProof, UseNonce

from .operation import ANY_TEXT, BASIC, FORM, MTLS, Body, Field, Schema, members, text

BODY_REFUSALS: Final[Sequence[type[OAuthError]]] = (InvalidRequest, TooLarge, WrongMediaType)
CLIENT_REFUSALS: Final[Sequence[type[OAuthError]]] = (*BODY_REFUSALS, InvalidClient, UnauthorizedClient)
PROOF_REFUSALS: Final[Sequence[type[OAuthError]]] = (InvalidProof, UseNonce)
# A client may be public, or prove itself in the form: then no header is needed.
ANY_CLIENT: Final = ("", BASIC, MTLS)

GIVEN: Final = text(shortest=1)
SCOPE: Final = text(longest=1_000, pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+( [\x21\x23-\x5B\x5D-\x7E]+)*$")
PROOF: Final = Field("DPoP", ANY_TEXT, says="A proof of possession (RFC 9449)")
NONCE: Final = Field("dpop-nonce", ANY_TEXT, says="The nonce for the next proof, where nonces are demanded")
ASSERTION_TYPE: Final = text("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
CLIENT: Final = (
    Field("client_id", GIVEN, says="Who asks; not needed with HTTP Basic or an assertion"),
    Field("client_secret", GIVEN, says="client_secret_post (RFC 6749 section 2.3.1)"),
    Field("client_assertion_type", ASSERTION_TYPE, says="private_key_jwt (RFC 7523)"),
    Field("client_assertion", GIVEN, says="private_key_jwt: a JWT of the client's key, for our issuer, used once"),
)


def form(*fields: Field) -> Body:
    """A form. Unknown parameters are ignored; an empty value counts as absent; a repeated one is refused."""
    return Body(FORM, members(*fields, is_open=True))


def client_form(*fields: Field) -> Body:
    """A form with the authentication of the client."""
    return form(*CLIENT, *fields)


def authorization_fields(*, is_pushed: bool) -> tuple[Field, ...]:
    """The parameters of an authorization request. What only some clients need is required of none here."""
    from server.oauth.authorization import LONGEST_NONCE, LONGEST_STATE, PROMPTS, RESPONSE_MODES, RESPONSE_TYPES
    from server.oauth.step_up import LONGEST_VALUES

    asked: tuple[tuple[str, Schema], ...] = (
        ("response_type", text(*RESPONSE_TYPES)),
        ("redirect_uri", GIVEN),
        ("response_mode", text(*RESPONSE_MODES)),
        ("scope", SCOPE),
        ("state", text(longest=LONGEST_STATE)),
        ("nonce", text(longest=LONGEST_NONCE)),
        ("code_challenge", text(pattern="^[A-Za-z0-9_-]{43}$")),
        ("code_challenge_method", text("S256")),
        ("prompt", text(longest=200)),
        ("max_age", text(pattern="^[0-9]{1,10}$")),
        ("acr_values", text(longest=LONGEST_VALUES)),
        ("login_hint", ANY_TEXT),
        ("ui_locales", ANY_TEXT),
        ("dpop_jkt", text(pattern="^[A-Za-z0-9_-]{43}$")),
    )
    needed = ("response_type", "redirect_uri") if is_pushed else ()
    says = {"prompt": f"Of {', '.join(PROMPTS)}; others are ignored"}
    return tuple(Field(name, schema, name in needed, says.get(name, "")) for name, schema in asked)
