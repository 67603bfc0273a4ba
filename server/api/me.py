"""`me`: who signed this device in, and what it may do."""

from .bearer import REALM, BadToken
from .resource import Call, Reply, Told


async def me(call: Call) -> Reply:
    """The person by name, the device by id, the scopes of the token."""
    access = call.access
    account = await call.house.store.find_account(access.account_id)
    client = await call.house.clients.find(access.client_id)
    if account is None or not account.is_enabled or client is None:
        raise BadToken("the account may no longer sign in", challenge=f'{REALM}, error="invalid_token"')
    return Reply(
        {
            "sub": account.account_id,
            "username": account.username,
            "name": account.name,
            "device_id": access.device_id,
            "client_id": access.client_id,
            "app": client.name,
            "scope": " ".join(access.scopes),
        }
    )


def told() -> Told:
    """What `me` says of itself."""
    from server.openapi.operation import ANY_TEXT, Answer, Field, members

    names = ("sub", "username", "name", "device_id", "client_id", "app", "scope")
    shown = members(*(Field(name, ANY_TEXT, True) for name in names))
    return Told(
        "Say who signed this device in, and what it may do", (), Answer(200, "The person and the device", shown)
    )
