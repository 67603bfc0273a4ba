"""The tables of links that work once and of what is owed, as the first migration makes them."""

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Both."""
    _link()
    _delivery()


def _link() -> None:
    op.create_table(
        "link",
        sa.Column("link_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("family_id", sa.String(), nullable=False),
        sa.Column("is_mailed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("link_hash", name="pk_link"),
    )
    op.create_index("ix_link_account_id", "link", ["account_id"])
    op.create_index("ix_link_expires_at", "link", ["expires_at"])


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_delivery"),
    )
    op.create_index("ix_delivery_due_at", "delivery", ["due_at"])
    op.create_index("ix_delivery_expires_at", "delivery", ["expires_at"])
