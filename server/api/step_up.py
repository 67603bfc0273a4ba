"""What a resource demands of the sign-in behind a token: how lately and how well (RFC 9470 section 3)."""

from server.oauth.access import Access
from server.oauth.authentication import reaches
from server.oauth.errors import OAuthError

from .bearer import DPOP, REALM


class InsufficientUserAuthentication(OAuthError):
    error = "insufficient_user_authentication"
    is_ordinary = True  # how a resource asks for a better sign-in
    status = 401


def demand_sign_in(access: Access, max_age: int | None, acr_values: tuple[str, ...], now: int) -> None:
    """Raise `InsufficientUserAuthentication` unless a person signed in within `max_age` seconds, in one of these ways.

    What is demanded is in the challenge for HTTP, and in the body too for MQTT, which has no headers.
    """
    is_young = max_age is None or (bool(access.account_id) and 0 <= now - access.auth_time <= max_age * 1_000)
    if is_young and reaches(access.amr, acr_values):
        return
    scheme = DPOP if access.jkt is not None else REALM
    said = f'{scheme}, error="insufficient_user_authentication"'
    refusal = InsufficientUserAuthentication("this needs a sign-in that is more recent, or stronger")
    said += f', error_description="{refusal.description}"'
    if acr_values:
        said += f', acr_values="{" ".join(acr_values)}"'
        refusal.members["acr_values"] = " ".join(acr_values)
    if max_age is not None:
        said += f', max_age="{max_age}"'
        refusal.members["max_age"] = max_age
    refusal.challenge = said
    raise refusal
