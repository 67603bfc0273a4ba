"""`porchlight client policy` and `would-stop`: what it takes to let a device of this app in (RFC 10027 section 6.1)."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from server.device_terms import house_terms
from server.oauth.client import Client
from server.oauth.event import Recorded, Sought
from server.oauth.presence import DIGITS, POLICIES
from server.oauth.terms import LEVELS, check_terms, terms_of

from .command import Desk, Failed, answer, answer_table, instant, storage_arguments, told, with_store

MOST: Final = 1_000
FIELDS: Final = ("policy", "digits", "networks", "scopes", "lifetimes")
_NAMES: Final = {number: name for name, number in LEVELS.items()}


def policy_arguments(actions: Any) -> None:
    """The two actions."""
    text = "Set or show the terms of an app for the device flow. What is not named stays; the word none takes it back."
    policy = actions.add_parser("policy", help="set or show an app's terms for the device flow", description=text)
    policy.add_argument("client_id", metavar="ID")
    policy.add_argument(
        "--policy",
        dest="own_policy",
        choices=(*POLICIES, "none"),
        help="the presence ladder; none: the server's setting",
    )
    policy.add_argument(
        "--digits", dest="own_digits", choices=(*DIGITS, "none"), help="the number that the device shows"
    )
    policy.add_argument(
        "--networks", dest="own_networks", nargs="+", metavar="NET", help="devices may ask for codes from these alone"
    )
    policy.add_argument(
        "--scopes",
        dest="own_scopes",
        nargs="+",
        metavar="SCOPE=LEVEL",
        help="highest level of a scope: never, L0 to L3",
    )
    policy.add_argument(
        "--lifetimes",
        dest="own_lifetimes",
        nargs="+",
        metavar="LEVEL=TIME",
        help="longest sign-in, such as L2=30d L3=24h",
    )
    storage_arguments(policy)
    policy.set_defaults(act=_policy)
    text = "List the sign-ins that the policy block would have stopped, noted while the policy was report_only."
    hits = actions.add_parser("would-stop", help="who would be hit by the policy block", description=text)
    hits.add_argument("client_id", metavar="ID")
    storage_arguments(hits)
    hits.set_defaults(act=_would_stop)


def _policy(args: argparse.Namespace) -> int:
    # Their own names in the namespace: a flag that is called like a setting would set that.
    given = {name: getattr(args, f"own_{name}") for name in FIELDS}
    named = {name: value for name, value in given.items() if value is not None}

    async def change(desk: Desk) -> tuple[Client, Mapping[str, object]]:
        client = await _find(desk, args.client_id)
        if named:
            changes: dict[str, Any] = {f"device_{name}": _given(value) for name, value in named.items()}
            client = replace(client, **changes)
            check_terms(client)
            detail = f"terms of the device flow: {', '.join(named)}"
            await desk.store.change_client(
                client, events=[told("client_changed", client_id=client.client_id, detail=detail)]
            )
        return client, _shown(client, desk)

    client, content = with_store(args, change)
    lines = [f"{client.client_id} ({client.name})"] + [f"  {name}: {_plain(value)}" for name, value in content.items()]
    return answer(args, {"client_id": client.client_id, **content}, "\n".join(lines))


def _given(value: str | list[str]) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return "" if value == "none" else value
    return () if value == ["none"] else tuple(dict.fromkeys(value))


def _shown(client: Client, desk: Desk) -> Mapping[str, object]:
    """The terms in force: the app's own where it has some, else the server's."""
    terms = terms_of(client, house_terms(desk.settings))
    return {
        "policy": terms.policy,
        "digits": terms.digits,
        "networks": list(terms.networks),
        "scopes": {scope: _NAMES[level] for scope, level in terms.scopes.items() if scope in client.scopes},
        "lifetimes_s": {_NAMES[level]: for_ms // 1_000 for level, for_ms in sorted(terms.lifetimes.items())},
    }


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}={each}" for name, each in value.items()) or "all"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "all"
    return str(value)


def _would_stop(args: argparse.Namespace) -> int:
    async def listed(desk: Desk) -> list[dict[str, object]]:
        client = await _find(desk, args.client_id)
        found = await desk.store.events(Sought(what=("would_stop",), client_id=client.client_id), MOST)
        return [await _row(desk, each) for each in found]

    columns = ("seen_at", "user", "address", "what")
    empty = (
        f"Nobody so far; they are noted while porchlight client policy {args.client_id} --policy report_only is set."
    )
    return answer_table(args, "would_stop", with_store(args, listed), columns, empty)


async def _row(desk: Desk, recorded: Recorded) -> dict[str, object]:
    event = recorded.event
    account = await desk.store.find_account(event.account_id)
    return {
        "seen_at": instant(event.at),
        "user": account.username if account else event.account_id,
        "address": event.address,
        "what": event.detail,
    }


async def _find(desk: Desk, client_id: str) -> Client:
    client = await desk.store.find_client(client_id)
    if client is None:
        raise Failed(f"there is no client {client_id}")
    return client
