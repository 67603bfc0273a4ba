"""Budgets for guessing codes and passwords (RFC 8628 section 5.1): per session, account, network and service.

A try is taken from every budget before it is known whether it was right, so that parallel tries cannot overdraw; a
right one is given back. The counts are kept by the store: they survive new cookies and a restart.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

HOUR: Final = 3_600_000
MAILS_PER_ADDRESS: Final = 3  # in an hour


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `limit` tries in `window` milliseconds, counted under `key`."""

    key: str
    limit: int
    window: int


@dataclass(frozen=True, slots=True)
class Count:
    """Tries taken since `started_at`."""

    tries: int
    started_at: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How many wrong codes and passwords are allowed; `window` in milliseconds."""

    per_session: int = 5
    per_account: int = 10
    per_network: int = 30
    per_service: int = 1_000
    window: int = 600_000


@lru_cache(maxsize=4_096)
def network(address: str) -> str:
    """The network an address belongs to as far as blame goes: an IPv4 address itself, an IPv6 address's /64."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def user_code_budgets(limits: Limits, *, session: str, account_id: str | None, address: str) -> tuple[Budget, ...]:
    """The budgets a typed user code draws on. `session` is the hash of the visitor's cookie, in hex."""
    budgets = [
        Budget(f"code/session/{session}", limits.per_session, limits.window),
        Budget(f"code/network/{network(address)}", limits.per_network, limits.window),
    ]
    if account_id is not None:
        budgets.append(Budget(f"code/account/{account_id}", limits.per_account, limits.window))
    return tuple(budgets)


def service_budgets(limits: Limits) -> tuple[Budget, ...]:
    """What all who are not signed in draw on together; once it is spent they sign in first: nobody is locked out."""
    return (Budget("code/service", limits.per_service, limits.window),)


def password_budgets(limits: Limits, *, username: str, address: str) -> tuple[Budget, ...]:
    """The budgets a typed password draws on; the account is named as typed, so that unknown names cost the same.

    An account's own budget is one for each network, so that a stranger elsewhere cannot lock its owner out by name;
    from many networks together ten times as many tries are let through.
    """
    where = network(address)
    return (
        Budget(f"password/account/{username}/{where}", limits.per_account, limits.window),
        Budget(f"password/account/{username}", limits.per_account * 10, limits.window),
        Budget(f"password/network/{where}", limits.per_network, limits.window),
    )


def person_budgets(limits: Limits, *, account_id: str, typed: str, address: str) -> tuple[Budget, ...]:
    """The same for whom the name means, whichever of their names was typed; nobody (`account_id` "") is counted too.

    Whoever is told of these learns that two names are one person's: what they refuse is a wrong password to a stranger.
    """
    whose = f"person/{account_id}" if account_id else f"nobody/{typed}"
    return (
        Budget(f"password/{whose}/{network(address)}", limits.per_account, limits.window),
        Budget(f"password/{whose}", limits.per_account * 10, limits.window),
    )


def second_step_budgets(limits: Limits, *, account_id: str, address: str) -> tuple[Budget, ...]:
    """The budgets a one-time or recovery code draws on: whoever types one has given the password before.

    Three codes are good at any moment, so that 50 tries a day are 150 chances in a million.
    """
    return (
        Budget(f"second_step/account/{account_id}", limits.per_session, limits.window),
        Budget(f"second_step/day/{account_id}", 10 * limits.per_session, 24 * HOUR),
        Budget(f"second_step/network/{network(address)}", limits.per_network, limits.window),
    )


def mail_budgets(email: str, address: str, per_network: int) -> tuple[Budget, ...]:
    """The budgets that a mail draws on which anybody may ask for: nobody's letter box is filled by strangers."""
    named = hashlib.sha256(email.encode()).hexdigest()[:32]  # nobody reads in the counts who was written to
    return (
        Budget(f"mail/address/{named}", MAILS_PER_ADDRESS, HOUR),
        Budget(f"mail/network/{network(address)}", per_network, HOUR),
    )


def take(budgets: Sequence[Budget], counts: dict[str, Count], now: int) -> tuple[dict[str, Count], int]:
    """The counts after one more try and 0; or no change and the milliseconds until the fullest budget has room."""
    current = {budget.key: _current(budget, counts.get(budget.key), now) for budget in budgets}
    waits = [
        current[budget.key].started_at + budget.window - now
        for budget in budgets
        if current[budget.key].tries >= budget.limit
    ]
    if waits:
        return {}, max(waits)
    return {key: Count(count.tries + 1, count.started_at) for key, count in current.items()}, 0


def _current(budget: Budget, count: Count | None, now: int) -> Count:
    if count is None or not -budget.window < now - count.started_at < budget.window:
        return Count(0, now)
    # A clock that is set back opens no lock; nor does it close one for longer than a window.
    return Count(count.tries, min(count.started_at, now))
