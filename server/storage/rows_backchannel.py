"""The tables of apps that ask people on their phone; see `rows.py`."""

from sqlmodel import Field

from .row import Row, hash_column, instant_column, words_column


class BackchannelRequestRow(Row, table=True):
    """`live_for` names client and account while it waits: it is unique, so an app has one request at a person."""

    __tablename__ = "backchannel_request"
    request_hash: bytes = hash_column(key=True)
    client_id: str
    account_id: str = Field(index=True)
    scopes: tuple[str, ...] = words_column()
    created_at: int = instant_column()
    expires_at: int = instant_column(index=True)
    mode: str
    binding_message: str
    address: str
    state: str
    auth_time: int | None = instant_column()
    amr: tuple[str, ...] = words_column()
    decided_at: int | None = instant_column()
    decided_from: str
    jkt: str | None
    sealed: str
    due_at: int | None = instant_column(index=True)
    attempts: int = instant_column()
    family_id: str | None
    live_for: str | None = Field(unique=True)


class MuteRow(Row, table=True):
    __tablename__ = "mute"
    key: str = Field(primary_key=True)
    account_id: str = Field(index=True)
    client_id: str
    until_at: int = instant_column(index=True)


class RequestCodeRow(Row, table=True):
    __tablename__ = "request_code"
    account_id: str = Field(primary_key=True)
    code_hash: str
