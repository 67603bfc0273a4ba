"""What support does when somebody lost their phone: see the ways to sign in, take one away, and it is in the audit."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from server.oauth.account import Account
from server.oauth.factor import Identity, Passkey, RecoveryCode, Totp
from server.oauth.store import Store
from server.storage import open_storage
from tests.commands.process import Porchlight
from tests.house import PASSWORD

NOW = 1_800_000_000_000
LINK = bytes(range(32))


def in_storage(data: Path, work: Callable[[Store], Awaitable[None]]) -> None:
    async def do() -> None:
        store = open_storage(f"sqlite:///{data / 'porchlight.db'}")
        await store.open(lambda news: None)
        await work(store)
        await store.close()

    asyncio.run(do())


@pytest.fixture
def people(tmp_path: Path) -> Porchlight:
    porchlight = Porchlight(tmp_path / "data")
    made = porchlight.do("user", "add", "ana", "--password-stdin", stdin=PASSWORD)

    async def furnish(store: Store) -> None:
        ana = made["account_id"]
        await store.add_passkey(Passkey("key-1", ana, "", 0, "My phone", True, NOW, NOW))
        codes = [RecoveryCode(bytes([each]) * 32, ana) for each in range(9)]
        await store.change_totp(ana, lambda found: Totp(ana, "open:SECRET", NOW, True), codes=codes)
        fed = Account("fed", "fed", "Fed", "", NOW)
        await store.add_identity(Identity(LINK, "fed", "corp", "https://id", "s", "fed@corp.example", NOW), account=fed)

    in_storage(porchlight.data, furnish)
    return porchlight


def test_the_ways_to_sign_in_are_listed_and_no_secret_with_them(people: Porchlight) -> None:
    rows = people.do("user", "factors", "ana")["factors"]
    assert [(row["kind"], row["name"], row["remark"]) for row in rows] == [
        ("password", "", ""),
        ("passkey", "My phone", "synced"),
        ("totp", "", "9 recovery codes"),
    ]
    shown = people.run("user", "factors", "ana").out
    assert "key-1" in shown
    assert "SECRET" not in shown
    assert people.do("user", "factors", "fed")["factors"][0]["id"] == LINK.hex()


def test_what_is_lost_is_taken_away_and_told_of(people: Porchlight) -> None:
    people.do("user", "factors", "ana", "--remove-totp")
    people.do("user", "factors", "ana", "--remove-passkey=key-1")
    assert [row["kind"] for row in people.do("user", "factors", "ana")["factors"]] == ["password"]
    told = people.run("audit", "--json").out
    assert "one-time codes off; by" in told
    assert "passkey removed; by" in told


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("nobody",), "there is no user nobody"),
        (("ana", "--remove-passkey", "key-2"), "see porchlight user factors ana"),
        (("fed", "--remove-totp"), "see porchlight user factors fed"),
        (("fed", "--unlink", LINK.hex()), "first: porchlight user reset-link fed"),
        (("fed", "--unlink", "xyz"), "--unlink is an id"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(people: Porchlight, command: tuple[str, ...], words: str) -> None:
    done = people.run("user", "factors", *command)
    assert done.code in (1, 2)
    assert words in done.err
