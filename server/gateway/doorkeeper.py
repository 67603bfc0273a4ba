"""Who may open an MQTT session: the holder of a living access token, on its own device's branch only."""

from typing import Final

from device_agent.mqtt import topics
from device_agent.mqtt.packets import reasons
from server.broker.port import Admission, Hello, Refusal
from server.house import House
from server.oauth.access import Access, InvalidToken
from server.oauth.errors import OAuthError
from server.possession import check_proof

# A key-bound token opens a session with a proof of its key, in this user property of the CONNECT, made for this method
# and this path of the issuer. No standard says how; ours is as near to RFC 9449 as MQTT allows, and experimental.
PROPERTY: Final = "dpop"
METHOD: Final = "CONNECT"
MQTT_PATH: Final = "/mqtt"


class HouseDoorkeeper:
    """`server.broker.port.Doorkeeper` over the mint: the token is the password, its device the name of the session."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def admit(self, hello: Hello) -> Admission | Refusal:
        """Check the token, and that every name the client gives is the token's device."""
        access = self._check(hello.credential)
        if access is None:
            return Refusal(reasons.NOT_AUTHORIZED, "the password must be a living access token")
        if not access.device_id:
            return Refusal(reasons.NOT_AUTHORIZED, "the token is no device's")
        if hello.username not in (None, access.device_id) or hello.client_id not in ("", access.device_id):
            return Refusal(reasons.NOT_AUTHORIZED, "user name and client id must be the device id of the token")
        if access.jkt is not None and not self._proves(hello, access.jkt):
            return Refusal(reasons.NOT_AUTHORIZED, "this token needs a proof of its key in the user property dpop")
        return _admission(access, hello.credential)

    async def renew(self, admission: Admission, token: bytes) -> Admission | Refusal:
        """A fresh token of the same device and the same sign-in."""
        access = self._check(token)
        if access is None:
            return Refusal(reasons.NOT_AUTHORIZED, "the fresh token is not a living access token")
        if access.device_id != admission.device_id or access.family_id != admission.tie:
            return Refusal(reasons.NOT_AUTHORIZED, "the fresh token belongs to another device")
        return _admission(access, token)

    def _proves(self, hello: Hello, jkt: str) -> bool:
        """Whether the CONNECT carries a fresh DPoP proof of this key, made for `CONNECT {issuer}/mqtt` (ours)."""
        shown = [value for name, value in hello.user_properties if name == PROPERTY]
        token = (hello.credential or b"").decode("ascii")
        try:
            url = self._house.settings.issuer + MQTT_PATH
            return (
                len(shown) == 1 and check_proof(self._house, shown[0], method=METHOD, url=url, token=token).jkt == jkt
            )
        except OAuthError:
            return False

    def _check(self, credential: bytes | None) -> Access | None:
        try:
            return self._house.check((credential or b"").decode("ascii"))
        except (InvalidToken, UnicodeDecodeError):
            return None


def _admission(access: Access, credential: bytes | None) -> Admission:
    return Admission(
        device_id=access.device_id,
        expires_at=access.expires_at,
        publish=(topics.publish_filter(access.device_id),),
        subscribe=(topics.subscribe_filter(access.device_id),),
        token=(credential or b"").decode("ascii"),
        tie=access.family_id,
    )
