"""`porchlight user factors`: how a person proves who they are, and what support takes away when it is lost."""

import argparse

from server.oauth.account import Account, tidy_username
from server.oauth.factor import Removed

from .command import Desk, Failed, Misused, answer, answer_table, instant, storage_arguments, told, with_store

_LAST = "that is the last way to sign in; first: porchlight user reset-link {username}"


def arguments(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = (
        "List the ways in which a person signs in: password, passkeys, code app, other providers. "
        "Take one away when it is lost or stolen."
    )
    factors = actions.add_parser("factors", help="list or take away the ways to sign in", description=text)
    factors.add_argument("username", metavar="NAME")
    chosen = factors.add_mutually_exclusive_group()
    chosen.add_argument("--remove-totp", action="store_true", help="turn the code app off, with its recovery codes")
    chosen.add_argument("--remove-passkey", metavar="ID", help="remove a passkey, by the id in the list")
    chosen.add_argument("--unlink", metavar="ID", help="remove the link to a provider, by the id in the list")
    storage_arguments(factors)
    factors.set_defaults(act=_factors)


def _factors(args: argparse.Namespace) -> int:
    username = tidy_username(args.username)
    if args.remove_totp or args.remove_passkey or args.unlink:
        with_store(args, lambda desk: _remove(desk, username, args))
        what = "code app" if args.remove_totp else "passkey" if args.remove_passkey else "link"
        return answer(args, {"username": username, "removed": what}, f"The {what} of {username} is removed.")
    rows = with_store(args, lambda desk: _listed(desk, username))
    columns = ("kind", "name", "added_at", "last_used_at", "remark", "id")
    return answer_table(args, "factors", rows, columns, f"{username} has no way to sign in.")


async def _listed(desk: Desk, username: str) -> list[dict[str, object]]:
    account, store = await _account(desk, username), desk.store
    rows = [_row("password", "", 0, 0)] if account.password_hash else []
    for key in await store.passkeys(account.account_id):
        remark = "may be copied: opens nothing" if key.alarmed_at is not None else "synced" if key.is_synced else ""
        rows.append(_row("passkey", key.name, key.created_at, key.last_used_at, remark, key.credential_id))
    totp = await store.find_totp(account.account_id)
    if totp is not None and totp.is_confirmed:
        left = await store.recovery_codes_left(account.account_id)
        rows.append(_row("totp", "", totp.created_at, totp.last_used_at, f"{left} recovery codes"))
    for link in await store.identities(account.account_id):
        linked = _row("provider", link.provider, link.created_at, link.last_used_at, link.label)
        rows.append(linked | {"id": link.identity_hash.hex()})
    return rows


def _row(
    kind: str, name: str, added_at: int, last_used_at: int, remark: str = "", factor_id: str = ""
) -> dict[str, object]:
    return {
        "kind": kind,
        "name": name,
        "added_at": instant(added_at) if added_at else None,
        "last_used_at": instant(last_used_at) if last_used_at else None,
        "remark": remark,
        "id": factor_id,
    }


async def _remove(desk: Desk, username: str, args: argparse.Namespace) -> None:
    account, store = await _account(desk, username), desk.store
    outcome: Removed
    if args.remove_totp:
        event = told("account_changed", account_id=account.account_id, detail="one-time codes off")
        outcome = "removed" if await store.remove_totp(account.account_id, events=(event,)) else "missing"
    elif args.remove_passkey:
        event = told("account_changed", account_id=account.account_id, detail="passkey removed")
        outcome = await store.remove_passkey(account.account_id, args.remove_passkey, events=(event,))
    else:
        event = told("account_changed", account_id=account.account_id, detail="link to a provider removed")
        outcome = await store.remove_identity(account.account_id, _hash(args.unlink), events=(event,))
    if outcome == "last":
        raise Failed(_LAST.format(username=username))
    if outcome == "missing":
        raise Failed(f"{username} has no such thing; see porchlight user factors {username}")


def _hash(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Misused("--unlink is an id of porchlight user factors") from None


async def _account(desk: Desk, username: str) -> Account:
    account = await desk.store.find_account_by_username(username)
    if account is None:
        raise Failed(f"there is no user {username}")
    return account
