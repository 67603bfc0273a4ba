"""The first tables of apps that ask people on their phone; a part of revision 0001."""

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Make them."""
    _backchannel_request()
    op.create_table(
        "mute",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_mute"),
    )
    op.create_index("ix_mute_account_id", "mute", ["account_id"])
    op.create_index("ix_mute_until_at", "mute", ["until_at"])
    op.create_table(
        "request_code",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_request_code"),
    )


def _backchannel_request() -> None:
    op.create_table(
        "backchannel_request",
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("binding_message", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("auth_time", sa.BigInteger(), nullable=True),
        sa.Column("amr", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_from", sa.String(), nullable=False),
        sa.Column("jkt", sa.String(), nullable=True),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("family_id", sa.String(), nullable=True),
        sa.Column("live_for", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("request_hash", name="pk_backchannel_request"),
        sa.UniqueConstraint("live_for", name="uq_backchannel_request_live_for"),
    )
    op.create_index("ix_backchannel_request_account_id", "backchannel_request", ["account_id"])
    op.create_index("ix_backchannel_request_due_at", "backchannel_request", ["due_at"])
    op.create_index("ix_backchannel_request_expires_at", "backchannel_request", ["expires_at"])
