"""Jobs and queries about authorization requests and their codes."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam

from server.oauth.authorization import AuthorizationRequest
from server.oauth.event import Event
from server.oauth.store import ChangeRequest
from server.oauth.token import Family, RefreshToken

from .kept import FAMILIES, REFRESH_TOKENS, REQUESTS
from .writer import Refused, Transaction, decide

_BY_CODE: Final = REQUESTS.select.where(REQUESTS.table.c.code_hash == bindparam("sought"))


def change(
    transaction: Transaction, request_hash: bytes, transition: ChangeRequest, events: Sequence[Event]
) -> AuthorizationRequest:
    after = decide(transition, REQUESTS.lock(transaction.connection, request_hash))
    if not REQUESTS.replace(transaction.connection, after):
        raise Refused(LookupError("a change cannot make an authorization request"))
    transaction.events.extend(events)
    return after


def redeem(
    transaction: Transaction,
    request_hash: bytes,
    transition: ChangeRequest,
    family: Family,
    token: RefreshToken | None,
    events: Sequence[Event],
) -> AuthorizationRequest:
    after = change(transaction, request_hash, transition, events)
    FAMILIES.add(transaction.connection, family)
    if token is not None:
        REFRESH_TOKENS.add(transaction.connection, token)
    return after


def find_by_code(connection: Connection, code_hash: bytes) -> AuthorizationRequest | None:
    return REQUESTS.first(connection, _BY_CODE, sought=code_hash)
