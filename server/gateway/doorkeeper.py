"""Who may open an MQTT session: the holder of a living access token, on its own device's branch only (RFC 9431)."""

import json
from typing import Final

from device_agent.mqtt.packets import reasons
from server.broker.port import ACE, Admission, Answer, Challenge, Decision, Hello, Refusal, Response
from server.gateway import ace, aif
from server.house import House
from server.oauth.access import Access, InvalidToken
from server.oauth.errors import OAuthError
from server.possession import check_proof

# A key-bound token opens a session with a proof of its key: by the method `ace`, or, for clients without AUTH packets,
# in this user property of the CONNECT, made for this method and this path of the issuer. No standard says how; it is
# as near to RFC 9449 as MQTT allows, and experimental.
PROPERTY: Final = "dpop"
METHOD: Final = "CONNECT"
MQTT_PATH: Final = "/mqtt"
HINT: Final = "ace_as_hint"


class HouseDoorkeeper:
    """`server.broker.port.Doorkeeper` over the mint: the token says who it is, its device the name of the session."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def admit(self, hello: Hello) -> Answer:
        """Check the token, and that every name the client gives is the token's device; with `ace` ask for a proof."""
        if hello.auth_method == ACE:
            return self._admit_by_challenge(hello)
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

    async def renew(self, admission: Admission, credential: bytes, method: str = "") -> Answer:
        """A fresh token of the same device and the same sign-in; with `ace` its key is asked for again."""
        if method == ACE:
            return self._challenge(credential, admission, admission.device_id)
        return _same(self._check(credential), admission, credential)

    async def answer(self, challenge: Challenge, response: Response) -> Decision:
        """The signature decides; the token may have ended while it was made."""
        held = challenge.held
        if not isinstance(held, ace.Held) or not ace.proves(held, response):
            return self._refusal("send 8 bytes, the signature over both nonces, and the key in the user property jwk")
        access = self._check(held.token)
        if held.admission is not None:
            return _same(access, held.admission, held.token)
        return self._refusal("the token has ended") if access is None else _admission(access, held.token)

    def _admit_by_challenge(self, hello: Hello) -> Answer:
        if hello.username is not None or hello.password is not None:
            return self._refusal("with the method ace there is neither user name nor password")
        return self._challenge(hello.auth_data, None, hello.client_id)

    def _challenge(self, data: bytes | None, admission: Admission | None, device_id: str) -> Challenge | Refusal:
        """A nonce to sign, when the token is alive, this device's ("": any), and bound to a key."""
        try:
            token = ace.token_in(data)
        except ace.Malformed as malformed:
            return self._refusal(str(malformed))
        access = self._check(token)
        if access is None or not access.device_id:
            return self._refusal("this is no living access token of a device")
        if device_id not in ("", access.device_id):
            return self._refusal("the client id must be the device id of the token")
        if access.jkt is None:
            return self._refusal("the token is bound to no key: ask for it with a DPoP proof, or send it as password")
        return ace.challenge(token, access.jkt, admission)

    def _refusal(self, reason: str) -> Refusal:
        """0x87, with the way to a token (RFC 9431 section 2.2.6.1)."""
        settings = self._house.settings
        hint = {"AS": settings.issuer + "/token", "audience": settings.api_audience}
        return Refusal(reasons.NOT_AUTHORIZED, reason, ((HINT, json.dumps(hint)),))

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
        """The token, when it may be used here; one that is bound to a certificate may not, for none is seen here."""
        try:
            access = self._house.check((credential or b"").decode("ascii"))
        except (InvalidToken, UnicodeDecodeError):
            return None
        return access if access.x5t is None else None


def _same(access: Access | None, admission: Admission, credential: bytes) -> Decision:
    """The fresh token's admission, when it is of the same device and sign-in as the session's."""
    if access is None:
        return Refusal(reasons.NOT_AUTHORIZED, "the fresh token is not a living access token")
    if access.device_id != admission.device_id or access.family_id != admission.tie:
        return Refusal(reasons.NOT_AUTHORIZED, "the fresh token belongs to another device")
    return _admission(access, credential)


def _admission(access: Access, credential: bytes | None) -> Decision:
    try:
        publish, subscribe = aif.rights(access.device_id, access.scopes)
    except aif.NoAif:
        return Refusal(reasons.NOT_AUTHORIZED, "a scope of the token is a list, but not of topic filters")
    return Admission(
        device_id=access.device_id,
        expires_at=access.expires_at,
        publish=publish,
        subscribe=subscribe,
        token=(credential or b"").decode("ascii"),
        tie=access.family_id,
    )
