"""The broom: what is long dead goes, batch by batch, and nothing that lives."""

import asyncio
from dataclasses import replace

from server.oauth.account import Session
from server.oauth.guess import Budget
from server.oauth.token import Family, RefreshToken, Rotation, rotate
from server.storage import Cellar
from server.storage.readings import Reading
from tests.storage.story import LATER, NOW, Opened, a_device, a_family, a_hash, a_signed_in_family, a_token, tell

MONTH = 30 * 86_400_000


async def sweep_all(store: Cellar, now: int) -> list[int]:
    counts = []
    while swept := await store.sweep(now):
        counts.append(swept)
    return counts


def test_a_sign_in_is_kept_ten_minutes_after_its_expiry_then_its_code_is_free(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        old, young = a_device(), a_device(expires_at=LATER + 1)
        await store.add_device(old)
        await store.add_device(young)
        assert await sweep_all(store, LATER + 599_999) == []
        assert await sweep_all(store, LATER + 600_000) == [1]
        assert await store.find_device(old.code_hash) is None
        assert await store.find_device(young.code_hash) == young
        await store.add_device(a_device(user_code_hash=old.user_code_hash))

    tell(database_url, story)


def test_a_sweep_takes_a_thousand_rows_at_most(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        many = [a_device() for _ in range(2_300)]
        await asyncio.gather(*map(store.add_device, many))
        assert await sweep_all(store, LATER + 600_000) == [1_000, 1_000, 300]
        assert list(await store.unexpired_devices(0)) == []

    tell(database_url, story)


def test_sessions_and_guesses_go_when_they_are_over(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        over, live = Session(a_hash(), "ann", NOW, NOW + 10), Session(a_hash(), "ann", NOW, NOW + 11)
        for session in (over, live):
            await store.add_session(session)
        await store.take_tries((Budget("short", 1, 10), Budget("long", 1, 11)), NOW)
        assert await sweep_all(store, NOW + 10) == [2]
        assert await store.find_session(over.session_hash) is None
        assert await store.find_session(live.session_hash) == live
        assert await store.take_tries((Budget("long", 1, 11),), NOW + 10) == 1

    tell(database_url, story)


def test_a_family_goes_a_month_after_its_end_with_all_it_had(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        lives, _token = await a_signed_in_family(store, expires_at=NOW + 10 * MONTH)
        ended, token = await a_signed_in_family(store, expires_at=NOW + 10 * MONTH)
        lapsed, _token = await a_signed_in_family(store, expires_at=NOW)
        await store.end_family(ended.family_id, NOW)
        for family in (lives, ended):
            await store.readings.add(Reading("r", family.device_id, "ann", "t", 1.0, NOW))
        await sweep_all(store, NOW + MONTH - 1)
        assert {f.family_id for f in await store.families()} == {lives.family_id, ended.family_id, lapsed.family_id}
        await sweep_all(store, NOW + MONTH)
        assert list(await store.families()) == [lives]
        assert await store.find_refresh_token(token.token_hash) is None
        assert [reading.device_id for reading in await store.readings.list("ann")] == [lives.device_id]

    tell(database_url, story)


def test_a_device_that_signed_in_again_keeps_its_readings(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        old, _token = await a_signed_in_family(store, device_id="tv-1")
        await a_signed_in_family(store, device_id="tv-1", expires_at=NOW + 10 * MONTH)
        await store.end_family(old.family_id, NOW)
        await store.readings.add(Reading("r", "tv-1", "ann", "t", 1.0, NOW))
        await sweep_all(store, NOW + MONTH)
        assert await store.find_family(old.family_id) is None
        assert len(await store.readings.list("ann")) == 1

    tell(database_url, story)


def test_lapsed_refresh_tokens_go_and_spent_ones_stay_to_raise_the_alarm(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        family, spent = await a_signed_in_family(store)
        short = a_token(a_family(family_id=family.family_id), expires_at=NOW + 10)
        await store.rotate(spent.token_hash, lambda shown, f: rotate(f, shown, short, "tv", NOW + 4))
        await sweep_all(store, NOW + 10)
        assert await store.find_refresh_token(short.token_hash) is None
        seen = replace(family, last_seen_at=NOW + 4)
        assert await store.find_refresh_token(spent.token_hash) == (replace(spent, spent_at=NOW + 4), seen)

    tell(database_url, story)


def test_a_family_with_more_tokens_than_one_sweep_takes_goes_last(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        family, token = await a_signed_in_family(store)

        def again(shown: RefreshToken, found: Family) -> Rotation:
            return Rotation(found, shown, a_token(found))

        await asyncio.gather(*(store.rotate(token.token_hash, again) for _ in range(1_200)))
        await store.end_family(family.family_id, NOW)
        counts = await sweep_all(store, NOW + MONTH)
        assert counts[0] == 1_000
        assert sum(counts) == 1_203, "the device authorization, 1201 tokens, the family"
        assert await store.find_family(family.family_id) is None

    tell(database_url, story)


def test_more_dead_families_than_one_sweep_takes_go_each_after_its_tokens(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        await asyncio.gather(*(a_signed_in_family(store, expires_at=NOW) for _ in range(1_100)))
        counts = await sweep_all(store, NOW + MONTH)
        assert max(counts) == 1_000
        assert sum(counts) == 3_300
        assert list(await store.families()) == []

    tell(database_url, story)
