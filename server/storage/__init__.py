"""The cellar: adapters of `server/oauth/store.py`, their tables and migrations. Never a decision."""
