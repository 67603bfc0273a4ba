"""What a client that asks people on their phone must have been registered with (CIBA Core section 4)."""

from typing import Final, Protocol

from .backchannel import GRANT_TYPE, MODES
from .errors import InvalidRequest

ALGORITHMS: Final = ("ES256", "EdDSA", "RS256")


class Registered(Protocol):
    """The fields of a client that matter here."""

    @property
    def grants(self) -> tuple[str, ...]: ...

    @property
    def auth_method(self) -> str: ...

    @property
    def backchannel_token_delivery_mode(self) -> str: ...

    @property
    def backchannel_client_notification_endpoint(self) -> str: ...

    @property
    def backchannel_user_code_parameter(self) -> bool: ...

    @property
    def backchannel_authentication_request_signing_alg(self) -> str: ...


def check_delivery(client: Registered) -> None:
    """Raise `InvalidRequest` with what is wrong: one delivery mode, and for ping and push an address to bring it to.

    Whether that address may be asked is `server/outbound.py`'s question, each time.
    """
    mode, address = client.backchannel_token_delivery_mode, client.backchannel_client_notification_endpoint
    algorithm = client.backchannel_authentication_request_signing_alg
    if GRANT_TYPE not in client.grants:
        if mode or address or algorithm or client.backchannel_user_code_parameter:
            raise InvalidRequest(f"the fields backchannel_* go with the grant {GRANT_TYPE}")
        return
    if client.auth_method == "none":
        raise InvalidRequest("a client that asks people on their phone authenticates")
    if mode not in MODES:
        raise InvalidRequest(f"backchannel_token_delivery_mode is one of {', '.join(MODES)}")
    if (mode == "poll") == bool(address):
        raise InvalidRequest("backchannel_client_notification_endpoint goes with ping and push, which need it")
    if algorithm and algorithm not in ALGORITHMS:
        raise InvalidRequest(f"backchannel_authentication_request_signing_alg is one of {', '.join(ALGORITHMS)}")
