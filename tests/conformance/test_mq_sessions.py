"""RFC 9431 sections 4 to 6: tokens that run out and are renewed, sessions, wills and retained messages."""

from collections.abc import Iterator
from typing import Any

import pytest

from device_agent.mqtt.packets import shapes
from device_agent.mqtt.packets.properties import Properties
from device_agent.mqtt.packets.shapes import Will
from tests.conformance.mqtt_wire import ACE, AnyKey, Line, again, framed, mqtt_house, proof_of, refreshed, sign_in
from tests.conformance.test_mq_rights import send
from tests.house import RunningHouse


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with mqtt_house(tmp_path_factory.mktemp("sessions")) as running:
        yield running


@pytest.fixture
def key() -> AnyKey:
    return AnyKey()


@pytest.fixture
def tokens(house: RunningHouse, key: AnyKey) -> dict[str, Any]:
    return sign_in(house, key)


def late(house: RunningHouse) -> None:
    """Any token there is has ended."""
    house.clock.advance(house.app.house.settings.access_for)


@pytest.mark.parametrize("what", ["connect", "publish 0", "publish 1", "subscribe", "ping", "nothing"])
def test_mq_06_whatever_is_said_on_an_ended_token_is_not_done_and_closes(house: RunningHouse, what: str) -> None:
    tokens = sign_in(house)
    own = tokens["device_id"]
    packets: dict[str, shapes.Packet] = {
        "publish 0": shapes.Publish(f"v1/{own}/up/tm/late", b"late"),
        "publish 1": shapes.Publish(f"v1/{own}/up/tm/late", b"late", 1, packet_id=1),
        "subscribe": shapes.Subscribe(1, [shapes.Subscription(f"v1/{own}/dn/#", 1)]),
        "ping": shapes.PingReq(),
    }
    with Line(house) as line, Line(house) as next_line:
        assert line.by_password(tokens).reason_code == 0
        late(house)
        if what == "connect":
            assert next_line.by_password(tokens).reason_code == 0x87
        elif what != "nothing":
            line.say(packets[what])
        assert line.farewell() == 0x87


def test_mq_06_a_newer_token_and_a_new_proof_carry_the_session_on(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any]
) -> None:
    own = tokens["device_id"]
    with Line(house) as line:
        assert line.by_ace(tokens, key).reason_code == 0
        assert line.subscribe(f"v1/{own}/dn/#") == [1]
        house.clock.advance(house.app.house.settings.access_for - 60)
        fresh = refreshed(house, tokens, key)
        line.say(again(fresh))
        nonce = line.challenge()
        line.say(proof_of(key, nonce))
        done = line.auth()
        assert (done.reason_code, done.properties.authentication_method) == (0, ACE)
        house.clock.advance(120)
        assert line.is_silent(), "the first token has ended, the session has not"
        send(house, f"v1/{own}/dn/cm/x/1", 1)
        assert line.message().topic == f"v1/{own}/dn/cm/x/1"
        late(house)
        assert line.farewell() == 0x87


def test_mq_06_and_chaos_12_no_message_is_lost_while_a_session_is_renewed(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any]
) -> None:
    own = tokens["device_id"]
    heard: list[bytes] = []
    broker = house.app._broker
    assert broker is not None
    stop = broker._broker.listen(  # type: ignore[attr-defined]
        f"v1/{own}/up/#", lambda received: heard.append(received.payload)
    )
    with Line(house) as line:
        assert line.by_ace(tokens, key, session_expiry_interval=600).reason_code == 0
        assert line.subscribe(f"v1/{own}/dn/#") == [1]
        got: list[bytes] = []
        acknowledged = 0
        for turn in range(5):
            tokens = refreshed(house, tokens, key)
            flow = [shapes.Publish(f"v1/{own}/up/tm/a", b"%d" % (turn * 40 + n), 1, packet_id=n + 1) for n in range(40)]
            line.say(*flow[:20], again(tokens), *flow[20:])
            for number in range(10):
                send(house, f"v1/{own}/dn/cm/x/{turn}-{number}", 1)
            renewed = False
            while not renewed or len(got) < (turn + 1) * 10 or acknowledged < (turn + 1) * 40:
                packet = line.hear()
                if isinstance(packet, shapes.Auth) and packet.reason_code == 0x18:
                    nonce = packet.properties.authentication_data
                    assert nonce
                    line.say(proof_of(key, nonce))
                elif isinstance(packet, shapes.Auth):
                    renewed = packet.reason_code == 0
                elif isinstance(packet, shapes.Publish):
                    got.append(packet.topic.rpartition("/")[2].encode())
                    line.say(shapes.PubAck(packet.packet_id))
                else:
                    assert isinstance(packet, shapes.PubAck), packet
                    acknowledged += 1
    stop()
    assert heard == [b"%d" % n for n in range(200)]
    assert got == [b"%d-%d" % (turn, number) for turn in range(5) for number in range(10)]


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("another method", 0x82),
        ("no method of its own", 0x82),
        ("an answer without a challenge", 0x82),
        ("no token", 0x87),
        ("rubbish", 0x87),
        ("the exporter", 0x87),
        ("another device", 0x87),
        ("the same person's other device", 0x87),
        ("an unbound token", 0x87),
        ("a wrong signature", 0x87),
        ("another key", 0x87),
        ("twice", 0x82),
    ],
)
def test_mq_06_a_renewal_that_proves_nothing_ends_the_connection(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any], how: str, code: int
) -> None:
    with Line(house) as line:
        assert line.by_ace(tokens, key).reason_code == 0
        fresh = refreshed(house, tokens, key)
        data = {"no token": None, "rubbish": framed("rubbish")}
        if how in data:
            line.say(shapes.Auth(0x19, Properties(authentication_method=ACE, authentication_data=data[how])))
        elif how == "the exporter":
            proof = framed(fresh["access_token"]) + key.sign(bytes(32))
            line.say(shapes.Auth(0x19, Properties(authentication_method=ACE, authentication_data=proof)))
        elif how == "another method":
            line.say(again(fresh, "OAUTH2-JWT"))
        elif how == "no method of its own":
            line.say_raw(b"\xf0\x02\x19\x00")
        elif how == "an answer without a challenge":
            line.say(proof_of(key, bytes(8)))
        elif how == "another device":
            line.say(again(sign_in(house, AnyKey(), "radio")))
        elif how == "the same person's other device":
            line.say(again(sign_in(house, key)))
        elif how == "an unbound token":
            line.say(again(sign_in(house)))
        else:
            line.say(again(fresh))
            nonce = line.challenge()
            if how == "twice":
                line.say(again(fresh))
            else:
                signer = AnyKey() if how == "another key" else key
                line.say(proof_of(signer, nonce, signed=nonce if how == "another key" else bytes(8)))
        assert line.farewell() == code


def test_mq_06_a_token_as_authentication_data_renews_by_its_own_method_alone(house: RunningHouse) -> None:
    tokens = sign_in(house)
    for method, code in (("OAUTH2-JWT", 0), (ACE, 0x82)):
        with Line(house) as line:
            assert line.by_method(tokens).reason_code == 0
            tokens = refreshed(house, tokens)
            line.say(again(tokens, method))
            if code:
                assert line.farewell() == code
            else:
                assert line.auth().reason_code == 0


def test_mq_07_a_session_is_taken_up_only_with_a_token_and_a_proof(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any]
) -> None:
    own = tokens["device_id"]
    with Line(house) as line:
        assert line.by_ace(tokens, key, session_expiry_interval=600).reason_code == 0
        assert line.subscribe(f"v1/{own}/dn/#") == [1]
    send(house, f"v1/{own}/dn/cm/x/1", 1)
    for connect in (
        shapes.Connect(own, clean_start=False),
        shapes.Connect(own, own, b"", clean_start=False),
        shapes.Connect(own, own, tokens["access_token"].encode(), clean_start=False),
        shapes.Connect(own, clean_start=False, properties=Properties(authentication_method=ACE)),
    ):
        with Line(house) as stranger:
            stranger.say(connect)
            assert stranger.connack().reason_code == 0x87
    with Line(house) as thief:
        other = AnyKey()
        stolen = sign_in(house, other, "radio") | {"device_id": own}
        assert thief.by_password(stolen, clean_start=False).reason_code in (0x85, 0x87)
    with Line(house) as line:
        assert line.by_ace(tokens, key, clean_start=False, session_expiry_interval=600).session_present
        assert line.message().topic == f"v1/{own}/dn/cm/x/1"


def test_mq_07_nobody_else_takes_over_a_connection_by_its_client_id_and_its_owner_hears_0x8e(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any]
) -> None:
    own = tokens["device_id"]
    with Line(house) as line:
        assert line.by_ace(tokens, key).reason_code == 0
        with Line(house) as thief:
            stolen = sign_in(house, client_id="radio") | {"device_id": own}
            assert thief.by_password(stolen).reason_code in (0x85, 0x87)
        assert line.is_silent()
        with Line(house) as owner:
            assert owner.by_ace(tokens, key).reason_code == 0
            assert line.farewell() == 0x8E


def retained(house: RunningHouse, device_id: str) -> dict[str, bytes]:
    """What somebody who subscribes now would find under a device's branch: nobody but the server may."""

    async def find() -> dict[str, bytes]:
        broker = house.app._broker
        assert broker is not None
        exchange = broker._broker._exchange  # type: ignore[attr-defined]
        found = exchange.retained.find(f"v1/{device_id}/#", exchange.uptime(), house.clock())
        return {message.topic: message.payload for message in found}

    return house.do(find())


def test_mq_07_a_retained_message_ends_with_the_token_that_it_rests_on(house: RunningHouse) -> None:
    tokens = sign_in(house)
    own = tokens["device_id"]
    with Line(house) as line:
        assert line.by_password(tokens, session_expiry_interval=600).reason_code == 0
        line.publish(f"v1/{own}/up/rp", b"state", retain=True)
        line.publish(f"v1/{own}/up/tm/brief", b"brief", retain=True, message_expiry_interval=3_600)
    house.clock.advance(house.app.house.settings.access_for - 1)
    assert set(retained(house, own)) == {f"v1/{own}/up/rp", f"v1/{own}/up/tm/brief"}
    house.clock.advance(1)
    assert retained(house, own) == {}


def test_mq_07_a_newer_token_of_the_same_sign_in_carries_retained_messages_on(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any]
) -> None:
    own = tokens["device_id"]
    with Line(house) as line:
        assert line.by_ace(tokens, key).reason_code == 0
        line.publish(f"v1/{own}/up/rp", b"state", retain=True)
        house.clock.advance(house.app.house.settings.access_for - 60)
        tokens = refreshed(house, tokens, key)
        line.say(again(tokens))
        line.say(proof_of(key, line.challenge()))
        assert line.auth().reason_code == 0
    house.clock.advance(120)
    assert retained(house, own) == {f"v1/{own}/up/rp": b"state"}
    tokens = refreshed(house, tokens, key)
    with Line(house) as line:
        assert line.by_ace(tokens, key).reason_code == 0
    house.clock.advance(house.app.house.settings.access_for - 60)
    assert retained(house, own) == {f"v1/{own}/up/rp": b"state"}
    late(house)
    assert retained(house, own) == {}


def test_mq_07_a_will_that_was_accepted_is_published_when_the_token_has_ended(house: RunningHouse) -> None:
    tokens = sign_in(house)
    own = tokens["device_id"]
    heard: list[bytes] = []
    broker = house.app._broker
    assert broker is not None
    stop = broker._broker.listen(  # type: ignore[attr-defined]
        f"v1/{own}/up/st", lambda received: heard.append(received.payload)
    )
    with Line(house) as line:
        will = Will(f"v1/{own}/up/st", b"offline", 1, True)
        assert line.by_password(tokens, will=will).reason_code == 0
        late(house)
        assert line.farewell() == 0x87
    stop()
    assert heard == [b"offline"]
    assert retained(house, own) == {}, "it was said, but it does not outlive the right to say it"


def test_mq_07_a_signed_out_device_leaves_nothing_behind(house: RunningHouse) -> None:
    tokens = sign_in(house)
    own = tokens["device_id"]
    with Line(house) as line:
        assert line.by_password(tokens, session_expiry_interval=600).reason_code == 0
        line.publish(f"v1/{own}/up/rp", b"state", retain=True)
        house.post("/revoke", {"token": tokens["refresh_token"], "client_id": "tv"})
        assert line.farewell() == 0x98
    assert retained(house, own) == {}
    with Line(house) as line:
        assert line.by_password(tokens, clean_start=False).reason_code == 0x87
