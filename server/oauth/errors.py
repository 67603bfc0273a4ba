"""The answers that say no: RFC 6749 section 5.2 and RFC 8628 section 3.5, one class per wire word.

`error` is the wire word, `status` a hint for HTTP, `members` what the answer carries besides. Descriptions are fixed
printable ASCII without quotes and backslashes: nothing a caller sent is ever reflected.
"""

from typing import ClassVar


class OAuthError(Exception):
    """A request that the law refuses.

    `challenge` is a `WWW-Authenticate` value, `retry_after` is in seconds, `members` are further members of the answer.
    `is_ordinary`: part of any sign-in, and no event of the audit. `is_recorded`: an event that says more than
    "refused" tells of it already.
    """

    error: ClassVar[str]
    status: ClassVar[int] = 400
    is_ordinary: ClassVar[bool] = False

    def __init__(
        self, description: str = "", *, challenge: str = "", retry_after: int = 0, **members: int | str
    ) -> None:
        super().__init__(description or self.error)
        self.description = description
        self.challenge = challenge
        self.retry_after = retry_after
        self.members = members
        self.is_recorded = False


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
    is_ordinary = True


class UnmetRequirements(OAuthError):
    """The person cannot sign in as well as was asked (OpenID Connect Core Error Code, RFC 9470 section 5)."""

    error = "unmet_authentication_requirements"


class ConsentRequired(OAuthError):
    error = "consent_required"
    is_ordinary = True


class RequestNotSupported(OAuthError):
    error = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    error = "request_uri_not_supported"


class UnsupportedTokenType(OAuthError):
    error = "unsupported_token_type"


class AuthorizationPending(OAuthError):
    """`opens`: how often a phone opened the code, where the client wants to know."""

    error = "authorization_pending"
    is_ordinary = True
    opens = 0


class SlowDown(OAuthError):
    """`interval` (seconds) is what the client must keep from now on."""

    error = "slow_down"
    is_ordinary = True


class AccessDenied(OAuthError):
    error = "access_denied"
    is_ordinary = True


class ExpiredToken(OAuthError):
    error = "expired_token"
    is_ordinary = True


class TemporarilyUnavailable(OAuthError):
    error = "temporarily_unavailable"
    is_ordinary = True
    status = 503


class TooMany(TemporarilyUnavailable):
    status = 429
    is_ordinary = False


class UnknownUserId(OAuthError):
    """The hint names nobody who can be asked (CIBA Core section 13, as are the five that follow)."""

    error = "unknown_user_id"


class ExpiredLoginHintToken(OAuthError):
    error = "expired_login_hint_token"


class MissingUserCode(OAuthError):
    error = "missing_user_code"


class InvalidUserCode(OAuthError):
    error = "invalid_user_code"


class InvalidBindingMessage(OAuthError):
    error = "invalid_binding_message"


class NotAllowed(AccessDenied):
    """Refused before the person was asked."""

    status = 403
    is_ordinary = False


class TransactionFailed(OAuthError):
    """Something unforeseen kept a push client from its tokens (section 12)."""

    error = "transaction_failed"
