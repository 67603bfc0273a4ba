"""What the broker asks of the house: who may connect, and for how long (MQTT 5 sections 3.1.3, 3.15 and 4.12)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from device_agent.mqtt.packets.properties import NONE, Properties

# The authentication methods besides user name and password. OAUTH2-JWT: the authentication data is the token itself.
# ace (RFC 9431): the token, and then a proof of the key it is bound to, over a challenge.
METHOD = "OAUTH2-JWT"
ACE = "ace"
METHODS = (METHOD, ACE)


@dataclass(frozen=True, slots=True)
class Hello:
    """What a CONNECT says of who it is; nothing of it is proven yet."""

    client_id: str
    username: str | None
    password: bytes | None = field(repr=False)
    auth_method: str | None
    auth_data: bytes | None = field(repr=False)
    peer: str  # network address
    user_properties: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def credential(self) -> bytes | None:
        """The token, wherever this client put it."""
        return self.auth_data if self.auth_method is not None else self.password


@dataclass(frozen=True, slots=True)
class Admission:
    """Who was let in, until when (milliseconds since 1970), and which topics it may write and read."""

    device_id: str
    expires_at: int
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    token: str = field(default="", repr=False)  # opaque here; handed on with each message to `listen`
    tie: str = ""  # the sign-in that this admission stands on; closing it closes every session tied to it


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody stays outside: a reason code of MQTT 5, and words that are safe to send."""

    reason_code: int
    reason: str = ""
    hints: tuple[tuple[str, str], ...] = ()  # user properties of the CONNACK


@dataclass(frozen=True, slots=True)
class Challenge:
    """No decision yet: `data` goes out with AUTH 0x18. `held` is what the doorkeeper wants back with the response."""

    data: bytes = field(repr=False)
    held: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What a client answers to a challenge, once."""

    data: bytes = field(repr=False)
    user_properties: tuple[tuple[str, str], ...] = field(default=(), repr=False)


Decision = Admission | Refusal
Answer = Decision | Challenge


class Doorkeeper(Protocol):
    """Decides on credentials. The calls are bounded in number; an exception is answered with 0x88."""

    async def admit(self, hello: Hello) -> Answer:
        """Decide on a CONNECT. What it returns is acted on at once, so check for revocation last."""
        ...

    async def renew(self, admission: Admission, credential: bytes, method: str = "") -> Answer:
        """Decide on a newer token for a session that stands (AUTH 0x19 of this method, or a call)."""
        ...

    async def answer(self, challenge: Challenge, response: Response) -> Decision:
        """Decide on the response to a challenge of `admit` or `renew`."""
        ...


@dataclass(frozen=True, slots=True)
class Received:
    """A message as an in-process listener gets it. `device_id` is the sender that was admitted, "" for the server."""

    topic: str
    payload: bytes = field(repr=False)
    qos: int
    retain: bool
    device_id: str
    token: str = field(default="", repr=False)
    properties: Properties = NONE

    @property
    def response_topic(self) -> str | None:
        """Where an answer goes; the broker let only the sender's own `v1/{id}/dn/` pass."""
        return self.properties.response_topic

    @property
    def correlation_data(self) -> bytes | None:
        """What to echo with the answer."""
        return self.properties.correlation_data


# Called within the loop for each message: be quick. A reason code of 0x80 or more refuses the message to its sender.
Listener = Callable[[Received], int | None]
