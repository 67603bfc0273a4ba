"""The first tables of clients that register themselves and of devices that are known; a part of revision 0001."""

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Make them."""
    _initial_token()
    _registration()
    _device_key()


def _initial_token() -> None:
    op.create_table(
        "initial_token",
        sa.Column("token_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("methods", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("uses_left", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", name="pk_initial_token"),
        sa.UniqueConstraint("token_hash", name="uq_initial_token_token_hash"),
    )
    op.create_index("ix_initial_token_expires_at", "initial_token", ["expires_at"])


def _registration() -> None:
    op.create_table(
        "registration",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_id", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("methods", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name="pk_registration"),
    )


def _device_key() -> None:
    op.create_table(
        "device_key",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("jkt", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "jkt", name="pk_device_key"),
    )
