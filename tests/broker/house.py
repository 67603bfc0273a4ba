"""A broker on loopback with a doorkeeper of its own, a clock that is moved by hand, and raw MQTT 5 clients."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType

from device_agent.mqtt.packets import client, shapes
from device_agent.mqtt.packets.properties import NONE, Properties
from device_agent.mqtt.packets.shapes import Packet, Subscription, Will
from server.broker.broker import Broker
from server.broker.limits import Limits
from server.broker.port import METHOD, Admission, Challenge, Hello, Refusal, Response

PATIENCE = 5.0  # seconds; only a broken broker needs them
START = 1_000_000


class Time:
    """Wall clock and uptime in milliseconds, moved by the test alone."""

    def __init__(self) -> None:
        self.wall = START
        self.up = START

    def clock(self) -> int:
        return self.wall

    def uptime(self) -> int:
        return self.up


class Keeper:
    """Lets in whoever brings a token `{device}:{lifetime in ms}:{tie}`; anything else is refused."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.asked: list[Hello] = []
        self.gate: asyncio.Event | None = None
        self.at_once = self.most_at_once = 0
        self.fails = False

    async def admit(self, hello: Hello) -> Admission | Refusal:
        self.asked.append(hello)
        return await self._decide(hello.credential or b"")

    async def renew(self, admission: Admission, credential: bytes, method: str = "") -> Admission | Refusal:
        return await self._decide(credential)

    async def answer(self, challenge: Challenge, response: Response) -> Admission | Refusal:
        return Refusal(0x87, "no challenge was given")

    async def _decide(self, token: bytes) -> Admission | Refusal:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.gate is not None:
                await self.gate.wait()
            if self.fails:
                raise RuntimeError("the database is away")
            return self._admission(token)
        finally:
            self.at_once -= 1

    def _admission(self, token: bytes) -> Admission | Refusal:
        parts = token.decode(errors="replace").split(":")
        if len(parts) != 3 or not parts[1].isdigit():
            return Refusal(0x87, "that is no token of ours")
        device_id, lifetime, tie = parts
        publish, subscribe = (f"v1/{device_id}/up/#",), (f"v1/{device_id}/dn/#",)
        if device_id == "console":
            publish, subscribe = ("v1/#",), ("#",)
        return Admission(device_id, self.time.wall + int(lifetime), publish, subscribe, token.decode(), tie)


class Device:
    """A raw client: says packets, hears packets, and can tell silence from slowness by a ping."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.decoder = client.decoder(1 << 24)
        self.last_id = 0

    def say(self, packet: Packet) -> None:
        self.writer.write(client.encode(packet))

    def say_raw(self, data: bytes) -> None:
        self.writer.write(data)

    async def hear(self) -> Packet:
        """The next packet; EOFError when the connection ends instead."""
        while True:
            packet = next(self.decoder, None)
            if packet is not None:
                return packet
            data = await asyncio.wait_for(self.reader.read(65_536), PATIENCE)
            if not data:
                raise EOFError
            self.decoder.feed(data)

    async def hears(self, kind: type[Packet]) -> Packet:
        packet = await self.hear()
        assert isinstance(packet, kind), packet
        return packet

    async def message(self) -> shapes.Publish:
        """The next message, acknowledged."""
        packet = await self.hear()
        assert isinstance(packet, shapes.Publish), packet
        if packet.qos:
            self.say(shapes.PubAck(packet.packet_id))
        return packet

    async def is_silent(self) -> bool:
        """Whether nothing is said but the answer to a ping."""
        self.say(shapes.PingReq())
        return isinstance(await self.hear(), shapes.PingResp)

    async def farewell(self) -> int:
        """The reason code of the DISCONNECT that comes next; the connection ends behind it."""
        packet = await self.hear()
        assert isinstance(packet, shapes.Disconnect), packet
        assert await self.is_closed()
        return packet.reason_code

    async def is_closed(self) -> bool:
        """Whether the connection ends without another packet."""
        try:
            await self.hear()
        except (EOFError, ConnectionError):
            return True
        return False

    async def publish(self, topic: str, payload: bytes = b"x", qos: int = 1, **more: object) -> int:
        """Publish; the reason code of PUBACK at QoS 1, 0 at QoS 0."""
        properties = Properties(**{name: value for name, value in more.items() if name not in ("retain", "dup")})
        self.last_id += qos
        packet_id = self.last_id if qos else 0
        self.say(shapes.Publish(topic, payload, qos, bool(more.get("retain")), packet_id, properties=properties))
        if not qos:
            return 0
        answer = await self.hear()
        assert isinstance(answer, shapes.PubAck), answer
        assert answer.packet_id == packet_id
        return answer.reason_code

    async def subscribe(self, *wishes: str | Subscription, properties: Properties = NONE) -> list[int]:
        """Subscribe at QoS 1 unless the wish says otherwise; the reason codes."""
        lines = [Subscription(wish, 1) if isinstance(wish, str) else wish for wish in wishes]
        self.say(shapes.Subscribe(77, lines, properties))
        answer = await self.hear()
        assert isinstance(answer, shapes.SubAck), answer
        return answer.reason_codes

    def vanish(self) -> None:
        """Cut the line without a DISCONNECT."""
        self.writer.transport.abort()

    async def leave(self, reason_code: int = 0, properties: Properties = NONE) -> None:
        """DISCONNECT, then wait until the broker has closed."""
        self.say(shapes.Disconnect(reason_code, properties))
        assert await self.is_closed()
        self.writer.close()


class House:
    """A running broker; `async with House() as house`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.time = Time()
        self.keeper = Keeper(self.time)
        self.broker = Broker(self.keeper, self.time.clock, limits, self.time.uptime)
        self.port = 0
        self.devices: list[Device] = []

    async def __aenter__(self) -> "House":
        self.port = await self.broker.start("127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.broker.stop()
        for device in self.devices:
            device.writer.close()

    def later(self, milliseconds: int) -> None:
        """Let time pass, and the broker notice."""
        self.time.wall += milliseconds
        self.time.up += milliseconds
        self.broker.tick()

    async def call(self) -> Device:
        """A connection on which nothing has been said."""
        device = Device(*await asyncio.open_connection("127.0.0.1", self.port))
        self.devices.append(device)
        return device

    async def connack(self, packet: shapes.Connect) -> tuple[Device, shapes.ConnAck]:
        """Connect with this CONNECT, whatever the answer."""
        device = await self.call()
        device.say(packet)
        answer = await device.hear()
        assert isinstance(answer, shapes.ConnAck), answer
        return device, answer

    async def device(
        self,
        device_id: str = "tv",
        lifetime: int = 3_600_000,
        tie: str = "s1",
        will: Will | None = None,
        clean: bool = True,
        by_method: bool = False,
        keep_alive: int = 60,
        **more: object,
    ) -> Device:
        """A device that is let in; `more` are properties of CONNECT."""
        token = f"{device_id}:{lifetime}:{tie}".encode()
        if by_method:
            more = {"authentication_method": METHOD, "authentication_data": token, **more}
        device, answer = await self.connack(
            shapes.Connect(
                device_id,
                None if by_method else device_id,
                None if by_method else token,
                clean,
                keep_alive,
                will,
                Properties(**more),
            )
        )
        assert answer.reason_code == 0, answer
        device.present = answer.session_present  # type: ignore[attr-defined]
        return device

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that happens in the broker."""
        for _ in range(int(PATIENCE * 1000)):
            if is_so():
                return
            await asyncio.sleep(0.001)
        raise AssertionError("it did not happen")


def live(story: Callable[[House], Awaitable[None]], limits: Limits | None = None) -> None:
    """Run a story in a house of its own."""

    async def told() -> None:
        async with House(limits) as house:
            await story(house)

    asyncio.run(told())
