"""Which version of the tables a database has, and bringing it to ours.

Alembic and SQLModel are imported only when there is something to migrate: they cost a running server thirty megabytes.
"""

from typing import Final

from sqlalchemy import Connection, inspect, text

from server.oauth.store import StorageError

from .tables import TABLES

REVISIONS: Final = ("0001",)  # oldest first, as in migrations/versions
VERSION_TABLE: Final = "porchlight_version"
_LOCK: Final = 0x706F726368  # "porch": what servers that start at once on PostgreSQL queue at


def revision(connection: Connection) -> str | None:
    """The revision of this database; None when it holds nothing of ours."""
    inspector = inspect(connection)
    if inspector.has_table(VERSION_TABLE):
        found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - constant
        if found is not None:
            return str(found)
    foreign = sorted({each.name for each in TABLES} & set(inspector.get_table_names()))
    if foreign:
        raise StorageError(
            f"the database has tables of another program in it ({', '.join(foreign)}); give Porchlight one of its own"
        )
    return None


def ensure(connection: Connection, where: str) -> None:
    """Make the tables of an empty database; refuse any version but ours with `StorageError`."""
    with connection.begin():
        found = revision(connection)
    if found is None:
        with connection.begin():
            _queue(connection)
            if revision(connection) is None:  # else somebody made them while we waited
                _upgrade(connection)
    elif found not in REVISIONS:
        raise StorageError(
            f"{where} was written by a newer Porchlight (its version is {found}, this program knows {REVISIONS[-1]}): "
            "install that version again, or restore a backup from before the upgrade"
        )
    elif found != REVISIONS[-1]:
        raise StorageError(
            f"{where} was written by an older Porchlight (its version is {found}, now it is {REVISIONS[-1]}): "
            "make a backup, then run `porchlight db upgrade`"
        )


def bring_up(connection: Connection, where: str) -> tuple[str | None, str]:
    """Migrate to our revision, whatever was there: the revisions before and after. Refuses a newer one."""
    with connection.begin():
        _queue(connection)
        before = revision(connection)
        if before is None or before in REVISIONS[:-1]:
            _upgrade(connection)
    ensure(connection, where)
    return before, REVISIONS[-1]


def _queue(connection: Connection) -> None:
    """Let one process at a time migrate. On SQLite the transaction has locked the file already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "server.storage:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
