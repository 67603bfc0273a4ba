"""`kill -9` and a database that falls over: what was answered is there, nothing hangs, the next call works."""

import asyncio
import signal
import sys
from dataclasses import replace

import pytest

from server.oauth.device import DeviceAuthorization
from server.oauth.guess import Budget
from server.oauth.store import StorageError
from server.oauth.token import rotate
from server.storage import Cellar
from tests.postgres import Cluster
from tests.storage.story import (
    NOW,
    Opened,
    a_device,
    a_family,
    a_signed_in_family,
    a_token,
    approve,
    opened,
    redeem,
    tell,
)

_PROGRAM = """
import asyncio, sys
from server.storage import open_storage
from tests.storage.story import a_device, approve
async def main():
    store = open_storage(sys.argv[1])
    await store.open(lambda news: None)
    async def without_end():
        while True:
            authorization = a_device()
            await store.add_device(authorization)
            print("added", authorization.code_hash.hex(), flush=True)
            await store.change_device(authorization.code_hash, approve)
            print("approved", authorization.code_hash.hex(), flush=True)
    await asyncio.gather(*(without_end() for _ in range(16)))
asyncio.run(main())
"""


def test_whatever_was_answered_is_there_after_kill_9(shared_url: str) -> None:
    async def killed() -> list[list[str]]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", _PROGRAM, shared_url, stdout=pipe)
        assert process.stdout is not None
        lines = [await process.stdout.readline() for _ in range(1_000)]
        process.kill()
        rest = await process.stdout.read()
        assert await process.wait() == -signal.SIGKILL
        whole = [line for line in rest.splitlines(keepends=True) if line.endswith(b"\n")]
        return [line.decode().split() for line in lines + whole]

    async def timed() -> list[list[str]]:
        async with asyncio.timeout(60):
            return await killed()

    answered = asyncio.run(timed())
    assert len(answered) >= 1_000

    async def story(store: Cellar, _: Opened) -> None:
        kept = {one.code_hash.hex(): one.state for one in await store.unexpired_devices(NOW)}
        assert all(code in kept for _word, code in answered)
        assert {kept[code] for word, code in answered if word == "approved"} == {"approved"}
        await store.add_device(a_device(code_hash=b"\1" * 32, user_code_hash=b"\1" * 32))

    tell(shared_url, story)


def test_after_a_restart_of_postgresql_the_next_call_works(postgres: Cluster) -> None:
    async def story() -> None:
        async with opened(postgres.database()) as it:
            authorization = a_device()
            await it.store.add_device(authorization)
            for crash in (False, True):
                with postgres.stopped(crash=crash):
                    pass
                assert await it.store.find_device(authorization.code_hash) == authorization
                await it.store.add_device(a_device())
            changed = await it.store.change_device(authorization.code_hash, approve)
            assert await it.store.find_device(authorization.code_hash) == changed

    asyncio.run(story())


def test_while_postgresql_is_away_every_call_says_so_and_none_hangs(postgres: Cluster) -> None:
    async def story() -> None:
        async with opened(postgres.database()) as it:
            family, token = await a_signed_in_family(it.store)
            with postgres.stopped():
                calls = (
                    *(it.store.add_device(a_device()) for _ in range(20)),
                    it.store.find_family(family.family_id),
                    it.store.rotate(token.token_hash, lambda shown, f: rotate(f, shown, a_token(f), "tv", NOW)),
                    it.store.sweep(NOW),
                )
                async with asyncio.timeout(10):
                    ends = await asyncio.gather(*calls, return_exceptions=True)
                assert {type(end) for end in ends} == {StorageError}
                assert all("PostgreSQL" in str(end) for end in ends)
            assert await it.store.find_refresh_token(token.token_hash) == (token, family)
            await it.store.add_device(a_device())

    asyncio.run(story())


def test_calls_under_way_when_postgresql_crashes_are_kept_or_refused(postgres: Cluster) -> None:
    async def story() -> None:
        async with opened(postgres.database()) as it:
            kept, refused = [], []

            async def add_on(until: asyncio.Event) -> None:
                while not until.is_set():
                    authorization = a_device()
                    try:
                        await it.store.add_device(authorization)
                        kept.append(authorization)
                    except StorageError:
                        refused.append(authorization)

            until = asyncio.Event()
            adding = [asyncio.create_task(add_on(until)) for _ in range(16)]
            try:
                await asyncio.sleep(0.2)
                await asyncio.to_thread(postgres.stop, crash=True)
                await asyncio.to_thread(postgres.start)
                so_far = len(kept)
                await asyncio.sleep(0.2)
            finally:  # a closed storage refuses without waiting: whoever goes on asking stops the loop
                until.set()
            async with asyncio.timeout(20):
                await asyncio.gather(*adding)
            assert len(kept) > so_far, "it works again"
            there = set(await it.store.unexpired_devices(NOW))
            assert set(kept) <= there
            assert refused

    asyncio.run(story())


def test_two_servers_on_postgresql_redeem_and_rotate_in_turns(postgres: Cluster) -> None:
    async def story(url: str) -> None:
        async with opened(url) as here, opened(url) as there:
            for _ in range(10):
                authorization = a_device()
                await here.store.add_device(authorization)
                await there.store.change_device(authorization.code_hash, approve)
                families = [a_family() for _ in range(10)]
                ends = await asyncio.gather(
                    *(
                        it.store.redeem_device(authorization.code_hash, redeem, family, a_token(family))
                        for family, it in zip(families, [here, there] * 5, strict=True)
                    ),
                    return_exceptions=True,
                )
                assert sum(not isinstance(end, Exception) for end in ends) == 1
            assert len(await here.store.families()) == 10
            family, token = await a_signed_in_family(here.store)
            rotations = await asyncio.gather(
                *(
                    it.store.rotate(token.token_hash, lambda shown, f: rotate(f, shown, a_token(f), "tv", NOW + 1))
                    for it in (here, there) * 5
                )
            )
            assert sum(rotation is not None and rotation.refusal is None for rotation in rotations) == 1
            ended = await there.store.find_family(family.family_id)
            assert ended is not None
            assert ended.ended_at == NOW + 1

    asyncio.run(story(postgres.database()))


def test_two_servers_share_one_guess_budget(shared_url: str) -> None:
    budgets = (Budget("code/session/a", 40, 1_000), Budget("code/service", 1_000, 1_000))

    async def story() -> None:
        async with opened(shared_url) as here, opened(shared_url) as there:
            waits: list[int] = []
            for _ in range(25):  # in many small transactions, so that they do meet
                waits += await asyncio.gather(*(it.store.take_tries(budgets, NOW) for it in (here, there)))
            assert sorted(waits) == [0] * 40 + [1_000] * 10

    asyncio.run(story())


@pytest.mark.parametrize("order", [1, -1])
def test_servers_that_lock_in_opposite_orders_both_finish(postgres: Cluster, order: int) -> None:
    async def story(url: str) -> None:
        async with opened(url) as here, opened(url) as there:
            many = [a_device() for _ in range(60)]
            await asyncio.gather(*map(here.store.add_device, many))

            def touch(found: DeviceAuthorization | None) -> DeviceAuthorization:
                assert found is not None
                return replace(found, claimed_name=f"{found.claimed_name}!")

            async with asyncio.timeout(30):
                await asyncio.gather(
                    *(here.store.change_device(one.code_hash, touch) for one in many),
                    *(there.store.change_device(one.code_hash, touch) for one in many[::order]),
                )
            names = {one.claimed_name for one in await here.store.unexpired_devices(NOW)}
            assert names == {f"{many[0].claimed_name}!!"}

    asyncio.run(story(postgres.database()))
