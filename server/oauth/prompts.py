"""Who may ask a person on their phone, and how often (CIBA Core section 14): mutes, the person's code, budgets."""

from dataclasses import dataclass
from typing import Final

from .guess import Budget

STOPPED_FOR: Final = 86_400_000  # after "I did not ask for this"
FOREVER: Final = 2**62
HOUR: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Mute:
    """An app that may not ask this person until then; `key` is `mute_key` of both."""

    key: str
    account_id: str
    client_id: str
    until_at: int


@dataclass(frozen=True, slots=True)
class RequestCode:
    """The code of a person, without which no app may ask them (`user_code`), as its hash (`request_code.py`)."""

    account_id: str
    code_hash: str


def mute_key(account_id: str, client_id: str) -> str:
    """The name of this app and this person together; ids of accounts have no space."""
    return f"{account_id} {client_id}"


def prompt_budgets(account_id: str, client_id: str, per_hour: int) -> tuple[Budget, ...]:
    """How often a person is asked in an hour: by all apps together, and half as often by one of them."""
    return (
        Budget(f"ciba/prompt/{account_id}", per_hour, HOUR),
        Budget(f"ciba/prompt/{mute_key(account_id, client_id)}", max(1, per_hour // 2), HOUR),
    )


def stranger_budgets(client_id: str, per_client: int, window: int) -> tuple[Budget, ...]:
    """How often a client may name somebody we do not know."""
    return (Budget(f"ciba/unknown/{client_id}", per_client, window),)


def code_budgets(account_id: str, client_id: str, per_client: int, window: int) -> tuple[Budget, ...]:
    """How often a client may be wrong about the code of a person; ten times as often all clients together.

    A code is as short as four characters, and whoever may register clients has many. Nobody (`account_id` "") has no
    code to guess: one client's tries are nothing to another's.
    """
    by_one = Budget(f"ciba/code/{mute_key(account_id, client_id)}", per_client, window)
    by_all = Budget(f"ciba/code/{account_id}", 10 * per_client, window)
    return (by_one, by_all) if account_id else (by_one,)
