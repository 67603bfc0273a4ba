"""The job that lets a thing be shown once (a proof's `jti`): whoever writes its row first was the first."""

from typing import Final

from sqlalchemy import text

from .writer import Transaction

# In words both databases understand: importing a dialect for its `insert` loads all of its drivers' code.
_TAKE: Final = text(
    "INSERT INTO once (key_hash, expires_at) VALUES (:key_hash, :expires_at) ON CONFLICT DO NOTHING RETURNING key_hash"
)


def take(transaction: Transaction, key_hash: bytes, expires_at: int) -> bool:
    done = transaction.connection.execute(_TAKE, {"key_hash": key_hash, "expires_at": expires_at})
    return done.first() is not None
