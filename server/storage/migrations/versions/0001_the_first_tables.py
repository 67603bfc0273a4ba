"""The first tables: what the law wants remembered, the outbox of news, and readings."""

import sqlalchemy as sa
from alembic import op

from server.storage.migrations import (
    audit_table,
    backchannel_tables,
    factor_tables,
    letters_tables,
    registration_tables,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    _device_authorization()
    _authorization_request()
    _family()
    _refresh_token()
    _client()
    _account()
    _session()
    _guess_count()
    _once()
    _signing_key()
    _news()
    _reading()
    audit_table.create()
    backchannel_tables.create()
    registration_tables.create()
    letters_tables.create()
    factor_tables.create()


def _device_authorization() -> None:
    op.create_table(
        "device_authorization",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("claimed_name", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("auth_time", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("jkt", sa.String(), nullable=True),
        sa.Column("amr", sa.Text(), nullable=False),
        sa.Column("max_age", sa.BigInteger(), nullable=True),
        sa.Column("acr_values", sa.Text(), nullable=False),
        sa.Column("shows_match", sa.Boolean(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("proof", sa.String(), nullable=False),
        sa.Column("match", sa.String(), nullable=False),
        sa.Column("stopped_for", sa.String(), nullable=False),
        sa.Column("lasts_for", sa.BigInteger(), nullable=True),
        sa.Column("family_id", sa.String(), nullable=True),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.Column("ui_locales", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name="pk_device_authorization"),
        sa.UniqueConstraint("user_code_hash", name="uq_device_authorization_user_code_hash"),
    )
    op.create_index("ix_device_authorization_expires_at", "device_authorization", ["expires_at"])


def _authorization_request() -> None:
    op.create_table(
        "authorization_request",
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("redirect_uri", sa.String(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("nonce", sa.String(), nullable=True),
        sa.Column("prompts", sa.Text(), nullable=False),
        sa.Column("max_age", sa.BigInteger(), nullable=True),
        sa.Column("login_hint", sa.String(), nullable=False),
        sa.Column("jkt", sa.String(), nullable=True),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("auth_time", sa.BigInteger(), nullable=True),
        sa.Column("amr", sa.Text(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("family_id", sa.String(), nullable=True),
        sa.Column("response_type", sa.String(), nullable=False),
        sa.Column("response_mode", sa.String(), nullable=False),
        sa.Column("acr_values", sa.Text(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("ui_locales", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request_hash", name="pk_authorization_request"),
        sa.UniqueConstraint("code_hash", name="uq_authorization_request_code_hash"),
    )
    op.create_index("ix_authorization_request_expires_at", "authorization_request", ["expires_at"])


def _family() -> None:
    op.create_table(
        "family",
        sa.Column("family_id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_name", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("jkt", sa.String(), nullable=True),
        sa.Column("amr", sa.Text(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("given_name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("family_id", name="pk_family"),
    )
    op.create_index("ix_family_account_id_last_seen_at", "family", ["account_id", "last_seen_at"])
    op.create_index("ix_family_client_id", "family", ["client_id"])
    op.create_index("ix_family_device_id", "family", ["device_id"])
    op.create_index("ix_family_ended_at", "family", ["ended_at"])
    op.create_index("ix_family_expires_at", "family", ["expires_at"])
    op.create_index("ix_family_session_id", "family", ["session_id"])


def _refresh_token() -> None:
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("family_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.family_id"], name="fk_refresh_token_family_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_token"),
    )
    op.create_index("ix_refresh_token_expires_at", "refresh_token", ["expires_at"])
    op.create_index("ix_refresh_token_family_id", "refresh_token", ["family_id"])


def _client() -> None:
    op.create_table(
        "client",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("auth_method", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("is_dpop_bound", sa.Boolean(), nullable=False),
        sa.Column("audiences", sa.Text(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("jwks", sa.String(), nullable=False),
        sa.Column("redirect_uris", sa.Text(), nullable=False),
        sa.Column("requires_par", sa.Boolean(), nullable=False),
        sa.Column("may_introspect", sa.Boolean(), nullable=False),
        sa.Column("post_logout_redirect_uris", sa.Text(), nullable=False),
        sa.Column("backchannel_logout_uri", sa.String(), nullable=False),
        sa.Column("backchannel_token_delivery_mode", sa.String(), nullable=False),
        sa.Column("backchannel_client_notification_endpoint", sa.String(), nullable=False),
        sa.Column("backchannel_user_code_parameter", sa.Boolean(), nullable=False),
        sa.Column("backchannel_authentication_request_signing_alg", sa.String(), nullable=False),
        sa.Column("jwks_uri", sa.String(), nullable=False),
        sa.Column("is_claimed", sa.Boolean(), nullable=False),
        sa.Column("is_for_known_devices", sa.Boolean(), nullable=False),
        sa.Column("tls_subject", sa.String(), nullable=False),
        sa.Column("is_certificate_bound", sa.Boolean(), nullable=False),
        sa.Column("device_policy", sa.String(), nullable=False),
        sa.Column("device_digits", sa.String(), nullable=False),
        sa.Column("device_networks", sa.Text(), nullable=False),
        sa.Column("device_scopes", sa.Text(), nullable=False),
        sa.Column("device_lifetimes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name="pk_client"),
    )


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("is_email_verified", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("tidy_username", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_account"),
        sa.UniqueConstraint("email", name="uq_account_email"),
        sa.UniqueConstraint("tidy_username", name="uq_account_tidy_username"),
    )


def _session() -> None:
    op.create_table(
        "session",
        sa.Column("session_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("amr", sa.Text(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("session_hash", name="pk_session"),
    )
    op.create_index("ix_session_account_id", "session", ["account_id"])
    op.create_index("ix_session_expires_at", "session", ["expires_at"])


def _guess_count() -> None:
    op.create_table(
        "guess_count",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_guess_count"),
    )
    op.create_index("ix_guess_count_ends_at", "guess_count", ["ends_at"])


def _once() -> None:
    op.create_table(
        "once",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_once"),
    )
    op.create_index("ix_once_expires_at", "once", ["expires_at"])


def _signing_key() -> None:
    op.create_table(
        "signing_key",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("algorithm", sa.String(), nullable=False),
        sa.Column("private_pem", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("active_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_signing_key"),
    )


def _news() -> None:
    op.create_table(
        "news",
        sa.Column("news_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("news_id", name="pk_news"),
        sqlite_autoincrement=True,
    )


def _reading() -> None:
    op.create_table(
        "reading",
        sa.Column("reading_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "number", name="pk_reading"),
    )
    op.create_index("ix_reading_account_id_at", "reading", ["account_id", "at"])
