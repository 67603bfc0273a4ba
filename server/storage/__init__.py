"""The cellar: adapters of `server/oauth/store.py`, their tables and migrations. Never a decision.

`open_storage(url)` finds the store for `memory:`, `sqlite:///path` or `postgresql://...`. Its promises are written down
in `server/oauth/store.py`, and `tests/storage` holds every adapter to them; besides them it keeps `readings`.
"""

from .choose import Cellar, open_storage, upgrade

__all__ = ["Cellar", "open_storage", "upgrade"]
