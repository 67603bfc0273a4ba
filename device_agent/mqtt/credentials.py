"""How to reach MQTT, as the server's `POST /mqtt/credentials` tells; the device never learns which broker it is."""

from device_agent.flow.answers import seconds, text
from device_agent.mqtt import topics

DEFAULT_EXPIRY = 600_000


class Credentials:
    """`expires_for` is milliseconds."""

    def __init__(self, host: str, port: int, is_tls: bool, client_id: str, username: str, password: str) -> None:
        self.host = host
        self.port = port
        self.is_tls = is_tls
        self.client_id = client_id
        self.username = username
        self.password = password
        self.expires_for = DEFAULT_EXPIRY


def read_credentials(answer: object) -> Credentials:
    """From the endpoint's JSON. Raises ValueError that names what is missing or wrong."""
    if not isinstance(answer, dict):
        raise ValueError("no JSON object")
    port, is_tls = answer.get("port"), answer.get("tls")
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
        raise ValueError("no port")
    if not isinstance(is_tls, bool):
        raise ValueError("no tls")
    for name in ("host", "client_id", "username", "password"):
        if not text(answer, name):
            raise ValueError("no " + name)
    if not topics.is_device_id(text(answer, "client_id")):
        raise ValueError("no good client_id")
    credentials = Credentials(
        text(answer, "host"),
        port,
        is_tls,
        text(answer, "client_id"),
        text(answer, "username"),
        text(answer, "password"),
    )
    credentials.expires_for = seconds(answer, "expires_in", DEFAULT_EXPIRY)
    return credentials
