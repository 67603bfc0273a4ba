"""`mqtt.renew`: let the open MQTT session live as long as a fresh access token, for clients without AUTH packets."""

from server.oauth.access import InvalidToken
from server.oauth.errors import InvalidRequest, OAuthError

from .bearer import REALM, BadToken
from .resource import Call, Reply, Told


class NoSession(OAuthError):
    error = "no_session"
    status = 409


async def renew(call: Call) -> Reply:
    """`access_token`: a fresh one of the same device. 409 `no_session` when there is no open MQTT session."""
    house, token = call.house, call.arguments.get("access_token")
    if not isinstance(token, str):
        raise InvalidRequest("access_token is missing")
    try:
        fresh = house.check(token)
    except InvalidToken:
        raise BadToken("the fresh access token is not valid", challenge=f'{REALM}, error="invalid_token"') from None
    if fresh.device_id != call.access.device_id:
        raise BadToken("the fresh access token belongs to another device", challenge=f'{REALM}, error="invalid_token"')
    if house.sessions is None or not await house.sessions.renew(fresh.device_id, token):
        raise NoSession("this device has no open MQTT session here; connect with the fresh token")
    return Reply({"expires_in": max(0, (fresh.expires_at - house.now()) // 1_000)})


def told() -> Told:
    """What `mqtt.renew` says of itself."""
    from server.openapi.operation import ANY_TEXT, Answer, Field, members, whole

    fresh = Field("access_token", ANY_TEXT, True, "A fresh one of the same device")
    renewed = Answer(200, "It lives as long as the token", members(Field("expires_in", whole(), True, "Seconds")))
    return Told("Let the open MQTT session live longer", (fresh,), renewed, (NoSession,))
