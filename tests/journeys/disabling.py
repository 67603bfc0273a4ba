"""What an operator's commands do to a client or a person, in their two steps: the switch, then the end of what is."""

from dataclasses import replace

from server.oauth.store import Store


async def switch(store: Store, name: str, is_enabled: bool) -> None:
    """Disable or enable the client of this name, or else the person."""
    client = await store.find_client(name)
    if client is not None:
        await store.change_client(replace(client, is_enabled=is_enabled))
        return
    account = await store.find_account(f"account-{name}")
    assert account is not None
    await store.change_account(replace(account, is_enabled=is_enabled))


async def end_all(store: Store, name: str, now: int) -> None:
    """End every family of this client or person."""
    for family in await store.families():
        if family.ended_at is None and name in (family.client_id, family.account_id.removeprefix("account-")):
            await store.end_family(family.family_id, now)
