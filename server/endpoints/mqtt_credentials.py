"""How a device learns to reach MQTT, whichever broker there is: `POST /mqtt/credentials` with its access token."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from device_agent.mqtt import topics
from server.answers import json_answer
from server.api.bearer import REALM, BadToken, bearer
from server.house import House
from server.oauth.errors import TemporarilyUnavailable


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
