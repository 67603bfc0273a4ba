"""One file per grant, and the explicit table of them.

A grant is a module with `GRANT_TYPE`, `PARAMETERS` (those it cannot do without) and `redeem`. It says only who and
what: the shared steps (parameters, client authentication, may the client use it, mint, answer) are the pipeline's.
"""

from collections.abc import Mapping
from typing import Final

from . import authorization_code, ciba, client_credentials, device_code, refresh_token, token_exchange
from .pipeline import Grant

GRANTS: Final[tuple[Grant, ...]] = (
    device_code,
    authorization_code,
    refresh_token,
    client_credentials,
    token_exchange,
    ciba,
)
BY_TYPE: Final[Mapping[str, Grant]] = {grant.GRANT_TYPE: grant for grant in GRANTS}
