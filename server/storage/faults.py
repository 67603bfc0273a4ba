"""What can be wrong with a database, in words that say what to do."""

from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError

from server.oauth.store import StorageError


class Duplicate(StorageError):
    """A unique column has this value already."""


# The first line whose beginning fits SQLite's name of the error.
_SQLITE: Final = (
    ("SQLITE_FULL", "the disk is full: make room on the disk of {where}, then try again"),
    ("SQLITE_IOERR_SHMSIZE", "the disk is full: make room on the disk of {where}, then try again"),
    (
        "SQLITE_READONLY_DIRECTORY",
        "the directory of {where} cannot be written: give it to the user that runs Porchlight",
    ),
    ("SQLITE_READONLY", "{where} cannot be written: give the file to the user that runs Porchlight (chown, chmod 600)"),
    (
        "SQLITE_CANTOPEN",
        "{where} cannot be opened: its directory must exist and belong to the user that runs Porchlight",
    ),
    ("SQLITE_NOTADB", "{where} is damaged or no SQLite database: restore it from a backup, or name another file"),
    ("SQLITE_CORRUPT", "{where} is damaged: restore it from a backup"),
    ("SQLITE_BUSY", "{where} has been locked by another program for too long: end that program"),
    ("SQLITE_IOERR", "{where} cannot be read or written: check the disk it is on"),
)

# By SQLSTATE where the server gave one.
_POSTGRESQL_STATES: Final = (
    ("28P01", "PostgreSQL refuses the user or password of {where}: check the database URL"),
    ("28", "PostgreSQL does not let this user in at {where}: check the database URL and pg_hba.conf"),
    ("3D000", "there is no database of this name at {where}: create it (createdb), or correct the database URL"),
    ("42501", "the user of {where} may not do this there: make it the owner of the database"),
    ("53100", "the disk of PostgreSQL at {where} is full: make room there, then try again"),
    ("53300", "PostgreSQL at {where} has no connection left: raise max_connections, or run fewer servers"),
    ("25006", "{where} is read-only (a standby?): name the primary server in the database URL"),
    ("57P03", "PostgreSQL at {where} is starting or stopping: try again in a moment"),
)

# A refused connection has no SQLSTATE; libpq says it in words.
_POSTGRESQL_WORDS: Final = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("no pg_hba.conf entry", "28"),
    ("starting up", "57P03"),
    ("shutting down", "57P03"),
    ("too many clients", "53300"),
    ("remaining connection slots", "53300"),
)
_AGAIN: Final = ("40001", "40P01", "55P03")  # serialization failure, deadlock, lock not available


def explain(error: BaseException, where: str) -> StorageError:
    """The `StorageError` that says what is wrong with the database called `where` (a path, a URL without password)."""
    if isinstance(error, StorageError):
        return error
    if isinstance(error, IntegrityError):
        return Duplicate(f"{where} has a row with this key already")
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    name = getattr(cause, "sqlite_errorname", None)
    if isinstance(name, str):
        return StorageError(_sentence(_SQLITE, name, where) or f"{where}: {cause} ({name})")
    if type(cause).__module__.startswith("psycopg"):
        return StorageError(_of_postgresql(cause, where))
    if isinstance(cause, OSError):
        return StorageError(
            f"{where} cannot be opened ({cause.strerror}): create its directory and give it to this user"
        )
    return StorageError(f"{where}: {type(cause).__name__}: {cause}")


def _of_postgresql(cause: BaseException, where: str) -> str:
    said = str(cause).strip()
    state = getattr(cause, "sqlstate", None) or next((s for words, s in _POSTGRESQL_WORDS if words in said), None)
    if state is None and 'database "' in said and "does not exist" in said:
        state = "3D000"
    if state is not None:
        return _sentence(_POSTGRESQL_STATES, state, where) or f"PostgreSQL at {where}: {said}"
    return f"PostgreSQL cannot be reached at {where}: start it, or correct the database URL ({said.splitlines()[0]})"


def _sentence(table: tuple[tuple[str, str], ...], name: str, where: str) -> str | None:
    return next((words.format(where=where) for beginning, words in table if name.startswith(beginning)), None)


def is_lost(error: BaseException) -> bool:
    """Was this the connection, and not the statement?"""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_passing(error: BaseException) -> bool:
    """Would the same transaction work when it is tried again?"""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _AGAIN
