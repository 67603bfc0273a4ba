"""What an operator can have wrong is refused at the start, by name, with what to do."""

import asyncio
import re
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from server.oauth.store import StorageError
from server.storage import Cellar, open_storage
from tests.postgres import Cluster
from tests.storage.places import fill, nobody_special, open_folder, small_disk
from tests.storage.story import Opened, a_device, opened, tell
from tests.storage.test_people import TV


def refusal(url: str) -> str:
    """What opening this storage says; it must refuse, in good time, and leave nothing running."""

    async def story() -> str:
        store = open_storage(url)
        with pytest.raises(StorageError) as refused:
            async with asyncio.timeout(20):
                await store.open(lambda _: None)
        with pytest.raises(StorageError, match="not open"):
            await store.find_client("tv")
        await store.close()
        return str(refused.value)

    return asyncio.run(story())


async def _touch(store: Cellar, _: Opened) -> None:
    await store.add_client(TV)


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def _bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "cannot be read"),
        ("porchlight.db", "cannot be read"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("mysql://ann:secret@db/porchlight", "cannot keep things in mysql"),
        ("postgresql://ann:secret@db", "names no database"),
        ("postgresql://ann:secret@db:port/porchlight", "cannot be read"),
    ],
)
def test_a_url_that_names_no_storage_is_refused_without_its_password(url: str, words: str) -> None:
    with pytest.raises(StorageError, match=words) as refused:
        open_storage(url)
    assert "sqlite:///path" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    assert f"directory {tmp_path / 'no'} does not exist: create it" in refusal(f"sqlite:///{tmp_path}/no/porchlight.db")


def test_a_directory_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    assert "is a directory" in refusal(f"sqlite:///{tmp_path}")


def test_a_directory_that_cannot_be_written_is_named() -> None:
    with open_folder() as folder:
        url = f"sqlite:///{folder}/porchlight.db"
        folder.chmod(0o555)
        with nobody_special():
            assert f"directory {folder} cannot be written" in refusal(url)
        folder.chmod(0o755)
        tell(url, _touch)
        (folder / "porchlight.db").chmod(0o666)  # the file could be written, its log beside it could not be made
        folder.chmod(0o555)
        with nobody_special():
            assert "cannot be" in refusal(url)


def test_a_file_that_cannot_be_written_is_named_and_stays_as_it_is() -> None:
    with open_folder() as folder:
        url = f"sqlite:///{folder}/porchlight.db"
        tell(url, _touch)
        before = _bytes_in(folder)
        (folder / "porchlight.db").chmod(0o444)
        folder.chmod(0o777)
        with nobody_special():
            assert f"{folder}/porchlight.db cannot be written: give the file" in refusal(url)
        assert _bytes_in(folder) == before


@pytest.mark.parametrize("damage", ["no database", "torn pages"])
def test_a_damaged_file_is_named_and_not_touched(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "porchlight.db"
    tell(f"sqlite:///{file}", _touch)
    data = file.read_bytes()
    file.write_bytes(
        b"no database at all\n" * 400 if damage == "no database" else data[:100] + b"\xa5" * (len(data) - 100)
    )
    before = file.read_bytes()
    said = refusal(f"sqlite:///{file}")
    assert "is damaged" in said
    assert "backup" in said
    assert file.read_bytes() == before


def test_a_full_disk_is_named_at_the_start() -> None:
    with small_disk(1_024) as disk:
        if disk is None:  # where nothing can be mounted, the database itself is what is full
            return _a_full_database_is_named()
        tell(f"sqlite:///{disk}/porchlight.db", _touch)
        fill(disk)
        assert "disk is full: make room" in refusal(f"sqlite:///{disk}/porchlight.db")
        (disk / "ballast").unlink()
        tell(f"sqlite:///{disk}/porchlight.db", _still_there)
    return None


def _a_full_database_is_named() -> None:
    with open_folder() as folder:
        file = folder / "porchlight.db"
        tell(f"sqlite:///{file}", _touch)
        with pytest.MonkeyPatch.context() as patch:
            _limit_pages(patch, 1)
            assert "disk is full: make room" in refusal(f"sqlite:///{file}")
        tell(f"sqlite:///{file}", _still_there)


async def _still_there(store: Cellar, _: Opened) -> None:
    assert await store.find_client("tv") == TV


def _limit_pages(patch: pytest.MonkeyPatch, more: int) -> None:
    """Let the file grow by so many pages at most."""
    from server.storage import sqlite

    set_up = sqlite._set_up_writer

    def small(connection: sqlite3.Connection, record: object) -> None:
        set_up(connection, record)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + more}")

    patch.setattr(sqlite, "_set_up_writer", small)


def test_a_disk_that_fills_up_later_refuses_and_recovers_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/porchlight.db"
    tell(url, _touch)
    _limit_pages(monkeypatch, 40)

    async def story() -> None:
        async with opened(url) as it:
            many = [a_device() for _ in range(1_500)]
            ends = await asyncio.gather(*map(it.store.add_device, many), return_exceptions=True)
            refused = [end for end in ends if end is not None]
            assert refused
            assert {type(end) for end in refused} == {StorageError}
            assert all("disk is full: make room" in str(end) for end in refused)
            kept = {one.code_hash for one in await it.store.unexpired_devices(0)}
            assert kept == {one.code_hash for one, end in zip(many, ends, strict=True) if end is None}
            assert await it.store.find_client("tv") == TV
            while await it.store.sweep(many[0].expires_at + 600_000):
                pass
            await it.store.add_device(many[-1])

    asyncio.run(story())


def test_the_file_and_its_log_are_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "porchlight.db"

    async def story(store: Cellar, _: Opened) -> None:
        await store.add_client(TV)
        assert _modes(tmp_path) == dict.fromkeys(("porchlight.db", "porchlight.db-wal", "porchlight.db-shm"), 0o600)

    tell(f"sqlite:///{file}", story)
    file.chmod(0o644)

    async def again(store: Cellar, _: Opened) -> None:
        await store.change_client(replace(TV, name="Other"))
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    tell(f"sqlite:///{file}", again)


def test_a_pulled_plug_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        group = store.group  # type: ignore[attr-defined]
        settings = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = await group.do(lambda tx: [tx.connection.exec_driver_sql(f"PRAGMA {s}").scalar() for s in settings])
        assert found == ["wal", 2, 1, 10_000]

    tell(f"sqlite:///{tmp_path}/porchlight.db", story)


def test_postgresql_that_is_away_is_named(postgres: Cluster) -> None:
    url = postgres.database()
    with postgres.stopped():
        said = refusal(url)
    assert "PostgreSQL cannot be reached" in said
    assert f":***@127.0.0.1:{postgres.port}" in said
    assert "only-for-tests" not in said


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"password": "guessed"}, "refuses the user or password"),
        ({"user": "stranger"}, "refuses the user or password"),
        ({"database": "nowhere"}, r"there is no database of this name .*\(createdb\)"),
    ],
)
def test_a_wrong_word_in_the_postgresql_url_is_named(postgres: Cluster, wrong: dict[str, str], words: str) -> None:
    said = refusal(postgres.url(**({"database": "postgres"} | wrong)))
    assert re.search(words, said)
    assert "guessed" not in said
    assert "only-for-tests" not in said


def test_a_read_only_postgresql_is_named(postgres: Cluster) -> None:
    url = postgres.database()
    assert "is read-only (a standby?)" in refusal(f"{url}?options=-c%20default_transaction_read_only%3Don")


def test_postgresql_is_told_to_commit_to_the_disk_whatever_its_default(postgres: Cluster) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        group = store.group  # type: ignore[attr-defined]
        assert await group.do(lambda tx: tx.connection.exec_driver_sql("SHOW synchronous_commit").scalar()) == "on"

    tell(f"{postgres.database()}?options=-c%20synchronous_commit%3Doff", story)


def test_a_closed_store_says_so_instead_of_hanging(shared_url: str) -> None:
    async def story() -> None:
        async with opened(shared_url) as it:
            waiting = [asyncio.ensure_future(it.store.add_device(a_device())) for _ in range(50)]
            await asyncio.sleep(0)
            await it.store.close()
            await asyncio.gather(*waiting)  # what was begun is finished
            for call in (it.store.add_device(a_device()), it.store.find_client("tv")):
                with pytest.raises(StorageError, match="not open"):
                    await call

    asyncio.run(story())
