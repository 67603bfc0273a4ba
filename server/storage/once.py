"""The job that lets a thing be shown once (a proof's `jti`): whoever writes its row first was the first."""

from typing import Any, Final

from sqlalchemy.dialects import postgresql, sqlite

from .tables import ONCE
from .writer import Transaction

_TAKE: Final[dict[str, Any]] = {
    "sqlite": sqlite.insert(ONCE).on_conflict_do_nothing().returning(ONCE.c.key_hash),
    "postgresql": postgresql.insert(ONCE).on_conflict_do_nothing().returning(ONCE.c.key_hash),
}


def take(transaction: Transaction, key_hash: bytes, expires_at: int) -> bool:
    connection = transaction.connection
    done = connection.execute(_TAKE[connection.dialect.name], {"key_hash": key_hash, "expires_at": expires_at})
    return done.first() is not None
