"""What the agent does with messages: answers to its calls on its own branch, and commands that point elsewhere."""

import json
from collections.abc import Iterator

import pytest

from device_agent.mqtt.caller import Caller
from device_agent.mqtt.credentials import read_credentials
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.responder import answer_topic
from server.broker.port import Received
from tests.conformance.mqtt_wire import mqtt_house, sign_in
from tests.house import RunningHouse
from tests.waiting import wait_until

WITHIN = 10_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with mqtt_house(tmp_path_factory.mktemp("agent")) as running:
        yield running


def say(house: RunningHouse, topic: str, payload: bytes = b"", **properties: object) -> None:
    """As the server, which may write to anybody."""

    async def publish() -> None:
        broker = house.app._broker
        assert broker is not None
        broker._broker.publish(topic, payload, 1, properties=Properties(**properties))  # type: ignore[attr-defined]

    house.do(publish())


@pytest.mark.parametrize(
    ("topic", "response_topic", "expected"),
    [
        ("v1/tv/dn/cm/reboot/7", None, "v1/tv/up/cr/7"),
        ("v1/tv/dn/cm/reboot/7", "v1/tv/up/cr/mine", "v1/tv/up/cr/mine"),
        ("v1/tv/dn/cm/reboot/7", "v1/radio/up/cr/7", None),
        ("v1/tv/dn/cm/reboot/7", "v1/tv/dn/cm/reboot/8", None),
        ("v1/tv/dn/cm/reboot/7", "v1/tv/up", None),
        ("v1/tv/dn/cm/reboot/7", "v1/tv2/up/cr/7", None),
        ("v1/tv/dn/cm/reboot/7", "v1/tv/up/#", None),
        ("v1/tv/dn/cm/reboot/7", "v1/tv/up/+/7", None),
        ("v1/tv/dn/cm/reboot/7", "", None),
        ("v1/tv/dn/cm/reboot/7", "$SYS/x", None),
        ("v1/radio/dn/cm/reboot/7", None, None),
        ("v1/tv/dn/rs/7", None, None),
        ("v1/tv/up/cm/reboot/7", None, None),
        ("elsewhere", "v1/tv/up/cr/7", None),
    ],
)
def test_mq_08_a_command_is_answered_only_where_this_device_may_publish(
    topic: str, response_topic: str | None, expected: str | None
) -> None:
    assert answer_topic("tv", topic, response_topic) == expected


def test_mq_08_the_agent_answers_a_command_with_its_correlation_and_never_on_anothers_branch(
    house: RunningHouse,
) -> None:
    tokens = sign_in(house)
    own = tokens["device_id"]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    told = read_credentials(house.post("/mqtt/credentials", headers=headers).json())
    heard: list[Received] = []
    broker = house.app._broker
    assert broker is not None
    stop = broker._broker.listen("v1/+/up/cr/+", heard.append)  # type: ignore[attr-defined]
    caller = Caller(told, is_present=True, ca_file=house.app.house.settings.tls_cert)
    caller.open(WITHIN)
    try:
        say(house, f"v1/{own}/dn/cm/reboot/1", response_topic="v1/radio/up/cr/1")
        say(house, f"v1/{own}/dn/cm/reboot/2", response_topic=f"v1/{own}/up/cr/mine", correlation_data=b"\x00\xff")
        say(house, f"v1/{own}/dn/cm/reboot/3")
        wait_until(lambda: len(heard) == 2)
        assert [each.topic for each in heard] == [f"v1/{own}/up/cr/mine", f"v1/{own}/up/cr/3"]
        assert heard[0].correlation_data == b"\x00\xff"
        assert json.loads(heard[0].payload)["body"]["error"] == "unknown_command"
        say(house, f"v1/{own}/dn/rs/unasked", b'{"status":200,"body":"planted"}')
        assert caller.call("me", None, WITHIN)[0] == 200
    finally:
        caller.close()
        stop()
