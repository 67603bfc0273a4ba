"""A device at the broker's door, written with the packets alone: it says exactly what a test wants, over TLS or not."""

import json
import os
import socket
import ssl
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from device_agent.mqtt.packets import client, shapes
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Packet
from server.settings import SCOPES as SENTENCES
from tests.certificate import certificate
from tests.conformance.wire import StoppedClock
from tests.dpop import Key, thumb
from tests.house import Phone, RunningHouse, furnish, open_house

PATIENCE: Final = 10.0
ACE: Final = "ace"


def aif(*entries: tuple[str, list[str]]) -> str:
    """The scope that names these filters."""
    return urlsafe_b64encode(json.dumps(entries, separators=(",", ":")).encode()).rstrip(b"=").decode()


MEASURES: Final = aif(("v1/+/up/tm/+", ["pub"]), ("v1/+/dn/rs/#", ["sub"]), ("v1/radio/#", ["pub", "sub"]))
MORE: Final = aif(("v1/+/up/#", ["pub"]), ("v1/+/dn/#", ["sub"]))
NOTHING: Final = aif()
NONSENSE: Final = aif(("v1/#/up", ["pub"]))
TOPIC_SCOPES: Final = (MEASURES, MORE, NOTHING, NONSENSE)


@contextmanager
def mqtt_house(tmp_path: Path) -> Iterator[RunningHouse]:
    """A house that speaks TLS alone, with a client `meter` whose scopes are topics and a clock that stands still."""
    pem = str(certificate(tmp_path / "house.pem"))
    scopes = SENTENCES | dict.fromkeys(TOPIC_SCOPES, "Send what it measures")
    settings: dict[str, Any] = {"tls_cert": pem, "tls_key": pem, "scopes": scopes}
    with open_house(tmp_path, clock=StoppedClock(), mqtt_port=0, **settings) as running:
        running.web.verify = pem
        furnish(running)
        running.add_client("meter", scopes=TOPIC_SCOPES, name="Meter")
        yield running


class AnyKey(Key):
    """A device's key of any kind: `ES256`, `EdDSA` or `RS256`."""

    def __init__(self, algorithm: str = "ES256") -> None:
        super().__init__()
        self.algorithm = algorithm
        if algorithm == "EdDSA":
            self.private: Any = ed25519.Ed25519PrivateKey.generate()
            self.jwk = json.loads(OKPAlgorithm.to_jwk(self.private.public_key()))
        elif algorithm == "RS256":
            self.private = rsa.generate_private_key(65_537, 2_048)
            self.jwk = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
            self.jwk = {name: self.jwk[name] for name in ("kty", "n", "e")}

    @property
    def jkt(self) -> str:
        names = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
        return thumb({name: self.jwk[name] for name in names[self.jwk["kty"]]})

    def sign(self, message: bytes) -> bytes:
        """As in JWS."""
        return jwt.get_algorithm_by_name(self.algorithm).sign(message, self.private)

    def bound(self, house: RunningHouse, path: str = "/token") -> dict[str, str]:
        """The header that proves this key for a POST to `path`."""
        return {"DPoP": self.proof("POST", house.issuer + path, house.clock(), algorithm=self.algorithm)}


def sign_in(house: RunningHouse, key: AnyKey | None = None, client_id: str = "tv", **more: str) -> dict[str, Any]:
    """The tokens of a device, bound to `key` if there is one; with its `device_id` beside them."""
    started = house.begin(client_id, **more)
    Phone(house, "ana").approve(started)
    answer = house.poll(started, client_id, headers=key.bound(house) if key else {})
    assert answer.status_code == 200, answer.text
    return with_device_id(answer.json())


def refreshed(
    house: RunningHouse, tokens: dict[str, Any], key: AnyKey | None = None, client_id: str = "tv"
) -> dict[str, Any]:
    """The next tokens of the same sign-in."""
    answer = house.refresh(tokens, client_id, headers=key.bound(house) if key else {})
    assert answer.status_code == 200, answer.text
    return with_device_id(answer.json())


def with_device_id(tokens: dict[str, Any]) -> dict[str, Any]:
    """As a device learns it from its credentials; here from the token itself."""
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    return tokens | {"device_id": claims["device_id"], "sid": claims["sid"]}


class Line:
    """One connection of a device. `with Line(house) as line`."""

    def __init__(self, house: RunningHouse, ca_file: str = "") -> None:
        sessions = house.app.house.sessions
        assert sessions is not None
        plain = socket.create_connection(("127.0.0.1", sessions.port), PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ca_file = ca_file or house.app.house.settings.tls_cert
        context = ssl.create_default_context(cafile=ca_file) if ca_file else None
        self._line = context.wrap_socket(plain, server_hostname="127.0.0.1") if context else plain
        self._decoder = client.decoder(1 << 24)
        self._last_id = 0

    def __enter__(self) -> "Line":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()

    def say(self, *packets: Packet) -> None:
        """All of them in one write."""
        self._line.sendall(b"".join(client.encode(each) for each in packets))

    def say_raw(self, data: bytes) -> None:
        self._line.sendall(data)

    def hear(self) -> Packet | None:
        """The next packet; None when the broker hangs up."""
        while True:
            packet = next(self._decoder, None)
            if packet is not None:
                return packet
            try:
                data = self._line.recv(65_536)
            except (ConnectionError, ssl.SSLError):
                return None
            if not data:
                return None
            self._decoder.feed(data)

    def connack(self) -> shapes.ConnAck:
        packet = self.hear()
        assert isinstance(packet, shapes.ConnAck), packet
        return packet

    def auth(self) -> shapes.Auth:
        packet = self.hear()
        assert isinstance(packet, shapes.Auth), packet
        return packet

    def message(self) -> shapes.Publish:
        """The next message, acknowledged."""
        packet = self.hear()
        assert isinstance(packet, shapes.Publish), packet
        if packet.qos:
            self.say(shapes.PubAck(packet.packet_id))
        return packet

    def farewell(self) -> int:
        """The reason code of the DISCONNECT that comes next, with which the line ends."""
        packet = self.hear()
        assert isinstance(packet, shapes.Disconnect), packet
        assert self.hear() is None
        return packet.reason_code

    def is_silent(self) -> bool:
        """Whether nothing is said but the answer to a ping."""
        self.say(shapes.PingReq())
        return isinstance(self.hear(), shapes.PingResp)

    def by_password(self, tokens: dict[str, Any], **more: Any) -> shapes.ConnAck:
        """CONNECT with the token as password."""
        return self._connect(tokens, tokens["device_id"], tokens["access_token"].encode(), **more)

    def by_method(self, tokens: dict[str, Any], method: str = "OAUTH2-JWT", **more: Any) -> shapes.ConnAck:
        """CONNECT with the token as authentication data."""
        said = {"authentication_method": method, "authentication_data": tokens["access_token"].encode()}
        return self._connect(tokens, None, None, **said | more)

    def _connect(self, tokens: dict[str, Any], name: str | None, password: bytes | None, **more: Any) -> shapes.ConnAck:
        fields = {each: more.pop(each) for each in ("client_id", "clean_start", "will", "keep_alive") if each in more}
        device_id = fields.pop("client_id", tokens["device_id"])
        self.say(shapes.Connect(device_id, name, password, properties=Properties(**more), **fields))
        return self.connack()

    def by_ace(self, tokens: dict[str, Any], key: AnyKey, **more: Any) -> shapes.ConnAck:
        """The whole of RFC 9431 section 2.2.4.2.2."""
        self.say(ace_connect(tokens, **more))
        self.say(proof_of(key, self.challenge()))
        return self.connack()

    def challenge(self) -> bytes:
        """The nonce of AUTH 0x18."""
        asked = self.auth()
        assert (asked.reason_code, asked.properties.authentication_method) == (0x18, ACE)
        assert asked.properties.authentication_data is not None
        return asked.properties.authentication_data

    def publish(self, topic: str, payload: bytes = b"x", qos: int = 1, retain: bool = False, **more: Any) -> int:
        """The reason code of PUBACK; 0 at QoS 0."""
        self._last_id += 1
        packet_id = self._last_id if qos else 0
        self.say(shapes.Publish(topic, payload, qos, retain, packet_id, properties=Properties(**more)))
        if not qos:
            return 0
        answer = self.hear()
        assert isinstance(answer, shapes.PubAck), answer
        return answer.reason_code

    def subscribe(self, *filters: str) -> list[int]:
        """At QoS 1; the reason codes."""
        self.say(shapes.Subscribe(77, [shapes.Subscription(each, 1) for each in filters]))
        answer = self.hear()
        assert isinstance(answer, shapes.SubAck), answer
        return answer.reason_codes


def framed(token: str) -> bytes:
    """A token behind its length."""
    return len(token).to_bytes(2, "big") + token.encode()


def ace_connect(tokens: dict[str, Any], data: bytes | None = b"", **more: Any) -> shapes.Connect:
    """CONNECT of the method `ace`; `data` in place of the token, None for none at all."""
    said = Properties(
        authentication_method=ACE,
        authentication_data=framed(tokens["access_token"]) if data == b"" else data,
        **{name: more.pop(name) for name in ("session_expiry_interval",) if name in more},
    )
    return shapes.Connect(more.pop("client_id", tokens.get("device_id", "")), properties=said, **more)


def proof_of(key: AnyKey, nonce: bytes, **more: Any) -> shapes.Auth:
    """AUTH 0x18 that answers a challenge; `signed` and `jwk` in place of what they should be."""
    own = os.urandom(8)
    data = own + key.sign(more.get("signed", nonce) + own)
    jwk = more.get("jwk", json.dumps(key.jwk))
    user = (("jwk", jwk),) if jwk is not None else ()
    said = Properties(authentication_method=ACE, authentication_data=more.get("data", data), user_properties=user)
    return shapes.Auth(0x18, said)


def again(tokens: dict[str, Any], method: str = ACE) -> shapes.Auth:
    """AUTH 0x19: a newer token for the session."""
    token = tokens["access_token"]
    data = framed(token) if method == ACE else token.encode()
    return shapes.Auth(0x19, Properties(authentication_method=method, authentication_data=data))
