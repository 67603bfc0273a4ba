"""Events are written with what they tell of or not at all, and whoever follows them misses none."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

import psycopg
import pytest

from server.oauth.account import Account, Session
from server.oauth.authorization import AuthorizationRequest
from server.oauth.event import Event, Recorded, Sought, happened
from server.oauth.store import NameTaken, SigningKey
from server.oauth.token import Family, RefreshToken, Rotation, rotate
from server.storage import Cellar
from tests.postgres import Cluster
from tests.storage.story import (
    NOW,
    Opened,
    a_device,
    a_family,
    a_hash,
    a_signed_in_family,
    a_token,
    approve,
    opened,
    redeem,
    tell,
)
from tests.storage.test_authorizations import a_request
from tests.storage.test_people import TV
from tests.waiting import wait_until

DAY = 86_400_000


def an_event(detail: str, **more: object) -> Event:
    return replace(happened("issued", "client", NOW, detail=detail), **more)  # type: ignore[arg-type]


async def details(store: Cellar) -> list[str]:
    return [each.event.detail for each in await store.events_after(0, 1_000)]


def no_change(*_: object) -> None:
    raise PermissionError


async def nothing_is_told_of(work: Awaitable[object], store: Cellar, error: type[Exception]) -> None:
    before = await store.last_event()
    with pytest.raises(error):
        await work
    assert await store.events_after(before, 10) == []


def test_an_event_is_read_as_it_was_written(database_url: str) -> None:
    told = an_event("Küche", client_id="tv", account_id="ann", device_id="d", family_id="f", address="::1").many(7)

    async def write(store: Cellar, _: Opened) -> None:
        await store.record((told, an_event("next")))
        assert await store.events_after(0, 1) == [Recorded(1, told)]
        assert [each.number for each in await store.events_after(0, 9)] == [1, 2]
        assert await store.last_event() == 2

    tell(database_url, write)


def test_each_change_brings_its_events_and_a_refused_one_brings_none(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        authorization, family = a_device(), a_family()
        await store.add_device(authorization)
        code_hash = authorization.code_hash
        await store.change_device(code_hash, approve, events=(an_event("approved"),))
        await nothing_is_told_of(
            store.change_device(code_hash, no_change, events=(an_event("no"),)),  # type: ignore[arg-type]
            store,
            PermissionError,
        )
        await store.change_device(code_hash, lambda found: found, events=(an_event("no"),))  # type: ignore[arg-type,return-value]
        await store.redeem_device(code_hash, redeem, family, None, events=(an_event("redeemed"),))
        again = store.redeem_device(code_hash, no_change, a_family(), None, events=(an_event("no"),))  # type: ignore[arg-type]
        await nothing_is_told_of(again, store, PermissionError)
        assert await details(store) == ["approved", "redeemed"]

    tell(database_url, story)


def test_requests_of_apps_bring_their_events(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        request = a_request()
        await store.add_request(request)

        def same(found: AuthorizationRequest | None) -> AuthorizationRequest:
            assert found is not None
            return found

        await store.change_request(request.request_hash, same, events=(an_event("approved"),))
        await store.redeem_request(request.request_hash, same, a_family(), None, events=(an_event("issued"),))
        refused = store.change_request(request.request_hash, no_change, events=(an_event("no"),))  # type: ignore[arg-type]
        await nothing_is_told_of(refused, store, PermissionError)
        assert await details(store) == ["approved", "issued"]

    tell(database_url, story)


def test_the_end_of_a_family_is_told_once_and_of_that_family(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        family, _token = await a_signed_in_family(store)
        ends = (store.end_family(family.family_id, NOW + n, event=an_event(f"end {n}")) for n in range(5))
        await asyncio.gather(*ends)
        await store.end_family("nobody's", NOW, event=an_event("no"))
        (recorded,) = await store.events_after(0, 10)
        told = recorded.event
        whom = (family.client_id, family.account_id, family.device_id, family.family_id)
        assert (told.client_id, told.account_id, told.device_id, told.family_id) == whom

    tell(database_url, story)


def test_a_rotation_brings_the_events_that_its_outcome_makes(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        family, token = await a_signed_in_family(store)

        def change(shown: RefreshToken, found: Family) -> Rotation:
            rotation = rotate(found, shown, a_token(family), "tv", NOW + 1)
            return replace(rotation, events=(an_event("refreshed" if rotation.successor else "replayed"),))

        for _try in range(2):
            await store.rotate(token.token_hash, change)
        assert await details(store) == ["refreshed", "replayed"]

    tell(database_url, story)


def test_clients_people_sessions_and_keys_bring_theirs(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        account = Account("ann", "ann", "Ann", "hash", NOW)
        key = SigningKey("k", "ES256", "pem", NOW, NOW)
        session = Session(a_hash(), "ann", NOW, NOW + DAY)
        made: tuple[tuple[Callable[..., Awaitable[None]], object], ...] = (
            (store.add_client, TV),
            (store.change_client, replace(TV, is_enabled=False)),
            (store.add_account, account),
            (store.change_account, replace(account, is_enabled=False)),
            (store.add_session, session),
            (store.end_session, session.session_hash),
            (store.add_key, key),
            (store.change_key, replace(key, retired_at=NOW)),
        )
        for number, (do, value) in enumerate(made):
            await do(value, events=(an_event(str(number)),))
        await store.end_session(session.session_hash, events=(an_event("no session"),))
        await nothing_is_told_of(store.add_client(TV, events=(an_event("no"),)), store, NameTaken)
        gone = store.change_client(replace(TV, client_id="gone"), events=(an_event("no"),))
        await nothing_is_told_of(gone, store, LookupError)
        assert await details(store) == [str(number) for number in range(len(made))]

    tell(database_url, story)


def test_events_are_found_by_what_whom_and_when(database_url: str) -> None:
    told = (
        happened("approved", "person", NOW, account_id="ann", client_id="tv", detail="one"),
        happened("issued", "client", NOW + 1, account_id="ann", client_id="tv", device_id="d-1", detail="two"),
        happened("refused", "stranger", NOW + 2, client_id="radio", detail="three"),
    )

    async def story(store: Cellar, _: Opened) -> None:
        await store.record(told)

        async def found(limit: int = 10, **sought: object) -> list[str]:
            return [each.event.detail for each in await store.events(Sought(**sought), limit)]  # type: ignore[arg-type]

        assert await found() == ["three", "two", "one"]
        assert await found(2) == ["three", "two"]
        assert await found(client_id="tv") == ["two", "one"]
        assert await found(account_id="ann", what=("approved", "refused")) == ["one"]
        assert await found(device_id="d-1") == ["two"]
        assert await found(since=NOW + 1) == ["three", "two"]

    tell(database_url, story)


def test_old_events_are_swept_and_their_numbers_are_not_given_again(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        await store.record([an_event("old") for _ in range(1_200)])
        await store.record((an_event("young", at=NOW + 1),))
        assert [await store.sweep(NOW + DAY, audit_for=DAY) for _ in range(3)] == [1_000, 200, 0]
        assert await details(store) == ["young"]
        await store.sweep(NOW + 2 * DAY, audit_for=DAY)
        await store.record((an_event("last"),))
        assert [each.number for each in await store.events_after(1_201, 10)] == [1_202]

    tell(database_url, story)


def test_what_strangers_send_is_cut_and_put_on_one_line() -> None:
    told = happened("refused", "stranger", NOW, client_id="a\x1b[2Jb\n" * 100, detail="plain")
    assert told.client_id.startswith("a?[2Jb?a?")
    assert len(told.client_id) == 200
    assert told.detail == "plain"


_PROGRAM = """
import asyncio, sys
from server.oauth.event import happened
from server.storage import open_storage
from tests.storage.story import NOW, a_device, approve
async def main():
    store = open_storage(sys.argv[1])
    await store.open(lambda news: None)
    async def without_end():
        while True:
            authorization = a_device()
            await store.add_device(authorization)
            name = authorization.code_hash.hex()
            await store.change_device(
                authorization.code_hash, approve, events=(happened("approved", "person", NOW, detail=name),)
            )
            print("approved", name, flush=True)
            await store.record((happened("issued", "client", NOW, detail=name),))
            print("issued", name, flush=True)
    await asyncio.gather(*(without_end() for _ in range(16)))
asyncio.run(main())
"""


def test_the_event_of_whatever_was_answered_is_there_after_kill_9(shared_url: str) -> None:
    async def killed() -> list[list[str]]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", _PROGRAM, shared_url, stdout=pipe)
        assert process.stdout is not None
        async with asyncio.timeout(60):
            lines = [await process.stdout.readline() for _ in range(400)]
            process.kill()
            rest = await process.stdout.read()
            assert await process.wait() == -signal.SIGKILL
        return [line.decode().split() for line in (*lines, *rest.splitlines(keepends=True)) if line.endswith(b"\n")]

    answered = asyncio.run(killed())

    async def story(store: Cellar, _: Opened) -> None:
        told = [each.event for each in await store.events_after(0, 100_000)]
        there = {(event.what, event.detail) for event in told}
        assert {(what, name) for what, name in answered} <= there
        approved = {one.code_hash.hex() for one in await store.unexpired_devices(NOW) if one.state == "approved"}
        assert approved == {name for what, name in there if what == "approved"}, "never one without the other"

    tell(shared_url, story)


def test_whoever_follows_several_servers_misses_no_event(postgres: Cluster) -> None:
    """A transaction that drew the smaller number may commit last: its event must not come to light behind us."""

    async def story(url: str) -> None:
        async with opened(url) as it, opened(url) as watch:
            with psycopg.connect(url) as slow, psycopg.connect(url, autocommit=True) as looker:
                columns = "event_id, at, what, actor, client_id, account_id, device_id, family_id"
                rest = "address, request_id, detail, times"
                slow.execute(
                    f"INSERT INTO audit_event ({columns}, {rest}) "
                    "VALUES ('slow', 1, 'issued', 'client', '', '', '', '', '', '', 'slow', 1)"
                )
                await it.store.record((an_event("quick"),))
                following = asyncio.create_task(watch.store.events_after(0, 10))
                last = asyncio.create_task(it.store.last_event())
                await asyncio.to_thread(wait_until, lambda: _waiting(looker) == 2, 10)
                assert not following.done()
                slow.commit()
            assert [(each.number, each.event.detail) for each in await following] == [(1, "slow"), (2, "quick")]
            assert await last == 2

    asyncio.run(story(postgres.database()))


def _waiting(connection: psycopg.Connection) -> int:
    """How many wait for the lock of the table."""
    row = connection.execute(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'audit_event'::regclass"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_number_that_was_rolled_back_holds_nobody_up(postgres: Cluster) -> None:
    async def story(url: str) -> None:
        async with opened(url) as it:
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT nextval('audit_event_number_seq')")
            await it.store.record((an_event("one"),))
            async with asyncio.timeout(10):
                assert [each.number for each in await it.store.events_after(0, 10)] == [2]

    asyncio.run(story(postgres.database()))
