"""The tables of what people prove themselves by beside passwords; see `rows.py`."""

from sqlmodel import Field

from .row import Row, hash_column, instant_column


class AttemptRow(Row, table=True):
    """Proofs that take several steps, for minutes."""

    __tablename__ = "attempt"
    attempt_hash: bytes = hash_column(key=True)
    errand: str
    created_at: int = instant_column()
    expires_at: int = instant_column(index=True)
    browser_hash: bytes = hash_column()
    account_id: str
    provider: str
    came_for: str
    needs_fresh: bool


class PasskeyRow(Row, table=True):
    __tablename__ = "passkey"
    credential_id: str = Field(primary_key=True)
    account_id: str = Field(index=True)
    public_key: str
    sign_count: int = instant_column()
    name: str
    is_synced: bool
    created_at: int = instant_column()
    last_used_at: int = instant_column()
    alarmed_at: int | None = instant_column()


class TotpRow(Row, table=True):
    __tablename__ = "totp"
    account_id: str = Field(primary_key=True)
    sealed: str
    created_at: int = instant_column()
    is_confirmed: bool
    last_step: int = instant_column()
    last_used_at: int = instant_column()


class RecoveryCodeRow(Row, table=True):
    __tablename__ = "recovery_code"
    code_hash: bytes = hash_column(key=True)
    account_id: str = Field(index=True)


class IdentityRow(Row, table=True):
    __tablename__ = "identity"
    identity_hash: bytes = hash_column(key=True)
    account_id: str = Field(index=True)
    provider: str
    issuer: str
    subject: str
    label: str
    created_at: int = instant_column()
    last_used_at: int = instant_column()
