"""Versions: an empty database gets its tables, ours is left alone, an older and a newer one are refused by name."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from server.oauth.store import StorageError
from server.storage import Cellar, rows, schema, tables, upgrade
from server.storage.choose import database
from tests.postgres import Cluster
from tests.storage.story import Opened, tell
from tests.storage.test_people import TV
from tests.storage.test_start import refusal


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'porchlight.db'}"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.database(empty=True)


def _connections(url: str) -> Iterator[Connection]:
    engine: Engine = database(url).writer()
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _write(url: str, *statements: str) -> None:
    for connection in _connections(url):
        with connection.begin():
            for statement in statements:
                connection.execute(text(statement))


def test_migrations_and_tables_agree(empty_url: str) -> None:
    upgrade(empty_url)
    for connection in _connections(empty_url):
        options = {"compare_type": True, "compare_server_default": True, "version_table": schema.VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, rows.METADATA) == []
        names = {name for name in inspect(connection).get_table_names() if not name.startswith("sqlite_")}
        assert names == {*rows.METADATA.tables, schema.VERSION_TABLE}


def test_the_list_of_revisions_is_that_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", "server.storage:migrations")
    scripts = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(scripts)) == schema.REVISIONS


def test_statements_know_every_table_and_every_column_by_its_type() -> None:
    made = {table.name: {column.name: column.type for column in table.columns} for table in rows.METADATA.sorted_tables}
    known = {table.name: {column.name: column.type for column in table.columns} for table in tables.TABLES}
    assert {name: list(columns) for name, columns in known.items()} == {name: list(it) for name, it in made.items()}
    for name, columns in known.items():
        for column, kind in columns.items():
            assert _kept_as(kind) == _kept_as(made[name][column]), f"{name}.{column}"


def _kept_as(kind: Any) -> tuple[type, bool]:
    """As which type of Python, and whether as words."""
    return getattr(kind, "impl", kind).python_type, isinstance(kind, tables.Words)


def test_every_lookup_has_an_index() -> None:
    looked_up = {
        "device_authorization": {"code_hash", "user_code_hash", "expires_at"},
        "family": {"family_id", "account_id", "device_id", "expires_at", "ended_at"},
        "refresh_token": {"token_hash", "family_id", "expires_at"},
        "account": {"account_id", "tidy_username"},
        "session": {"session_hash", "expires_at"},
        "guess_count": {"key", "ends_at"},
        "reading": {"device_id", "account_id"},
    }
    for name, columns in looked_up.items():
        table = rows.METADATA.tables[name]
        first = {next(iter(index.columns)).name for index in table.indexes}
        first |= {next(iter(c.columns)).name for c in table.constraints if type(c).__name__ in _UNIQUE}
        assert columns <= first, name


_UNIQUE = ("PrimaryKeyConstraint", "UniqueConstraint")


async def _use(store: Cellar, _: Opened) -> None:
    await store.add_client(TV)


async def _used(store: Cellar, _: Opened) -> None:
    assert await store.find_client("tv") == TV


def test_an_empty_database_gets_its_tables_and_a_second_start_changes_nothing(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(empty_url, _use)
    monkeypatch.setattr(schema, "_upgrade", lambda _: pytest.fail("migrated again"))
    tell(empty_url, _used)
    assert upgrade(empty_url) == ("0001", "0001")


def test_a_database_of_a_newer_version_is_refused_by_name_and_left_alone(empty_url: str) -> None:
    tell(empty_url, _use)
    _write(empty_url, f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'")
    said = refusal(empty_url)
    assert "written by a newer Porchlight" in said
    assert "9999" in said
    with pytest.raises(StorageError, match="newer Porchlight"):
        upgrade(empty_url)
    _write(empty_url, f"UPDATE {schema.VERSION_TABLE} SET version_num = '0001'")
    tell(empty_url, _used)


def test_a_database_of_an_older_version_is_refused_with_the_command_that_upgrades_it(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(empty_url, _use)
    monkeypatch.setattr(schema, "REVISIONS", ("0001", "0002"))
    said = refusal(empty_url)
    assert "written by an older Porchlight" in said
    assert "`porchlight db upgrade`" in said

    def second(connection: Connection) -> None:
        connection.execute(text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '0002'"))

    monkeypatch.setattr(schema, "_upgrade", second)
    assert upgrade(empty_url) == ("0001", "0002")
    tell(empty_url, _used)


def test_an_upgrade_that_fails_changes_nothing(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (done INTEGER)"))
        raise RuntimeError("power failure")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "_upgrade", half)
        with pytest.raises(StorageError, match="power failure"):
            upgrade(empty_url)
    for connection in _connections(empty_url):
        assert not inspect(connection).has_table("half")
    assert upgrade(empty_url) == (None, "0001")


def test_the_database_of_another_program_is_refused_and_left_alone(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        database(empty_url).prepare()
    _write(empty_url, "CREATE TABLE account (id INTEGER)", "INSERT INTO account VALUES (7)")
    assert "tables of another program in it (account)" in refusal(empty_url)
    for connection in _connections(empty_url):
        assert connection.execute(text("SELECT id FROM account")).scalar() == 7


def test_four_servers_that_start_at_once_on_an_empty_database_all_start(empty_url: str) -> None:
    program = """
import asyncio, sys
from server.storage import open_storage
async def main():
    store = open_storage(sys.argv[1])
    await store.open(print)
    await store.clients()
    await store.close()
asyncio.run(main())
"""

    async def start() -> tuple[int | None, bytes]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, empty_url, stderr=pipe)
        _, said = await process.communicate()
        return process.returncode, said

    async def story() -> None:
        async with asyncio.timeout(60):
            assert await asyncio.gather(*(start() for _ in range(4))) == [(0, b"")] * 4

    asyncio.run(story())
