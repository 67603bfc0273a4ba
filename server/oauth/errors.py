"""The answers that say no: RFC 6749 section 5.2 and RFC 8628 section 3.5, one class per wire word.

`error` is the wire word, `status` a hint for HTTP, `members` what the answer carries besides. Descriptions are fixed
printable ASCII without quotes and backslashes: nothing a caller sent is ever reflected.
"""

from typing import ClassVar


class OAuthError(Exception):
    """A request that the law refuses.

    `challenge` is a `WWW-Authenticate` value, `retry_after` is in seconds, `members` are further members of the answer.
    """

    error: ClassVar[str]
    status: ClassVar[int] = 400

    def __init__(self, description: str = "", *, challenge: str = "", retry_after: int = 0, **members: int) -> None:
        super().__init__(description or self.error)
        self.description = description
        self.challenge = challenge
        self.retry_after = retry_after
        self.members = members


class InvalidRequest(OAuthError):
    error = "invalid_request"


class TooLarge(InvalidRequest):
    status = 413


class WrongMediaType(InvalidRequest):
    status = 415


class InvalidClient(OAuthError):
    error = "invalid_client"
    status = 401


class InvalidGrant(OAuthError):
    error = "invalid_grant"


class UnauthorizedClient(OAuthError):
    error = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    error = "unsupported_grant_type"


class InvalidScope(OAuthError):
    error = "invalid_scope"


class UnsupportedResponseType(OAuthError):
    error = "unsupported_response_type"


class LoginRequired(OAuthError):
    """Nobody is signed in (recently enough), and the app forbade asking (OpenID Connect Core section 3.1.2.6)."""

    error = "login_required"


class ConsentRequired(OAuthError):
    error = "consent_required"


class RequestNotSupported(OAuthError):
    error = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    error = "request_uri_not_supported"


class UnsupportedTokenType(OAuthError):
    error = "unsupported_token_type"


class AuthorizationPending(OAuthError):
    error = "authorization_pending"


class SlowDown(OAuthError):
    """`interval` (seconds) is what the client must keep from now on."""

    error = "slow_down"


class AccessDenied(OAuthError):
    error = "access_denied"


class ExpiredToken(OAuthError):
    error = "expired_token"


class TemporarilyUnavailable(OAuthError):
    error = "temporarily_unavailable"
    status = 503


class TooMany(TemporarilyUnavailable):
    status = 429
