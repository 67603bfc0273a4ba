"""How a device learns to reach MQTT, whichever broker there is: `POST /mqtt/credentials` with its access token."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from device_agent.mqtt import topics
from server.answers import json_answer
from server.api.bearer import REALM, BadToken, about_bearer, bearer
from server.house import House
from server.oauth.errors import TemporarilyUnavailable

if TYPE_CHECKING:
    from server.openapi.operation import About


class MqttCredentialsEndpoint:
    """-> `host`, `port`, `tls`, `client_id`, `username`, `password`, `topics`, `expires_in`.

    With the embedded broker the password is the access token itself. `topics` are the two branches of this device:
    what it may publish and what it may subscribe to.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, request: Request) -> Response:
        access, token = bearer(self._house, request)
        settings, sessions = self._house.settings, self._house.sessions
        device_id = access.device_id
        if not device_id:
            raise BadToken("the access token is no device's", challenge=f'{REALM}, error="invalid_token"')
        if sessions is None or not sessions.port:
            raise TemporarilyUnavailable("there is no MQTT broker on this server", retry_after=60)
        return json_answer(
            {
                "host": settings.mqtt_public_host or urlsplit(settings.issuer).hostname,
                "port": settings.mqtt_public_port or sessions.port,
                "tls": settings.mqtt_public_tls or bool(settings.tls_cert),
                "client_id": device_id,
                "username": device_id,
                "password": token,
                "topics": {
                    "publish": [topics.publish_filter(device_id)],
                    "subscribe": [topics.subscribe_filter(device_id)],
                },
                "expires_in": max(0, (access.expires_at - self._house.now()) // 1_000),
            }
        )

    def about(self) -> "About":
        from server.openapi.operation import ANY_TEXT, FLAG, Answer, Field, each, members, whole

        branches = each(ANY_TEXT, 1)
        topics_of_it = members(Field("publish", branches, True), Field("subscribe", branches, True))
        names = ("host", "client_id", "username", "password")
        shown = members(
            *(Field(name, ANY_TEXT, True) for name in names),
            Field("port", whole(1, 65_535), True),
            Field("tls", FLAG, True),
            Field("topics", topics_of_it, True, "What this device may publish, and what it may subscribe to"),
            Field("expires_in", whole(), True, "Seconds"),
        )
        answer = Answer(200, "Where the broker is, and how this device signs in there", shown)
        return {"POST": about_bearer("mqtt_credentials", "Say how this device reaches MQTT", answer)}
