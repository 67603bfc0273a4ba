"""mosquitto's own clients against our broker: real programs, MQTT 5, plain and over TLS."""

import asyncio
import ssl
from pathlib import Path

from device_agent.mqtt.packets.properties import Properties
from server.broker.port import Received
from tests.broker.house import House, live
from tests.certificate import certificate
from tests.needs import require

TOKEN = "tv:3600000:s1"
PATIENCE = 10.0


async def start(house: House, program: str, *arguments: str, token: str = TOKEN) -> asyncio.subprocess.Process:
    """One of mosquitto's clients as the device `tv`."""
    return await asyncio.create_subprocess_exec(
        str(require(program)),
        *("-V", "5", "-h", "127.0.0.1", "-p", str(house.port), "-i", "tv", "-u", "tv", "-P", token),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """(exit status, what it printed)."""
    try:
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        process.kill()
        out, _ = await process.communicate()
        raise AssertionError(out.decode()) from None
    return process.returncode, out.decode()


def test_mosquitto_pub_is_heard_at_both_qos_with_its_properties() -> None:
    async def story(house: House) -> None:
        heard: list[Received] = []
        house.broker.listen("v1/+/up/#", lambda received: heard.append(received))
        for qos in ("0", "1"):
            more = (
                "-q",
                qos,
                "-D",
                "publish",
                "content-type",
                "text/plain",
                "-D",
                "publish",
                "user-property",
                "a",
                "b",
            )
            status, said = await ended(
                await start(house, "mosquitto_pub", "-t", "v1/tv/up/tm/heat", "-m", "21.5", *more)
            )
            assert status == 0, said
        assert [(one.payload, one.qos, one.device_id) for one in heard] == [(b"21.5", 0, "tv"), (b"21.5", 1, "tv")]
        assert heard[1].properties.content_type == "text/plain"
        assert heard[1].properties.user_properties == (("a", "b"),)

    live(story)


def test_mosquitto_pub_hears_that_a_topic_or_a_token_is_not_its_own() -> None:
    async def story(house: House) -> None:
        _, said = await ended(await start(house, "mosquitto_pub", "-q", "1", "-t", "v1/radio/up/tm/a", "-m", "x"))
        assert "Not authorized" in said
        status, said = await ended(await start(house, "mosquitto_pub", "-t", "v1/tv/up/a", "-m", "x", token="wrong"))
        assert status != 0
        assert "Not authorized" in said

    live(story)


def test_mosquitto_pub_of_version_3_1_1_is_told_that_its_protocol_is_not_spoken() -> None:
    async def story(house: House) -> None:
        status, said = await ended(await start(house, "mosquitto_pub", "-t", "a", "-m", "x", "-V", "311"))
        assert status != 0
        assert "protocol version" in said

    live(story)


def test_mosquitto_sub_gets_retained_and_live_messages_and_not_those_of_others() -> None:
    async def story(house: House) -> None:
        house.broker.publish("v1/tv/dn/ds", b"kept", 1, retain=True)
        process = await start(house, "mosquitto_sub", "-q", "1", "-t", "v1/tv/dn/#", "-C", "3", "-F", "%r %q %t %p")
        await house.until(lambda: house.broker.counters.messages_out == 1)
        house.broker.publish("v1/radio/dn/cm/x/1", b"other", 1)
        house.broker.publish("v1/tv/dn/cm/x/1", b"one", 1)
        house.broker.publish("v1/tv/dn/cm/x/2", b"two", 0)
        status, said = await ended(process)
        assert status == 0
        assert said.splitlines() == ["1 1 v1/tv/dn/ds kept", "0 1 v1/tv/dn/cm/x/1 one", "0 0 v1/tv/dn/cm/x/2 two"]

    live(story)


def test_mosquitto_sub_is_granted_each_filter_by_itself() -> None:
    async def story(house: House) -> None:
        _, said = await ended(await start(house, "mosquitto_sub", "-t", "#", "-W", "3"))
        assert "Not authorized" in said or "denied" in said

    live(story)


def test_mosquitto_rr_calls_and_hears_the_answer() -> None:
    async def story(house: House) -> None:
        def answer(call: Received) -> None:
            assert call.response_topic is not None
            said = Properties(correlation_data=call.correlation_data)
            house.broker.publish(call.response_topic, b"you said " + call.payload, 1, properties=said)

        house.broker.listen("v1/+/up/rq/#", answer)
        rr = await start(
            house, "mosquitto_rr", "-q", "1", "-t", "v1/tv/up/rq/me/7", "-e", "v1/tv/dn/rs/7", "-m", "hello", "-W", "5"
        )
        status, said = await ended(rr)
        assert (status, said.strip()) == (0, "you said hello")

    live(story)


def test_the_will_of_a_killed_mosquitto_sub_is_published() -> None:
    async def story(house: House) -> None:
        heard: list[bytes] = []
        house.broker.listen("v1/+/up/st", lambda received: heard.append(received.payload))
        will = ("--will-topic", "v1/tv/up/st", "--will-payload", "gone", "--will-qos", "1", "--will-retain")
        process = await start(house, "mosquitto_sub", "-t", "v1/tv/dn/#", *will)
        await house.until(lambda: house.broker.is_connected("tv"))
        process.kill()
        await process.communicate()
        await house.until(lambda: heard == [b"gone"])
        assert house.broker.retained == 1

    live(story)


def test_mosquitto_sub_hears_why_it_is_closed() -> None:
    async def story(house: House) -> None:
        process = await start(house, "mosquitto_sub", "-d", "-t", "v1/tv/dn/#")
        await house.until(lambda: house.broker.is_connected("tv"))
        await house.broker.close("tv", 0x98)
        _, said = await ended(process)
        assert "eceived DISCONNECT (152)" in said, said

    live(story)


def test_two_mosquitto_subs_share() -> None:
    async def story(house: House) -> None:
        first = await start(house, "mosquitto_sub", "-q", "1", "-t", "$share/g/v1/tv/dn/#", "-C", "2")
        await house.until(lambda: house.broker.is_connected("tv"))
        await asyncio.sleep(0)
        await house.until(lambda: house.broker.publish("v1/tv/dn/rs/1", b"1", 1) == 1)
        house.broker.publish("v1/tv/dn/rs/2", b"2", 1)
        status, said = await ended(first)
        assert (status, said.split()) == (0, ["1", "2"])

    live(story)


def test_mosquitto_clients_speak_to_us_over_tls(tmp_path: Path) -> None:
    pem = certificate(tmp_path / "broker.pem")

    async def story() -> None:
        house = House()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        house.port = await house.broker.start("127.0.0.1", 0, ssl=context)
        heard: list[bytes] = []
        house.broker.listen("v1/+/up/#", lambda received: heard.append(received.payload))
        more = ("--cafile", str(pem), "-q", "1", "-t", "v1/tv/up/tm/a", "-m", "x" * 100_000)
        status, said = await ended(await start(house, "mosquitto_pub", *more))
        assert status == 0, said
        assert heard == [b"x" * 100_000]
        await house.broker.stop()

    asyncio.run(story())
