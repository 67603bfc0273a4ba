"""Passkeys, one-time codes, recovery codes and identities: kept as they are, used once, never the last one removed."""

import asyncio
from dataclasses import replace

import pytest

from server.oauth.account import Account
from server.oauth.event import happened
from server.oauth.factor import Attempt, Identity, Passkey, RecoveryCode, Totp
from server.oauth.store import NameTaken
from server.storage import Cellar
from tests.storage.story import NOW, Opened, a_hash, tell

ANN = Account("acc-1", "ann", "Ann", "$argon2id$…", NOW)
FED = Account("acc-2", "fed", "Fed", "", NOW)
KEY = Passkey("credential-1", "acc-1", "cose", 0, "Phone", True, NOW)
TOTP = Totp("acc-1", "open:SECRET", NOW)
TOLD = (happened("account_changed", "person", NOW, account_id="acc-1"),)


def an_attempt() -> Attempt:
    return Attempt(a_hash(), "passkey", NOW, NOW + 1_000, a_hash(), came_for="code=WDJBMJHT")


def an_identity(account_id: str = "acc-2") -> Identity:
    return Identity(a_hash(), account_id, "corp", "https://id.example.com", "subject", "fed@example.com", NOW)


def test_of_many_who_finish_an_attempt_one_does(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        attempt = an_attempt()
        await store.add_attempt(attempt)
        assert await store.find_attempt(attempt.attempt_hash) == attempt
        taken = await asyncio.gather(*(store.take_attempt(attempt.attempt_hash) for _ in range(10)))
        assert sorted(taken, key=bool) == [None] * 9 + [attempt]

    tell(database_url, story)


def test_an_attempt_of_the_same_hash_is_replaced_and_swept_when_over(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        attempt = an_attempt()
        again = replace(attempt, expires_at=NOW + 2_000)
        for each in (attempt, again):
            await store.add_attempt(each)
        assert await store.find_attempt(attempt.attempt_hash) == again
        assert await store.sweep(NOW + 1_999) == 0
        assert await store.sweep(NOW + 2_000) == 1

    tell(database_url, story)


def test_a_passkey_is_kept_changed_and_removed_by_its_owner_alone(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        await store.add_account(ANN)
        second = replace(KEY, credential_id="credential-0", created_at=NOW + 1)
        for each in (second, KEY):
            await store.add_passkey(each, events=TOLD)
        with pytest.raises(NameTaken):
            await store.add_passkey(replace(KEY, account_id="acc-2"))
        assert await store.passkeys("acc-1") == [KEY, second]
        used = replace(KEY, sign_count=7, last_used_at=NOW + 5, alarmed_at=NOW + 5)
        assert await store.change_passkey(KEY.credential_id, lambda found: used) == used
        assert await store.find_passkey(KEY.credential_id) == used
        assert await store.remove_passkey("acc-2", KEY.credential_id, events=TOLD) == "missing"
        assert await store.remove_passkey("acc-1", KEY.credential_id, events=TOLD) == "removed"
        assert await store.find_passkey(KEY.credential_id) is None
        assert len(await store.events_after(0, 9)) == 3

    tell(database_url, story)


def test_nobody_removes_the_last_way_to_sign_in_however_many_try_at_once(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        await store.add_account(FED)
        identity, passkey = an_identity(), replace(KEY, account_id="acc-2")
        await store.add_identity(identity)
        assert await store.remove_identity("acc-2", identity.identity_hash) == "last"
        await store.add_passkey(passkey)
        outcomes = await asyncio.gather(
            store.remove_identity("acc-2", identity.identity_hash),
            store.remove_passkey("acc-2", passkey.credential_id),
        )
        assert sorted(outcomes) == ["last", "removed"]

    tell(database_url, story)


def test_a_code_that_is_used_by_many_at_once_is_used_once(database_url: str) -> None:
    def spend(found: Totp | None) -> Totp:
        if found is None or found.last_step >= 5:
            raise ValueError
        return replace(found, last_step=5, is_confirmed=True)

    async def story(store: Cellar, _: Opened) -> None:
        await store.add_account(ANN)
        assert await store.change_totp("acc-1", lambda found: TOTP) == TOTP
        spent = await asyncio.gather(*(store.change_totp("acc-1", spend) for _ in range(6)), return_exceptions=True)
        assert sum(isinstance(each, Totp) for each in spent) == 1
        assert await store.find_totp("acc-1") == replace(TOTP, last_step=5, is_confirmed=True)
        assert await store.remove_totp("acc-1", events=TOLD)
        assert not await store.remove_totp("acc-1", events=TOLD)
        assert await store.find_totp("acc-1") is None

    tell(database_url, story)


def test_recovery_codes_are_replaced_together_used_once_and_gone_with_the_app(database_url: str) -> None:
    async def story(store: Cellar, _: Opened) -> None:
        await store.add_account(ANN)
        old, new = ([RecoveryCode(a_hash(), "acc-1") for _ in range(3)] for _ in range(2))
        for codes in (old, new):
            await store.change_totp("acc-1", lambda found: TOTP, codes=codes)
        assert await store.recovery_codes_left("acc-1") == 3
        assert not await store.take_recovery_code(old[0])
        assert not await store.take_recovery_code(replace(new[0], account_id="acc-2"))
        taken = await asyncio.gather(*(store.take_recovery_code(new[0], events=TOLD) for _ in range(5)))
        assert sum(taken) == 1
        assert await store.recovery_codes_left("acc-1") == 2
        await store.change_totp("acc-1", lambda found: TOTP)
        assert await store.recovery_codes_left("acc-1") == 2
        await store.remove_totp("acc-1")
        assert await store.recovery_codes_left("acc-1") == 0

    tell(database_url, story)


def test_an_identity_is_one_account_s_and_comes_with_it_or_not_at_all(database_url: str) -> None:
    async def story(store: Cellar, it: Opened) -> None:
        identity = an_identity()
        await store.add_account(replace(ANN, username="FED"))
        with pytest.raises(NameTaken):
            await store.add_identity(identity, account=FED, events=TOLD)
        assert await store.find_identity(identity.identity_hash) is None
        await store.add_identity(identity, account=replace(FED, username="other"), events=TOLD)
        await it.heard("account", "acc-2")
        with pytest.raises(NameTaken):
            await store.add_identity(replace(identity, account_id="acc-1"))
        await store.use_identity(identity.identity_hash, NOW + 9)
        assert await store.identities("acc-2") == [replace(identity, last_used_at=NOW + 9)]
        assert len(await store.events_after(0, 9)) == 1

    tell(database_url, story)
