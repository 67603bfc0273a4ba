"""Who is there: credentials at CONNECT, challenges, newer credentials while a session stands (MQTT 5 section 4.12)."""

import asyncio
from collections.abc import Callable, Coroutine

from device_agent.mqtt.packets import broker as codec
from device_agent.mqtt.packets import reasons
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Auth
from device_agent.mqtt.packets.wire import protocol_error
from server.broker.door import Door
from server.broker.port import Admission, Answer, Challenge, Decision, Hello, Response

Decided = Callable[[Decision], None]


class Authentication:
    """One connection's. One question is under way at a time; a challenge is answered once, whatever the answer."""

    __slots__ = ("_challenge", "_decided", "_device_id", "_door", "_send", "_task", "method")

    def __init__(self, door: Door, send: Callable[[bytes], None]) -> None:
        self._door = door
        self._send = send
        self._task: asyncio.Task[None] | None = None
        self._challenge: Challenge | None = None
        self._decided: Decided | None = None
        self._device_id = ""
        self.method: str | None = None

    def connect(self, hello: Hello, decided: Decided) -> None:
        """Begin with a CONNECT; `decided` is called once, unless `cancel` comes first."""
        self.method, self._device_id, self._decided = hello.auth_method, hello.client_id, decided
        self._ask(self._door.admit(hello))

    def heard(self, packet: Auth, admission: Admission | None = None, decided: Decided | None = None) -> None:
        """AUTH: the response to a challenge (0x18), or a re-authentication (0x19) of the session's `admission`.

        MqttError when it has no place here; the admission is None before CONNACK.
        """
        said = packet.properties
        if self.method is None:
            raise protocol_error("AUTH needs an authentication method in CONNECT")
        if said.authentication_method != self.method:
            raise protocol_error("AUTH goes on with the method of CONNECT")
        if self._task is not None:
            raise protocol_error("the last AUTH has not been answered yet")
        challenge, self._challenge = self._challenge, None
        if packet.reason_code == reasons.CONTINUE_AUTHENTICATION:
            if challenge is None:
                raise protocol_error("there is no challenge to answer: re-authentication begins with AUTH 0x19")
            response = Response(said.authentication_data or b"", said.user_properties)
            self._ask(self._door.answer(challenge, response, self._device_id))
        elif challenge is not None or admission is None:
            raise protocol_error("answer the challenge with AUTH 0x18")
        else:
            self._device_id, self._decided = admission.device_id, decided
            self._ask(self._door.renew(admission, said.authentication_data, self.method))

    def accepted(self) -> bytes:
        """AUTH 0x00: the re-authentication was good."""
        return codec.encode(Auth(reasons.SUCCESS, Properties(authentication_method=self.method)))

    def cancel(self) -> None:
        """The connection is gone: nothing is decided any more."""
        self._challenge = self._decided = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _ask(self, question: Coroutine[object, object, Answer]) -> None:
        self._task = asyncio.get_running_loop().create_task(self._settle(question))

    async def _settle(self, question: Coroutine[object, object, Answer]) -> None:
        answer = await question
        self._task = None
        if not isinstance(answer, Challenge):
            if self._decided is not None:
                self._decided(answer)
            return
        self._challenge = answer
        said = Properties(authentication_method=self.method, authentication_data=answer.data)
        self._send(codec.encode(Auth(reasons.CONTINUE_AUTHENTICATION, said)))
