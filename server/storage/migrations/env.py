"""What alembic runs: our migrations on the connection and in the transaction that `schema` hands over."""

from alembic import context
from sqlalchemy import Connection

from server.storage.rows import METADATA
from server.storage.schema import VERSION_TABLE

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
