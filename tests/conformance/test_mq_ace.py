"""RFC 9431 section 2: the method `ace`, both proofs, and every token that is not let in."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest

from device_agent.mqtt.caller import Caller, MqttFailure
from device_agent.mqtt.credentials import read_credentials
from device_agent.mqtt.packets import shapes
from device_agent.mqtt.packets.properties import Properties
from tests.certificate import certificate
from tests.conformance.mqtt_wire import ACE, AnyKey, Line, ace_connect, framed, mqtt_house, proof_of, sign_in
from tests.house import RunningHouse

KINDS = ("ES256", "EdDSA", "RS256")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHouse]:
    with mqtt_house(tmp_path_factory.mktemp("ace")) as running:
        yield running


@pytest.fixture(scope="module")
def key() -> AnyKey:
    return AnyKey()


@pytest.fixture(scope="module")
def tokens(house: RunningHouse, key: AnyKey) -> dict[str, Any]:
    return sign_in(house, key)


@pytest.fixture(scope="module")
def unbound(house: RunningHouse) -> dict[str, Any]:
    return sign_in(house)


@pytest.mark.parametrize("algorithm", KINDS)
def test_mq_01_and_02_a_device_that_is_nobody_in_tls_enters_by_a_signature_over_the_brokers_nonce(
    house: RunningHouse, algorithm: str
) -> None:
    key = AnyKey(algorithm)
    tokens = sign_in(house, key)
    with Line(house) as line:
        line.say(ace_connect(tokens))
        nonce = line.challenge()
        assert len(nonce) == 8
        line.say(proof_of(key, nonce))
        answer = line.connack()
        assert (answer.reason_code, answer.session_present) == (0, False), answer.properties.reason_string
        assert answer.properties.authentication_method == ACE
        assert line.subscribe(f"v1/{tokens['device_id']}/dn/#") == [1]
        assert line.publish(f"v1/{tokens['device_id']}/up/rq/me/1", b"") == 0
        assert json.loads(line.message().payload)["status"] == 200


def test_mq_02_the_token_may_also_come_without_its_length(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any]
) -> None:
    with Line(house) as line:
        line.say(ace_connect(tokens, tokens["access_token"].encode()))
        line.say(proof_of(key, line.challenge()))
        assert line.connack().reason_code == 0


def test_mq_02_a_proof_over_the_tls_exporter_is_refused_in_words_that_name_the_other(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any]
) -> None:
    with Line(house) as line:
        line.say(ace_connect(tokens, framed(tokens["access_token"]) + key.sign(bytes(32))))
        answer = line.connack()
        assert answer.reason_code == 0x87
        assert "send the token alone, and sign the challenge" in (answer.properties.reason_string or "")


def test_mq_01_an_unknown_method_is_refused_by_name(house: RunningHouse, tokens: dict[str, Any]) -> None:
    for method in ("foo", "ACE", "", "SCRAM-SHA-256"):
        with Line(house) as line:
            answer = line.by_method(tokens, method)
            assert answer.reason_code == 0x8C
            assert line.hear() is None


def test_mq_01_where_tls_is_spoken_nothing_else_is(house: RunningHouse, tokens: dict[str, Any]) -> None:
    sessions = house.app.house.sessions
    assert sessions is not None
    with socket.create_connection(("127.0.0.1", sessions.port), 10) as plain:
        plain.sendall(b"\x10\x12\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x05tv-01")
        try:
            heard = plain.recv(100)
        except ConnectionError:
            heard = b""
        assert b"\x20" not in heard[:1], "no CONNACK without TLS"


@pytest.mark.filterwarnings("ignore:unclosed <ssl:ResourceWarning")  # paho leaves it to the garbage collector
def test_mq_01_the_agent_stops_at_a_broker_whose_certificate_is_not_good(
    house: RunningHouse, unbound: dict[str, Any], tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {unbound['access_token']}"}
    told = house.post("/mqtt/credentials", headers=headers).json()
    assert told["tls"] is True
    caller = Caller(read_credentials(told), ca_file=str(certificate(tmp_path / "other.pem")))
    with pytest.raises(MqttFailure, match="certificate is not good"):
        caller.open(10_000)


@pytest.mark.parametrize("names", [{"username": "tv"}, {"password": b"x"}, {"username": "", "password": b""}])
def test_mq_01_user_name_and_password_do_not_go_with_the_method(
    house: RunningHouse, tokens: dict[str, Any], names: dict[str, Any]
) -> None:
    with Line(house) as line:
        line.say(ace_connect(tokens, **names))
        assert line.connack().reason_code == 0x87


def _wrong(key: AnyKey, nonce: bytes, how: str) -> shapes.Auth:
    other = AnyKey()
    good = key.sign(nonce + bytes(8))
    ways = {
        "another key": lambda: proof_of(other, nonce),
        "another key under this one's name": lambda: proof_of(other, nonce, jwk=json.dumps(key.jwk)),
        "another nonce": lambda: proof_of(key, nonce, signed=bytes(8)),
        "only the broker's nonce": lambda: proof_of(key, nonce, data=bytes(8) + key.sign(nonce)),
        "no nonce of its own": lambda: proof_of(key, nonce, data=key.sign(nonce)),
        "nothing": lambda: proof_of(key, nonce, data=b""),
        "no signature": lambda: proof_of(key, nonce, data=bytes(8)),
        "a bit turned": lambda: proof_of(key, nonce, data=bytes(8) + good[:-1] + bytes((good[-1] ^ 1,))),
        "zeros": lambda: proof_of(key, nonce, data=bytes(72)),
        "no key": lambda: proof_of(key, nonce, jwk=None),
        "alg none": lambda: proof_of(key, nonce, jwk=json.dumps(key.jwk | {"alg": "none"})),
        "alg HS256": lambda: proof_of(key, nonce, jwk=json.dumps(key.jwk | {"alg": "HS256"})),
        "a symmetric key": lambda: proof_of(key, nonce, jwk=json.dumps({"kty": "oct", "k": "AAAA", "alg": "HS256"})),
        "a private key": lambda: proof_of(key, nonce, jwk=json.dumps(key.jwk | {"d": key.jwk["x"]})),
        "no JWK": lambda: proof_of(key, nonce, jwk="[" * 1_000),
        "a huge JWK": lambda: proof_of(key, nonce, jwk=json.dumps(key.jwk | {"n": "A" * 8_000})),
    }
    return ways[how]()


@pytest.mark.parametrize(
    "how",
    [
        "another key",
        "another key under this one's name",
        "another nonce",
        "only the broker's nonce",
        "no nonce of its own",
        "nothing",
        "no signature",
        "a bit turned",
        "zeros",
        "no key",
        "alg none",
        "alg HS256",
        "a symmetric key",
        "a private key",
        "no JWK",
        "a huge JWK",
    ],
)
def test_mq_02_only_a_signature_by_the_tokens_key_over_both_nonces_opens_the_door(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any], how: str
) -> None:
    with Line(house) as line:
        line.say(ace_connect(tokens))
        line.say(_wrong(key, line.challenge(), how))
        answer = line.connack()
        assert answer.reason_code == 0x87
        assert dict(answer.properties.user_properties)["ace_as_hint"]
        assert line.hear() is None


def test_mq_02_an_answer_is_good_once_and_on_its_own_connection(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any]
) -> None:
    with Line(house) as first, Line(house) as second:
        for line in (first, second):
            line.say(ace_connect(tokens))
        seen, other = first.challenge(), second.challenge()
        assert seen != other
        answer = proof_of(key, seen)
        second.say(answer)
        assert second.connack().reason_code == 0x87
        first.say(answer)
        assert first.connack().reason_code == 0
        first.say(answer)
        assert first.farewell() == 0x82


def test_mq_02_a_challenge_is_made_anew_each_time(house: RunningHouse, tokens: dict[str, Any]) -> None:
    nonces = set()
    for _ in range(8):
        with Line(house) as line:
            line.say(ace_connect(tokens))
            nonces.add(line.challenge())
    assert len(nonces) == 8


def _bad_tokens(house: RunningHouse, tokens: dict[str, Any]) -> dict[str, bytes | None]:
    good = tokens["access_token"]
    head, _, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = jwt.encode(claims, AnyKey().private, algorithm="ES256", headers={"typ": "at+jwt"})
    unsigned = jwt.encode(claims, None, algorithm="none", headers={"typ": "at+jwt"})
    changed = jwt.utils.base64url_encode(json.dumps(claims | {"device_id": "radio"}).encode()).decode()
    return {
        "none": None,
        "empty": b"",
        "a length alone": b"\0",
        "length nought": b"\0\0",
        "more length than there is": b"\xff\xff" + good.encode(),
        "no text": b"\0\x04\xff\xfe\xfd\xfc",
        "no token": framed("hello"),
        "forged": framed(forged),
        "alg none": framed(unsigned),
        "changed": framed(".".join((head, changed, signature))),
        "cut": framed(good[:-4]),
        "a refresh token": framed(tokens["refresh_token"]),
        "an ID token's kind": framed(jwt.encode(claims, AnyKey().private, algorithm="ES256")),
    }


def test_mq_03_each_bad_token_is_refused_with_where_to_get_a_good_one(
    house: RunningHouse, tokens: dict[str, Any]
) -> None:
    for what, data in _bad_tokens(house, tokens).items():
        with Line(house) as line:
            said = Properties(authentication_method=ACE, authentication_data=data)
            line.say(shapes.Connect(tokens["device_id"], properties=said))
            answer = line.connack()
            assert answer.reason_code == 0x87, what
            hint = json.loads(dict(answer.properties.user_properties)["ace_as_hint"])
            assert hint["AS"] == house.issuer + "/token", what
            assert line.hear() is None, what


def test_mq_03_each_bad_token_is_refused_by_the_other_ways_in_too(house: RunningHouse, unbound: dict[str, Any]) -> None:
    for what, framed_token in _bad_tokens(house, unbound).items():
        if framed_token is None or "length" in what or what == "empty":
            continue  # that is about the two bytes in front, which only `ace` has
        said = {"device_id": unbound["device_id"], "access_token": framed_token[2:].decode("latin-1")}
        for way in ("by_password", "by_method"):
            with Line(house) as line:
                assert getattr(line, way)(said).reason_code == 0x87, (what, way)


def test_mq_03_a_token_that_is_bound_to_no_key_cannot_prove_one(house: RunningHouse, unbound: dict[str, Any]) -> None:
    with Line(house) as line:
        line.say(ace_connect(unbound))
        answer = line.connack()
        assert answer.reason_code == 0x87
        assert "bound to no key" in (answer.properties.reason_string or "")


def test_mq_03_a_bound_token_alone_is_not_enough_by_any_way(house: RunningHouse, tokens: dict[str, Any]) -> None:
    for way in ("by_password", "by_method"):
        with Line(house) as line:
            assert getattr(line, way)(tokens).reason_code == 0x87


def test_mq_03_a_token_that_is_bound_to_a_certificate_opens_nothing_here(
    house: RunningHouse, unbound: dict[str, Any]
) -> None:
    inside = house.app.house
    bound = inside.mint.sign(replace(inside.check(unbound["access_token"]), x5t="A" * 43))
    for way in ("by_password", "by_method"):
        with Line(house) as line:
            assert getattr(line, way)(unbound | {"access_token": bound}).reason_code == 0x87


def test_mq_03_a_token_that_ends_between_challenge_and_answer_opens_nothing(house: RunningHouse) -> None:
    key = AnyKey()
    tokens = sign_in(house, key)
    with Line(house) as line:
        line.say(ace_connect(tokens))
        nonce = line.challenge()
        house.post("/revoke", {"token": tokens["refresh_token"], "client_id": "tv"})
        line.say(proof_of(key, nonce))
        assert line.connack().reason_code == 0x87


def test_mq_07_the_client_id_is_bound_to_the_token_with_the_method_too(
    house: RunningHouse, tokens: dict[str, Any]
) -> None:
    with Line(house) as line:
        line.say(ace_connect(tokens, client_id="someone-else"))
        assert line.connack().reason_code in (0x85, 0x87)


def test_mq_08_after_connect_with_a_method_nothing_else_is_heard_before_connack(
    house: RunningHouse, key: AnyKey, tokens: dict[str, Any]
) -> None:
    own = tokens["device_id"]
    early: tuple[shapes.Packet, ...] = (
        shapes.Publish(f"v1/{own}/up/tm/a", b"early"),
        shapes.Subscribe(1, [shapes.Subscription(f"v1/{own}/dn/#")]),
        shapes.PingReq(),
        ace_connect(tokens),
        shapes.Auth(0x19, Properties(authentication_method=ACE, authentication_data=framed(tokens["access_token"]))),
        shapes.Auth(0x18, Properties(authentication_method="OAUTH2-JWT", authentication_data=b"x")),
    )
    heard: list[bytes] = []
    broker = house.app._broker
    stop = broker._broker.listen("#", lambda received: heard.append(received.payload))  # type: ignore[union-attr]
    try:
        for packet in early:
            with Line(house) as line:
                line.say(ace_connect(tokens))
                nonce = line.challenge()
                line.say(packet, proof_of(key, nonce))
                assert line.connack().reason_code == 0x82, packet
                assert line.hear() is None
    finally:
        stop()
    assert heard == []


def test_mq_08_a_packet_in_one_breath_with_connect_is_too_early(house: RunningHouse, tokens: dict[str, Any]) -> None:
    with Line(house) as line:
        line.say(ace_connect(tokens), shapes.Publish(f"v1/{tokens['device_id']}/up/tm/a", b"early"))
        assert line.connack().reason_code == 0x82


def test_mq_08_without_a_method_there_is_no_auth(house: RunningHouse, unbound: dict[str, Any]) -> None:
    with Line(house) as line:
        assert line.by_password(unbound).reason_code == 0
        line.say(shapes.Auth(0x19, Properties(authentication_method=ACE, authentication_data=b"x")))
        assert line.farewell() == 0x82
