"""Sign-ins in memory in front of the store: fresh by news, never older than what was seen, and honest when deaf."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from server.live.sign_ins import FORGET_AFTER, SignIns
from server.oauth import device, verification
from server.oauth.device import DeviceAuthorization
from server.oauth.errors import TemporarilyUnavailable, TooMany
from server.oauth.store import Change, CodeTaken, News
from server.oauth.token import Family
from server.storage.memory import MemoryStore

NOW, LIFE = 1_000_000, 600_000
NEW = DeviceAuthorization(b"c" * 32, b"u" * 32, "tv", ("profile",), NOW, NOW + LIFE)
APPROVED = verification.approve(NEW, account_id="ana", auth_time=NOW, now=NOW + 1)
FAMILY = Family("f", "tv", "ana", "d", ("profile",), NOW, NOW, NOW + LIFE, NOW)


class Counted(MemoryStore):
    """A store that counts what it is asked of device authorizations."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def find_device(self, code_hash: bytes) -> DeviceAuthorization | None:
        self.asked += 1
        return await super().find_device(code_hash)

    async def find_device_by_user_code(self, user_code_hash: bytes) -> DeviceAuthorization | None:
        self.asked += 1
        return await super().find_device_by_user_code(user_code_hash)


Story = Callable[[Counted, SignIns], Coroutine[Any, Any, None]]


def play(story: Story, *, is_shared: bool = False, capacity: int = 10, per_network: int = 10) -> None:
    """Run a story on a fresh store whose news the sign-ins hear."""

    async def whole() -> None:
        store = Counted()
        sign_ins = SignIns(store, is_shared=is_shared, capacity=capacity, per_network=per_network)
        await store.open(sign_ins.hear)
        await sign_ins.load(NOW)
        await story(store, sign_ins)

    asyncio.run(whole())


def number(which: int) -> DeviceAuthorization:
    return replace(NEW, code_hash=bytes([which]) * 32, user_code_hash=bytes([100 + which]) * 32)


def is_current(sign_ins: SignIns) -> bool:
    return sign_ins.is_current


def to(state: DeviceAuthorization) -> Change:
    return lambda found: state


def test_what_was_begun_here_is_found_without_the_store() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(NEW)
        assert await sign_ins.find(NEW.code_hash) == NEW
        assert await sign_ins.find_by_user_code(NEW.user_code_hash) == NEW
        assert await sign_ins.find(b"x" * 32) is None
        assert store.asked == 0
        assert await sign_ins.find_by_user_code(b"x" * 32) is None

    play(story)


def test_what_another_server_began_is_taken_up_where_storage_is_shared() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await store.add_device(NEW)
        assert await sign_ins.find(NEW.code_hash) == NEW
        assert store.asked == 1
        assert await sign_ins.find(NEW.code_hash) == NEW
        assert store.asked == 1

    play(story, is_shared=True)


def test_after_a_restart_all_that_lives_is_there_again() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        for which in range(3):
            await store.add_device(number(which))
        await store.add_device(replace(number(3), expires_at=NOW))
        again = SignIns(store, is_shared=False, capacity=10, per_network=10)
        await again.load(NOW)
        assert len(again) == 3
        assert await again.find(number(2).code_hash) == number(2)

    play(story)


def test_dev_08_a_user_code_that_lives_is_not_given_out_again() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(NEW)
        with pytest.raises(CodeTaken):
            await sign_ins.start(replace(NEW, code_hash=b"d" * 32))
        await store.add_device(number(1))  # on another server
        with pytest.raises(CodeTaken):
            await sign_ins.start(replace(number(1), code_hash=b"e" * 32))
        assert len(sign_ins) == 1

    play(story, is_shared=True)


def test_a_full_house_says_when_to_come_again() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(number(1))
        await sign_ins.start(number(2))
        with pytest.raises(TemporarilyUnavailable) as refused:
            await sign_ins.start(number(3))
        assert refused.value.retry_after > 0
        assert await store.find_device(number(3).code_hash) is None

    play(story, capacity=2)


def test_xd_13_one_network_takes_its_share_and_no_more_and_gets_it_back() -> None:
    def from_network(which: int, address: str) -> DeviceAuthorization:
        return replace(number(which), address=address)

    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(from_network(1, "203.0.113.7"))
        await sign_ins.start(from_network(2, "203.0.113.7"))
        with pytest.raises(TooMany) as refused:
            await sign_ins.start(from_network(3, "203.0.113.7"))
        assert (refused.value.status, refused.value.retry_after > 0) == (429, True)
        await sign_ins.start(from_network(4, "203.0.113.8"))
        await sign_ins.change(number(1).code_hash, lambda found: replace(found or NEW, state="denied"))
        await sign_ins.start(from_network(3, "203.0.113.7"))
        sign_ins.sweep(NEW.expires_at)
        await sign_ins.start(replace(from_network(5, "203.0.113.7"), expires_at=NEW.expires_at * 2))
        assert sign_ins._waiting_of == {"203.0.113.7": 1}

    play(story, per_network=2)


def test_news_that_comes_late_takes_nothing_back() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(NEW)
        await sign_ins.change(NEW.code_hash, to(APPROVED))
        redeemed = await sign_ins.redeem(NEW.code_hash, lambda found: device.redeem(found, "tv", NOW + 2), FAMILY, None)
        for late in (NEW, APPROVED):
            sign_ins.hear(News("device", NEW.code_hash.hex(), late))
        assert await sign_ins.find(NEW.code_hash) == redeemed

    play(story)


def test_a_decision_elsewhere_rings_here() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(NEW)
        waits = asyncio.ensure_future(sign_ins.wait(NEW.code_hash, 20))
        await asyncio.sleep(0)
        await store.change_device(NEW.code_hash, to(APPROVED))
        async with asyncio.timeout(5):
            await waits
        assert (await sign_ins.find(NEW.code_hash)) == APPROVED

    play(story, is_shared=True)


def test_news_without_its_content_is_looked_up() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(NEW)
        store._hear = None  # another server's write: its news comes without the value
        await store.change_device(NEW.code_hash, to(APPROVED))
        waits = asyncio.ensure_future(sign_ins.wait(NEW.code_hash, 20))
        await asyncio.sleep(0)
        sign_ins.hear(News("device", NEW.code_hash.hex()))
        async with asyncio.timeout(5):
            await waits
        assert (await sign_ins.find(NEW.code_hash)) == APPROVED

    play(story, is_shared=True)


def test_nobody_waits_for_what_is_settled_or_unknown() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(NEW)
        await sign_ins.change(NEW.code_hash, to(APPROVED))
        async with asyncio.timeout(5):
            await sign_ins.wait(NEW.code_hash, 60)
            await sign_ins.wait(b"x" * 32, 60)

    play(story)


def test_while_it_is_deaf_the_store_is_asked_and_then_all_is_read_again() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(NEW)
        sign_ins.hear(News("lost"))
        store._hear = None
        await store.change_device(NEW.code_hash, to(APPROVED))
        assert not is_current(sign_ins)
        assert await sign_ins.find(NEW.code_hash) == APPROVED
        assert store.asked == 1
        await sign_ins.start(number(1))
        decided = replace(APPROVED, code_hash=number(1).code_hash, user_code_hash=number(1).user_code_hash)
        await store.change_device(number(1).code_hash, to(decided))
        waits = asyncio.ensure_future(sign_ins.wait(number(1).code_hash, 20))
        await asyncio.sleep(0)
        sign_ins.hear(News("lost", "found"))
        async with asyncio.timeout(5):
            await waits
            await asyncio.gather(*sign_ins._reloads)
        assert is_current(sign_ins)
        before = store.asked
        assert await sign_ins.find(number(1).code_hash) == decided
        assert store.asked == before

    play(story, is_shared=True)


def test_who_goes_deaf_again_while_catching_up_trusts_nothing_yet() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(NEW)
        for key in ("", "found", ""):
            sign_ins.hear(News("lost", key))
        await asyncio.gather(*sign_ins._reloads)
        assert not is_current(sign_ins)
        store._hear = None
        await store.change_device(NEW.code_hash, to(APPROVED))
        sign_ins.hear(News("lost", "found"))
        await asyncio.gather(*sign_ins._reloads)
        assert is_current(sign_ins)
        assert await sign_ins.find(NEW.code_hash) == APPROVED

    play(story, is_shared=True)


def test_what_expired_is_told_from_what_never_was_for_a_while_and_then_forgotten() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(NEW)
        sign_ins.remember_body(b"b" * 32, NEW.code_hash)
        assert sign_ins.sweep(NEW.expires_at + FORGET_AFTER - 1) == 0
        assert await sign_ins.find(NEW.code_hash) == NEW
        waits = asyncio.ensure_future(sign_ins.wait(NEW.code_hash, 20))
        await asyncio.sleep(0)
        assert sign_ins.sweep(NEW.expires_at + FORGET_AFTER) == 1
        async with asyncio.timeout(5):
            await waits
        assert (len(sign_ins), sign_ins.by_body) == (0, {})
        assert await sign_ins.find(NEW.code_hash) is None

    play(story)


def test_only_the_first_body_of_a_sign_in_is_remembered_and_none_when_a_client_changed() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(NEW)
        for body in (b"1" * 32, b"2" * 32):  # whoever varies the body fills no memory
            sign_ins.remember_body(body, NEW.code_hash)
        sign_ins.remember_body(b"3" * 32, b"x" * 32)
        assert list(sign_ins.by_body) == [b"1" * 32]
        sign_ins.hear(News("client", "tv"))
        assert sign_ins.by_body == {}
        sign_ins.remember_body(b"2" * 32, NEW.code_hash)
        assert list(sign_ins.by_body) == [b"2" * 32]

    play(story)


def test_the_pace_belongs_to_the_sign_in() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(number(1))
        await sign_ins.start(number(2))
        for sign_in in (number(1), number(2)):
            assert sign_ins.keep_pace(sign_in.code_hash, NOW)[1] is False
        assert sign_ins.keep_pace(number(1).code_hash, NOW + 1)[1] is True
        assert sign_ins.keep_pace(number(2).code_hash, NOW + 5_000)[1] is False
        assert sign_ins.keep_pace(b"x" * 32, NOW)[1] is False

    play(story)


def test_closing_lets_everybody_go() -> None:
    async def story(store: Counted, sign_ins: SignIns) -> None:
        await sign_ins.start(number(1))
        await sign_ins.start(number(2))
        waiting = [asyncio.ensure_future(sign_ins.wait(number(which).code_hash, 20)) for which in (1, 2)]
        await asyncio.sleep(0)
        sign_ins.close()
        async with asyncio.timeout(5):
            await asyncio.gather(*waiting)

    play(story)
