"""How the database makes the tables: one for each value that the law keeps, columns in the order of its fields.

Only what migrates imports this: SQLModel costs a running server eighteen megabytes. What it needs to know of a table
stands in `tables.py`; the tests compare the two. Instants are milliseconds since the epoch. Whoever changes a table
adds a file to `migrations/versions` and a line to `schema.REVISIONS`, which the tests compare as well.
"""

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlmodel import Field

from . import rows_audit, rows_backchannel, rows_factor
from .row import Row as _Row
from .row import hash_column as _hash
from .row import instant_column as _instant
from .row import words_column as _words


class DeviceAuthorizationRow(_Row, table=True):
    """Its user code stays taken until the row is swept, so that nobody's late typing hits somebody else's sign-in."""

    __tablename__ = "device_authorization"
    code_hash: bytes = _hash(key=True)
    user_code_hash: bytes = _hash(unique=True)
    client_id: str
    scopes: tuple[str, ...] = _words()
    created_at: int = _instant()
    expires_at: int = _instant(index=True)
    address: str
    claimed_name: str | None
    state: str
    account_id: str | None
    auth_time: int | None = _instant()
    decided_at: int | None = _instant()
    jkt: str | None
    amr: tuple[str, ...] = _words()
    max_age: int | None = _instant()
    acr_values: tuple[str, ...] = _words()
    shows_match: bool
    browser: str
    opened_by: str | None
    opened_at: int | None = _instant()
    opens: int
    level: int | None
    proof: str
    match: str
    stopped_for: str
    lasts_for: int | None = _instant()
    family_id: str | None
    given_name: str
    ui_locales: tuple[str, ...] = _words()


class AuthorizationRequestRow(_Row, table=True):
    """Kept for a while after its code was redeemed, so that a code shown twice is known."""

    __tablename__ = "authorization_request"
    request_hash: bytes = _hash(key=True)
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...] = _words()
    challenge: str
    created_at: int = _instant()
    expires_at: int = _instant(index=True)
    stage: str
    state: str | None
    nonce: str | None
    prompts: tuple[str, ...] = _words()
    max_age: int | None = _instant()
    login_hint: str
    jkt: str | None
    account_id: str | None
    auth_time: int | None = _instant()
    amr: tuple[str, ...] = _words()
    address: str
    decided_at: int | None = _instant()
    code_hash: bytes | None = Field(sa_type=LargeBinary, unique=True)
    family_id: str | None
    response_type: str
    response_mode: str
    acr_values: tuple[str, ...] = _words()
    session_id: str
    ui_locales: tuple[str, ...] = _words()


class FamilyRow(_Row, table=True):
    __tablename__ = "family"
    __table_args__ = (Index("ix_family_account_id_last_seen_at", "account_id", "last_seen_at"),)
    family_id: str = Field(primary_key=True)
    client_id: str = Field(index=True)
    account_id: str
    device_id: str = Field(index=True)
    scopes: tuple[str, ...] = _words()
    auth_time: int = _instant()
    created_at: int = _instant()
    expires_at: int = _instant(index=True)
    last_seen_at: int = _instant()
    claimed_name: str | None
    address: str
    ended_at: int | None = _instant(index=True)
    jkt: str | None
    amr: tuple[str, ...] = _words()
    session_id: str = Field(index=True)
    given_name: str


class RefreshTokenRow(_Row, table=True):
    __tablename__ = "refresh_token"
    token_hash: bytes = _hash(key=True)
    family_id: str = Field(sa_column_args=(ForeignKey("family.family_id"),), index=True)
    created_at: int = _instant()
    expires_at: int = _instant(index=True)
    spent_at: int | None = _instant()
    salt: bytes


class ClientRow(_Row, table=True):
    __tablename__ = "client"
    client_id: str = Field(primary_key=True)
    name: str
    grants: tuple[str, ...] = _words()
    scopes: tuple[str, ...] = _words()
    created_at: int = _instant()
    auth_method: str
    secret_hash: bytes | None
    is_enabled: bool
    is_dpop_bound: bool
    audiences: tuple[str, ...] = _words()
    resource: str
    jwks: str
    redirect_uris: tuple[str, ...] = _words()
    requires_par: bool
    may_introspect: bool
    post_logout_redirect_uris: tuple[str, ...] = _words()
    backchannel_logout_uri: str
    backchannel_token_delivery_mode: str
    backchannel_client_notification_endpoint: str
    backchannel_user_code_parameter: bool
    backchannel_authentication_request_signing_alg: str
    jwks_uri: str
    is_claimed: bool
    is_for_known_devices: bool
    tls_subject: str
    is_certificate_bound: bool
    device_policy: str
    device_digits: str
    device_networks: tuple[str, ...] = _words()
    device_scopes: tuple[str, ...] = _words()
    device_lifetimes: tuple[str, ...] = _words()


class AccountRow(_Row, table=True):
    """`tidy_username` is what user names are compared by (`oauth.account.tidy_username`)."""

    __tablename__ = "account"
    account_id: str = Field(primary_key=True)
    username: str
    name: str
    password_hash: str
    created_at: int = _instant()
    is_enabled: bool
    email: str | None = Field(unique=True)
    is_email_verified: bool
    language: str
    tidy_username: str = Field(unique=True)


class SessionRow(_Row, table=True):
    __tablename__ = "session"
    session_hash: bytes = _hash(key=True)
    account_id: str = Field(index=True)
    auth_time: int = _instant()
    expires_at: int = _instant(index=True)
    amr: tuple[str, ...] = _words()
    session_id: str
    last_used_at: int = _instant()
    browser: str
    address: str


class GuessCountRow(_Row, table=True):
    """`ends_at` is when its window is over and the row may go."""

    __tablename__ = "guess_count"
    key: str = Field(primary_key=True)
    tries: int
    started_at: int = _instant()
    ends_at: int = _instant(index=True)


class OnceRow(_Row, table=True):
    """What was shown once, until when it must not be shown again."""

    __tablename__ = "once"
    key_hash: bytes = _hash(key=True)
    expires_at: int = _instant(index=True)


class SigningKeyRow(_Row, table=True):
    __tablename__ = "signing_key"
    key_id: str = Field(primary_key=True)
    algorithm: str
    private_pem: str
    created_at: int = _instant()
    active_at: int = _instant()
    retired_at: int | None = _instant()


class NewsRow(_Row, table=True):
    """The outbox that other processes on the same SQLite file read; on PostgreSQL it stays empty."""

    __tablename__ = "news"
    __table_args__ = ({"sqlite_autoincrement": True},)
    news_id: int | None = Field(default=None, primary_key=True)
    origin: str
    subject: str
    key: str


class ReadingRow(_Row, table=True):
    """`number` counts the readings of a device, so that the oldest can be told without counting."""

    __tablename__ = "reading"
    __table_args__ = (Index("ix_reading_account_id_at", "account_id", "at"),)
    reading_id: str
    device_id: str = Field(primary_key=True)
    account_id: str
    stream: str
    value: float
    at: int = _instant()
    number: int = Field(primary_key=True, sa_type=BigInteger)


class InitialTokenRow(_Row, table=True):
    __tablename__ = "initial_token"
    token_id: str = Field(primary_key=True)
    token_hash: bytes = _hash(unique=True)
    note: str
    grants: tuple[str, ...] = _words()
    methods: tuple[str, ...] = _words()
    scopes: tuple[str, ...] = _words()
    created_at: int = _instant()
    expires_at: int = _instant(index=True)
    uses_left: int = Field(sa_type=BigInteger)


class RegistrationRow(_Row, table=True):
    __tablename__ = "registration"
    client_id: str = Field(primary_key=True)
    token_hash: bytes = Field(sa_type=LargeBinary, nullable=False)
    token_id: str
    method: str
    grants: tuple[str, ...] = _words()
    methods: tuple[str, ...] = _words()
    scopes: tuple[str, ...] = _words()


class DeviceKeyRow(_Row, table=True):
    __tablename__ = "device_key"
    client_id: str = Field(primary_key=True)
    jkt: str = Field(primary_key=True)
    created_at: int = _instant()


class LinkRow(_Row, table=True):
    """Links that work once, and are in a mail or in somebody's hands."""

    __tablename__ = "link"
    link_hash: bytes = _hash(key=True)
    purpose: str
    created_at: int = _instant()
    expires_at: int = _instant(index=True)
    account_id: str = Field(index=True)
    email: str
    family_id: str
    is_mailed: bool


class DeliveryRow(_Row, table=True):
    """What is owed to somebody elsewhere."""

    __tablename__ = "delivery"
    delivery_id: str = Field(primary_key=True)
    kind: str
    subject: str
    account_id: str
    created_at: int = _instant()
    due_at: int = _instant(index=True)
    expires_at: int = _instant(index=True)
    tries: int = _instant()
    language: str


METADATA = _Row.metadata
AUDIT = rows_audit.AuditEventRow
BACKCHANNEL = rows_backchannel.BackchannelRequestRow, rows_backchannel.MuteRow, rows_backchannel.RequestCodeRow
FACTORS = rows_factor.AttemptRow, rows_factor.PasskeyRow, rows_factor.TotpRow, rows_factor.IdentityRow
