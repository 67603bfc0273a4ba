"""Where and how a client that registers itself wants to hear from us: of answers on a phone, of sign-outs.

CIBA Core section 4, OpenID Connect RP-Initiated Logout section 3.1, Back-Channel Logout section 2.2.
"""

from dataclasses import replace
from typing import Any, Final

from .backchannel_client import check_delivery
from .client import Client
from .client_metadata import InvalidClientMetadata, Said
from .errors import InvalidRequest
from .redirect import MOST_REDIRECT_URIS, check_logout_uri, check_redirect_uri

# Fields of a client that are named like their metadata, and empty when it said nothing.
_TEXTS: Final = (
    "backchannel_token_delivery_mode",
    "backchannel_client_notification_endpoint",
    "backchannel_authentication_request_signing_alg",
    "backchannel_logout_uri",
)
_FLAG: Final = "backchannel_user_code_parameter"
_LIST: Final = "post_logout_redirect_uris"
NOTICES: Final = (*_TEXTS, _FLAG, _LIST)


def with_notices(client: Client, said: Said) -> Client:
    """The client with what it said of this; raises `InvalidClientMetadata`."""
    notices: dict[str, Any] = {name: said.text(name) for name in _TEXTS}
    notices |= {_FLAG: said.flag(_FLAG), _LIST: said.texts(_LIST) or ()}
    client = replace(client, **notices)
    try:
        check_delivery(client)
        if client.backchannel_logout_uri:
            check_logout_uri(client.backchannel_logout_uri)
        for uri in client.post_logout_redirect_uris:
            check_redirect_uri(uri)
    except InvalidRequest as wrong:
        raise InvalidClientMetadata(wrong.description) from None
    if len(client.post_logout_redirect_uris) > MOST_REDIRECT_URIS:
        raise InvalidClientMetadata(f"at most {MOST_REDIRECT_URIS} {_LIST} can be registered")
    if client.is_certificate_bound and client.backchannel_token_delivery_mode == "push":  # noqa: S105 - a mode
        raise InvalidClientMetadata("tokens that are bound to a certificate cannot be pushed")
    return client


def described_notices(client: Client) -> dict[str, Any]:
    """The same as metadata, without what is empty."""
    said = {name: getattr(client, name) for name in NOTICES}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items() if value}
