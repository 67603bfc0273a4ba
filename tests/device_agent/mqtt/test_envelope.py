"""What messages carry: taken back as it was given, refused clearly when it is broken, never a surprise in between."""

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_agent.mqtt import envelope
from device_agent.mqtt.envelope import EnvelopeError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.integers(100, 599), values)
def test_an_answer_arrives_as_it_was_given(status: int, body: object) -> None:
    assert envelope.decode(envelope.encode(status, body)) == (status, body)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:0123eE.+-aflnrstu\\ ', max_size=60).map(str.encode))
def test_any_bytes_are_an_envelope_or_a_clear_error(payload: bytes) -> None:
    for read in (envelope.decode, envelope.decode_call, envelope.decode_presence, envelope.decode_state):
        with contextlib.suppress(EnvelopeError):
            read(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'{"body":1}',
        b'{"status":"200"}',
        b'{"status":true}',
        b'{"status":20}',
        b'{"status":200,"body":NaN}',
        b'{"status":200,"body":1e999}',
        b'{"status":200,"body":"\xff"}',
        b'{"status":200,"body":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"status":200,"body":' + b"[" * 17 + b"]" * 17 + b"}",
        b'{"status":200,"body":' + b"9" * 5000 + b"}",
        b'{"status":200,"body":"' + b"x" * 65_536 + b'"}',
    ],
)
def test_a_broken_answer_is_refused(payload: bytes) -> None:
    with pytest.raises(EnvelopeError):
        envelope.decode(payload)


def test_brackets_within_text_do_not_count_as_depth() -> None:
    assert envelope.decode(envelope.encode(200, '"[\\"' * 40)) == (200, '"[\\"' * 40)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (99, None),
        (600, None),
        (True, None),
        (200, math.nan),
        (200, math.inf),
        (200, {1: 2}),
        (200, b"x"),
        (200, {"a": {1}}),
    ],
)
def test_what_json_cannot_say_is_not_sent(status: int, body: object) -> None:
    with pytest.raises(EnvelopeError):
        envelope.encode(status, body)


def test_a_body_that_is_too_large_or_contains_itself_is_not_sent() -> None:
    with pytest.raises(EnvelopeError, match="65536 bytes"):
        envelope.encode(200, "x" * 70_000)
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(EnvelopeError, match="deep"):
        envelope.encode(200, circle)


def test_a_call_without_arguments_is_empty() -> None:
    assert envelope.encode_call() == b""
    assert envelope.decode_call(b"") == {}
    assert envelope.decode_call(envelope.encode_call({"value": 21.5})) == {"value": 21.5}
    with pytest.raises(EnvelopeError, match="object"):
        envelope.decode_call(b"[1]")


def test_presence_and_state_arrive_as_they_were_given() -> None:
    assert envelope.encode_presence(True, "n1") == b'{"s":"online","sid":"n1"}'
    assert envelope.decode_presence(envelope.encode_presence(False, "n1")) == (False, "n1")
    assert envelope.decode_state(envelope.encode_state(7, {"volume": 3})) == (7, {"volume": 3})
    for wrong in (
        b'{"s":"away","sid":"x"}',
        b'{"s":"online"}',
        b'{"s":["online"],"sid":"x"}',
        b'{"s":"online","sid":"%s"}' % (b"x" * 65),
    ):
        with pytest.raises(EnvelopeError):
            envelope.decode_presence(wrong)
    for wrong in (b'{"v":-1,"d":{}}', b'{"v":true,"d":{}}', b'{"v":1,"d":[]}', b'{"d":{}}'):
        with pytest.raises(EnvelopeError):
            envelope.decode_state(wrong)
