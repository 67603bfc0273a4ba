"""The tables as statements see them: names, columns and types, read off the values that are kept in them.

How the database makes them, with keys, indexes and constraints, stands in `rows.py`; the tests compare the two.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

from sqlalchemy import BigInteger, Boolean, Dialect, Float, LargeBinary, TableClause, Text, TypeDecorator, column, table
from sqlalchemy.types import TypeEngine

from server.oauth.account import Account, Session
from server.oauth.authorization import AuthorizationRequest
from server.oauth.backchannel import BackchannelRequest
from server.oauth.client import Client
from server.oauth.delivery import Delivery
from server.oauth.device import DeviceAuthorization
from server.oauth.event import Event
from server.oauth.factor import Attempt, Identity, Passkey, RecoveryCode, Totp
from server.oauth.link import Link
from server.oauth.prompts import Mute, RequestCode
from server.oauth.registered import DeviceKey, InitialToken, Registration
from server.oauth.store import SigningKey
from server.oauth.token import Family, RefreshToken

from .readings import Reading

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Words(TypeDecorator[tuple[str, ...]]):
    """A tuple of words without spaces (scopes, grants), kept as RFC 6749 writes scopes: separated by single spaces."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str:
        return " ".join(value or ())

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value.split(" ")) if value else ()


_TYPES: Final[dict[object, type[TypeEngine[Any]]]] = {
    bytes: LargeBinary,
    str: Text,
    int: BigInteger,
    float: Float,
    bool: Boolean,
    tuple[str, ...]: Words,
}


def _type(hint: Any) -> TypeEngine[Any]:
    """The column type of a field: of `str | None` that of `str`, of a Literal that of its values."""
    kinds = [hint, *(part for part in get_args(hint)), *(type(part) for part in get_args(hint))]
    return next(_TYPES[kind] for kind in kinds if kind in _TYPES)()


def _of(name: str, value: "type[DataclassInstance] | None" = None, **more: type) -> TableClause:
    """A table with a column for each field of `value`, in their order, and `more` that are the table's own."""
    fields = {**(get_type_hints(value) if value else {}), **more}
    return table(name, *(column(field, _type(hint)) for field, hint in fields.items()))


DEVICES = _of("device_authorization", DeviceAuthorization)
REQUESTS = _of("authorization_request", AuthorizationRequest)
FAMILIES = _of("family", Family)
REFRESH_TOKENS = _of("refresh_token", RefreshToken)
CLIENTS = _of("client", Client)
ACCOUNTS = _of("account", Account, tidy_username=str)
SESSIONS = _of("session", Session)
GUESS_COUNTS = _of("guess_count", key=str, tries=int, started_at=int, ends_at=int)
ONCE = _of("once", key_hash=bytes, expires_at=int)
SIGNING_KEYS = _of("signing_key", SigningKey)
NEWS = _of("news", news_id=int, origin=str, subject=str, key=str)
READINGS = _of("reading", Reading, number=int)
EVENTS = _of("audit_event", Event, number=int)
LINKS = _of("link", Link)
DELIVERIES = _of("delivery", Delivery)
INITIAL_TOKENS = _of("initial_token", InitialToken)
REGISTRATIONS = _of("registration", Registration)
DEVICE_KEYS = _of("device_key", DeviceKey)
BACKCHANNELS = _of("backchannel_request", BackchannelRequest, live_for=str)
MUTES = _of("mute", Mute)
REQUEST_CODES = _of("request_code", RequestCode)
ATTEMPTS = _of("attempt", Attempt)
PASSKEYS = _of("passkey", Passkey)
TOTPS = _of("totp", Totp)
RECOVERY_CODES = _of("recovery_code", RecoveryCode)
IDENTITIES = _of("identity", Identity)

TABLES: Final = (
    DEVICES,
    REQUESTS,
    FAMILIES,
    REFRESH_TOKENS,
    CLIENTS,
    ACCOUNTS,
    SESSIONS,
    GUESS_COUNTS,
    ONCE,
    SIGNING_KEYS,
    NEWS,
    READINGS,
    EVENTS,
    LINKS,
    DELIVERIES,
    BACKCHANNELS,
    MUTES,
    REQUEST_CODES,
    INITIAL_TOKENS,
    REGISTRATIONS,
    DEVICE_KEYS,
    ATTEMPTS,
    PASSKEYS,
    TOTPS,
    RECOVERY_CODES,
    IDENTITIES,
)
