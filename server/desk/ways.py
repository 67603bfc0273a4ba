"""What a person sees of their passkeys, code app and identities elsewhere."""

from server.house import House
from web_verify.desk import CodeApp, LinkedProvider, OwnPasskey, Ways


async def ways_of(house: House, account_id: str) -> Ways:
    """All of this account."""
    store = house.store
    passkeys = tuple(
        OwnPasskey(
            each.credential_id,
            each.name,
            each.created_at,
            each.last_used_at,
            each.is_synced,
            is_alarmed=each.alarmed_at is not None,
        )
        for each in await store.passkeys(account_id)
    )
    totp, app = await store.find_totp(account_id), None
    if totp is not None and totp.is_confirmed:
        app = CodeApp(totp.created_at, totp.last_used_at, await store.recovery_codes_left(account_id))
    known = house.providers.known
    linked = tuple(
        LinkedProvider(
            each.identity_hash.hex(),
            known[each.provider].name if each.provider in known else each.provider,
            each.label,
            each.created_at,
            each.last_used_at,
        )
        for each in await store.identities(account_id)
    )
    return Ways(passkeys, app, linked)
