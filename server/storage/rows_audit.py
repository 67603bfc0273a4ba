"""The table of the audit; see `rows.py`."""

from sqlalchemy import BigInteger, Integer
from sqlmodel import Field

from .row import Row, instant_column


class AuditEventRow(Row, table=True):
    """`number` is the order in which events were written; a deleted number is never given again."""

    __tablename__ = "audit_event"
    __table_args__ = ({"sqlite_autoincrement": True},)
    event_id: str
    at: int = instant_column(index=True)
    what: str
    actor: str
    client_id: str
    account_id: str
    device_id: str
    family_id: str
    address: str
    request_id: str
    detail: str
    times: int = Field(sa_type=BigInteger)
    number: int | None = Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger().with_variant(Integer(), "sqlite"),
    )
