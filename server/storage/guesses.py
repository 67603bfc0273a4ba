"""Jobs about guess budgets (`server/oauth/guess.py`): counted in rows, so that they survive a restart."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, select, text, update

from server.oauth import guess
from server.oauth.guess import Budget, Count

from .tables import GUESS_COUNTS
from .writer import Transaction

_C: Final = GUESS_COUNTS.c
_SOUGHT: Final = _C.key.in_(bindparam("sought", expanding=True))
_THERE: Final = select(_C.key).where(_SOUGHT)
# Everybody locks in the same order, or two would wait for each other.
_LOCK: Final = select(_C.key, _C.tries, _C.started_at).where(_SOUGHT).order_by(_C.key).with_for_update()
_SET: Final = update(GUESS_COUNTS).where(_C.key == bindparam("sought"))
_GIVE_BACK: Final = _SET.where(_C.tries > 0).values(tries=_C.tries - 1)
_MAKE: Final = text(
    "INSERT INTO guess_count (key, tries, started_at, ends_at) VALUES (:key, 0, :now, :now) ON CONFLICT DO NOTHING"
)


def take(transaction: Transaction, budgets: Sequence[Budget], now: int) -> int:
    """What is missing is made first: a row that is not there cannot be locked."""
    connection = transaction.connection
    keys = sorted({budget.key for budget in budgets})
    _make_missing(connection, keys, now)
    rows = connection.execute(_LOCK, {"sought": keys})
    counts = {row.key: Count(row.tries, row.started_at) for row in rows}
    taken, wait = guess.take(budgets, counts, now)
    windows = {budget.key: budget.window for budget in budgets}
    for key, count in taken.items():
        ends_at = count.started_at + windows[key]
        row = {"sought": key, "tries": count.tries, "started_at": count.started_at, "ends_at": ends_at}
        connection.execute(_SET, row)
    return wait


def give_back(transaction: Transaction, budgets: Sequence[Budget]) -> None:
    for key in sorted({budget.key for budget in budgets}):
        transaction.connection.execute(_GIVE_BACK, {"sought": key})


def _make_missing(connection: Connection, keys: Sequence[str], now: int) -> None:
    there = set(connection.execute(_THERE, {"sought": keys}).scalars())
    rows = [{"key": key, "now": now} for key in keys if key not in there]
    if rows:
        connection.execute(_MAKE, rows)
