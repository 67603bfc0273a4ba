"""RFC 9431 section 3: what a token lets its device publish and read, and how a refusal is said."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from device_agent.mqtt.packets import client, shapes
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Will
from tests.conformance.mqtt_wire import (
    MEASURES,
    MORE,
    NONSENSE,
    NOTHING,
    AnyKey,
    Line,
    again,
    mqtt_house,
    proof_of,
    sign_in,
)
from tests.house import RunningHouse


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with mqtt_house(tmp_path_factory.mktemp("rights")) as running:
        yield running


@pytest.fixture(scope="module")
def meter(house: RunningHouse) -> dict[str, Any]:
    """The tokens of a device whose scope names topics."""
    return sign_in(house, client_id="meter", scope=MEASURES)


@pytest.fixture
def tv(house: RunningHouse) -> dict[str, Any]:
    return sign_in(house)


def test_mq_04_the_scope_is_one_token_that_introspection_and_the_jwt_carry_unchanged(
    house: RunningHouse, meter: dict[str, Any]
) -> None:
    claims = jwt.decode(meter["access_token"], options={"verify_signature": False})
    assert (claims["scope"], meter["scope"]) == (MEASURES, MEASURES)
    assert "=" not in MEASURES
    assert " " not in MEASURES


def test_mq_04_a_scope_that_names_topics_narrows_the_device_to_them(house: RunningHouse, meter: dict[str, Any]) -> None:
    own = meter["device_id"]
    with Line(house) as line:
        assert line.by_password(meter).reason_code == 0
        assert line.publish(f"v1/{own}/up/tm/kitchen") in (0, 0x10)
        for topic in (f"v1/{own}/up/tm/kitchen/oven", f"v1/{own}/up/tm", f"v1/{own}/up/rq/me/1", "v1/radio/up/tm/a"):
            assert line.publish(topic) == 0x87, topic


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("v1/{}/dn/rs/#", 1),
        ("v1/{}/dn/rs/+", 1),
        ("v1/{}/dn/rs/7", 1),
        ("v1/{}/dn/rs", 1),
        ("v1/{}/dn/rs/+/x/#", 1),
        ("$share/all/v1/{}/dn/rs/+", 1),
        ("v1/{}/dn/#", 0x87),
        ("v1/{}/dn/+", 0x87),
        ("v1/{}/dn/+/7", 0x87),
        ("v1/{}/dn/rs7", 0x87),
        ("v1/{}/dn/rs7/#", 0x87),
        ("v1/{}/up/tm/+", 0x87),
        ("v1/{}x/dn/rs/+", 0x87),
        ("v1/+/dn/rs/#", 0x87),
        ("v1/radio/dn/rs/#", 0x87),
        ("+/{}/dn/rs/#", 0x87),
        ("#", 0x87),
        ("$SYS/#", 0x87),
        ("$SYS/broker/clients", 0x87),
        ("$share/all/#", 0x87),
        ("$share/all/$SYS/#", 0x87),
        ("$share/all/v1/{}/dn/#", 0x87),
    ],
)
def test_mq_04_a_filter_is_granted_when_it_lies_within_one_that_the_token_names(
    house: RunningHouse, meter: dict[str, Any], asked: str, code: int
) -> None:
    with Line(house) as line:
        assert line.by_password(meter).reason_code == 0
        assert line.subscribe(asked.format(meter["device_id"])) == [code]


def test_mq_04_each_filter_of_a_subscribe_is_answered_by_itself(house: RunningHouse, meter: dict[str, Any]) -> None:
    own = meter["device_id"]
    with Line(house) as line:
        assert line.by_password(meter).reason_code == 0
        assert line.subscribe(f"v1/{own}/dn/#", f"v1/{own}/dn/rs/+", "v1/radio/dn/rs/+") == [0x87, 1, 0x87]
        assert line.is_silent()


@pytest.mark.parametrize(
    ("topic", "code"),
    [
        ("v1/{}/up/tm/kitchen", 0),
        ("v1/{}/up/st", 0x87),
        ("v1/{}/dn/rs/1", 0x87),
        ("v1/radio/up/tm/kitchen", 0x87),
        ("$SYS/x", 0x87),
    ],
)
def test_mq_04_a_will_is_checked_when_the_device_connects(
    house: RunningHouse, meter: dict[str, Any], topic: str, code: int
) -> None:
    with Line(house) as line:
        will = Will(topic.format(meter["device_id"]), b"gone")
        assert line.by_password(meter, will=will).reason_code == code


def test_mq_04_an_empty_list_of_topics_grants_nothing(house: RunningHouse) -> None:
    tokens = sign_in(house, client_id="meter", scope=NOTHING)
    own = tokens["device_id"]
    with Line(house) as line:
        assert line.by_password(tokens).reason_code == 0
        assert line.publish(f"v1/{own}/up/tm/kitchen") == 0x87
        assert line.subscribe(f"v1/{own}/dn/rs/1", f"v1/{own}/dn/#") == [0x87, 0x87]


def test_mq_04_a_list_that_is_none_of_filters_opens_nothing(house: RunningHouse) -> None:
    with Line(house) as line:
        assert line.by_password(sign_in(house, client_id="meter", scope=NONSENSE)).reason_code == 0x87


def test_mq_04_several_lists_add_up_within_the_devices_own_branch(house: RunningHouse) -> None:
    tokens = sign_in(house, client_id="meter", scope=f"{NOTHING} {MORE}")
    own = tokens["device_id"]
    with Line(house) as line:
        assert line.by_password(tokens).reason_code == 0
        assert line.subscribe(f"v1/{own}/dn/#", "v1/radio/dn/#") == [1, 0x87]
        assert line.publish("v1/radio/up/tm/a") == 0x87


def test_mq_04_a_scope_that_is_no_list_leaves_the_whole_branch(house: RunningHouse, tv: dict[str, Any]) -> None:
    own = tv["device_id"]
    with Line(house) as line:
        assert line.by_password(tv).reason_code == 0
        assert line.subscribe(f"v1/{own}/dn/#", f"v1/{own}/#", "v1/radio/dn/#") == [1, 0x87, 0x87]


def test_mq_05_a_refused_publish_is_said_at_qos_1_and_the_session_goes_on(
    house: RunningHouse, tv: dict[str, Any]
) -> None:
    with Line(house) as line:
        assert line.by_password(tv).reason_code == 0
        assert line.publish("v1/radio/up/tm/a") == 0x87
        assert line.is_silent()


def test_mq_05_a_refused_publish_at_qos_0_ends_the_connection(house: RunningHouse, tv: dict[str, Any]) -> None:
    with Line(house) as line:
        assert line.by_password(tv).reason_code == 0
        line.publish("v1/radio/up/tm/a", qos=0)
        assert line.farewell() == 0x87


def test_mq_05_qos_2_is_announced_as_not_there_and_refused(house: RunningHouse, tv: dict[str, Any]) -> None:
    with Line(house) as line:
        assert line.by_password(tv).properties.maximum_qos == 1
        line.say(shapes.Publish("v1/radio/up/tm/a", b"x", 2, packet_id=1))
        assert line.farewell() == 0x9B


@pytest.mark.parametrize("qos", [0, 1])
def test_mq_05_nothing_reaches_a_subscriber_whose_token_has_ended(house: RunningHouse, qos: int) -> None:
    tokens = sign_in(house)
    with Line(house) as line:
        assert line.by_password(tokens, session_expiry_interval=600).reason_code == 0
        assert line.subscribe(f"v1/{tokens['device_id']}/dn/#") == [1]
        assert line.is_silent()
        house.clock.advance(house.app.house.settings.access_for)
        send(house, f"v1/{tokens['device_id']}/dn/cm/x/1", qos)
        assert line.farewell() == 0x87


def test_mq_05_what_waits_for_an_acknowledgement_window_is_not_sent_on_an_ended_token(house: RunningHouse) -> None:
    tokens = sign_in(house)
    with Line(house) as line:
        assert line.by_password(tokens, receive_maximum=1).reason_code == 0
        assert line.subscribe(f"v1/{tokens['device_id']}/dn/#") == [1]
        for number in range(2):
            send(house, f"v1/{tokens['device_id']}/dn/cm/x/{number}", 1)
        first = line.hear()
        assert isinstance(first, shapes.Publish)
        house.clock.advance(house.app.house.settings.access_for)
        line.say(shapes.PubAck(first.packet_id))
        assert line.farewell() == 0x87


def test_mq_05_a_subscription_that_a_newer_token_does_not_cover_ends_with_what_waited_for_it(
    house: RunningHouse,
) -> None:
    key = AnyKey()
    wide = sign_in(house, key, "meter", scope=f"{MEASURES} {MORE}")
    own = wide["device_id"]
    form = {"grant_type": "refresh_token", "refresh_token": wide["refresh_token"], "client_id": "meter"}
    narrow = wide | house.post("/token", form | {"scope": MEASURES}, headers=key.bound(house)).json()
    assert narrow["scope"] == MEASURES
    with Line(house) as line:
        assert line.by_ace(wide, key, session_expiry_interval=600).reason_code == 0
        assert line.subscribe(f"v1/{own}/dn/#", f"v1/{own}/dn/rs/+") == [1, 1]
        line.say(again(narrow))
        line.say(proof_of(key, line.challenge()))
        assert line.auth().reason_code == 0
        send(house, f"v1/{own}/dn/cm/x/1", 1)
        send(house, f"v1/{own}/dn/rs/1", 1)
        assert line.message().topic == f"v1/{own}/dn/rs/1"
        assert line.is_silent()
    send(house, f"v1/{own}/dn/rs/2", 1)
    with Line(house) as line:
        assert line.by_ace(narrow, key, clean_start=False, session_expiry_interval=600).session_present
        assert line.message().topic == f"v1/{own}/dn/rs/2"
        assert line.is_silent()


def test_mq_05_what_was_kept_for_a_device_is_dropped_where_its_next_token_may_not_read_it(house: RunningHouse) -> None:
    key = AnyKey()
    wide = sign_in(house, key, "meter", scope=f"{MEASURES} {MORE}")
    own = wide["device_id"]
    with Line(house) as line:
        assert line.by_ace(wide, key, session_expiry_interval=600).reason_code == 0
        assert line.subscribe(f"v1/{own}/dn/#") == [1]
    for topic in (f"v1/{own}/dn/cm/x/1", f"v1/{own}/dn/rs/1"):
        send(house, topic, 1)
    form = {"grant_type": "refresh_token", "refresh_token": wide["refresh_token"], "client_id": "meter"}
    narrow = wide | house.post("/token", form | {"scope": MEASURES}, headers=key.bound(house)).json()
    with Line(house) as line:
        assert line.by_ace(narrow, key, clean_start=False, session_expiry_interval=600).session_present
        assert line.message().topic == f"v1/{own}/dn/rs/1"
        assert line.is_silent()


@pytest.mark.parametrize("topic", ["v1/{}/dn/rs/1", "v1/{}/up/st", "v1/+/up/tm/a", "v1/#"])
def test_mq_08_a_response_topic_is_the_senders_own_and_has_no_wildcard(
    house: RunningHouse, tv: dict[str, Any], topic: str
) -> None:
    with Line(house) as line:
        assert line.by_password(tv).reason_code == 0
        own = tv["device_id"]
        wanted = topic.format("radio" if "dn" in topic else own)
        said = Properties(response_topic=wanted)
        if "+" in wanted or "#" in wanted:
            raw = shapes.Publish(f"v1/{own}/up/rq/me/1", b"", 0, properties=Properties(response_topic="v1/x/dn/rs/1"))
            data = client.encode(raw).replace(b"\x00\x0cv1/x/dn/rs/1", len(wanted).to_bytes(2, "big") + wanted.encode())
            line.say_raw(_sized(data, raw, wanted))
            assert line.farewell() == 0x82
            return
        line.say(shapes.Publish(f"v1/{own}/up/rq/me/1", b"", 1, packet_id=1, properties=said))
        answer = line.hear()
        assert isinstance(answer, shapes.PubAck)
        assert answer.reason_code == 0x87


def test_mq_08_response_topic_and_correlation_data_are_answered_as_they_were_given(
    house: RunningHouse, tv: dict[str, Any]
) -> None:
    own = tv["device_id"]
    with Line(house) as line:
        assert line.by_password(tv).reason_code == 0
        assert line.subscribe(f"v1/{own}/dn/#") == [1]
        assert (
            line.publish(
                f"v1/{own}/up/rq/me/1", b"", response_topic=f"v1/{own}/dn/mine", correlation_data=b"\x00\xff" * 20
            )
            == 0
        )
        answer = line.message()
        assert (answer.topic, answer.properties.correlation_data) == (f"v1/{own}/dn/mine", b"\x00\xff" * 20)


def send(house: RunningHouse, topic: str, qos: int) -> None:
    """As an operator would: through the server's own half of the broker."""

    async def publish() -> None:
        broker = house.app._broker
        assert broker is not None
        broker._broker.publish(topic, b"for the device", qos)  # type: ignore[attr-defined]

    house.do(publish())


def _sized(data: bytes, packet: shapes.Publish, wanted: str) -> bytes:
    """The packet with its two lengths as they are after another response topic was put into it."""
    grown = len(wanted) - len("v1/x/dn/rs/1")
    topic_ends = 2 + 2 + len(packet.topic)
    head = bytes((data[0], data[1] + grown)) + data[2:topic_ends] + bytes((data[topic_ends] + grown,))
    return head + data[topic_ends + 1 :]
