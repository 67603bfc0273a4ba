"""Properties: which exist, which packet may carry them, how they look on the wire (MQTT 5 section 2.2.2)."""

from . import reasons
from .wire import (
    MqttError,
    malformed,
    protocol_error,
    put_binary,
    put_text,
    put_variable_int,
    take_binary,
    take_text,
    take_uint,
    take_variable_int,
)

BYTE, TWO_BYTES, FOUR_BYTES, VARIABLE, TEXT, BINARY, PAIR = 1, 2, 4, 5, 6, 7, 8

# Identifier, name, type (table 2-4).
TABLE = (
    (0x01, "payload_format_indicator", BYTE),
    (0x02, "message_expiry_interval", FOUR_BYTES),
    (0x03, "content_type", TEXT),
    (0x08, "response_topic", TEXT),
    (0x09, "correlation_data", BINARY),
    (0x0B, "subscription_identifiers", VARIABLE),
    (0x11, "session_expiry_interval", FOUR_BYTES),
    (0x12, "assigned_client_identifier", TEXT),
    (0x13, "server_keep_alive", TWO_BYTES),
    (0x15, "authentication_method", TEXT),
    (0x16, "authentication_data", BINARY),
    (0x17, "request_problem_information", BYTE),
    (0x18, "will_delay_interval", FOUR_BYTES),
    (0x19, "request_response_information", BYTE),
    (0x1A, "response_information", TEXT),
    (0x1C, "server_reference", TEXT),
    (0x1F, "reason_string", TEXT),
    (0x21, "receive_maximum", TWO_BYTES),
    (0x22, "topic_alias_maximum", TWO_BYTES),
    (0x23, "topic_alias", TWO_BYTES),
    (0x24, "maximum_qos", BYTE),
    (0x25, "retain_available", BYTE),
    (0x26, "user_properties", PAIR),
    (0x27, "maximum_packet_size", FOUR_BYTES),
    (0x28, "wildcard_subscription_available", BYTE),
    (0x29, "subscription_identifier_available", BYTE),
    (0x2A, "shared_subscription_available", BYTE),
)
BY_IDENTIFIER = {identifier: (name, kind) for identifier, name, kind in TABLE}
BY_NAME = {name: (identifier, kind) for identifier, name, kind in TABLE}

SUBSCRIPTION_IDENTIFIER = 0x0B
TOPIC_ALIAS = 0x23
USER_PROPERTY = 0x26
NEVER_ZERO = b"\x0b\x21\x23\x27"

# Which packet may carry which (table 2-4). A client's PUBLISH has no subscription identifier (section 3.3.4),
# and a DISCONNECT has one set of properties for each direction (section 3.14.2.2).
OF_CONNECT = b"\x11\x15\x16\x17\x19\x21\x22\x26\x27"
OF_WILL = b"\x01\x02\x03\x08\x09\x18\x26"
OF_CONNACK = b"\x11\x12\x13\x15\x16\x1a\x1c\x1f\x21\x22\x24\x25\x26\x27\x28\x29\x2a"
OF_CLIENT_PUBLISH = b"\x01\x02\x03\x08\x09\x23\x26"
OF_BROKER_PUBLISH = OF_CLIENT_PUBLISH + b"\x0b"
OF_ACK = b"\x1f\x26"
OF_SUBSCRIBE = b"\x0b\x26"
OF_UNSUBSCRIBE = b"\x26"
OF_CLIENT_DISCONNECT = b"\x11\x1f\x26"
OF_BROKER_DISCONNECT = b"\x1c\x1f\x26"
OF_AUTH = b"\x15\x16\x1f\x26"


class Properties:
    """What a packet says beside its fields; None or () means absent. Read-only once it is in a packet."""

    payload_format_indicator: int | None = None
    message_expiry_interval: int | None = None
    content_type: str | None = None
    response_topic: str | None = None
    correlation_data: bytes | None = None
    subscription_identifiers: tuple[int, ...] = ()
    session_expiry_interval: int | None = None
    assigned_client_identifier: str | None = None
    server_keep_alive: int | None = None
    authentication_method: str | None = None
    authentication_data: bytes | None = None
    request_problem_information: int | None = None
    will_delay_interval: int | None = None
    request_response_information: int | None = None
    response_information: str | None = None
    server_reference: str | None = None
    reason_string: str | None = None
    receive_maximum: int | None = None
    topic_alias_maximum: int | None = None
    topic_alias: int | None = None
    maximum_qos: int | None = None
    retain_available: int | None = None
    user_properties: tuple[tuple[str, str], ...] = ()
    maximum_packet_size: int | None = None
    wildcard_subscription_available: int | None = None
    subscription_identifier_available: int | None = None
    shared_subscription_available: int | None = None

    def __init__(self, **given: object) -> None:
        for name, value in given.items():
            if name not in BY_NAME:
                raise TypeError("MQTT 5 has no property named " + name)
            if value is not None and value != ():
                setattr(self, name, value)

    def items(self) -> list[tuple[str, object]]:
        """The properties that are present, in the order of the specification's table."""
        found = []
        for _, name, _ in TABLE:
            value = getattr(self, name)
            if value is not None and value != ():
                found.append((name, value))
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Properties) and self.items() == other.items()

    def __hash__(self) -> int:
        return hash(tuple(self.items()))

    def __repr__(self) -> str:
        # Names alone: an authentication data must not reach a log.
        return "Properties(" + ", ".join(name for name, _ in self.items()) + ")"


NONE = Properties()


def take_properties(body: bytes, at: int, end: int, allowed: bytes) -> tuple[Properties, int]:
    """The length, then the properties; only those in `allowed`, each once (section 2.2.2.2)."""
    if at < end and body[at] == 0:
        return NONE, at + 1
    length, at = take_variable_int(body, at, end)
    stop = at + length
    if stop > end:
        raise malformed("the packet ends inside its properties")
    properties = Properties()
    pairs: list[tuple[str, str]] = []
    numbers: list[int] = []
    seen = set()
    while at < stop:
        identifier, at = take_variable_int(body, at, stop)
        if identifier > 0x7F or identifier not in BY_IDENTIFIER:
            raise malformed("a property is not one of MQTT 5")
        if identifier not in allowed:
            raise protocol_error(BY_IDENTIFIER[identifier][0] + " does not belong in this packet")
        repeats = identifier == USER_PROPERTY or (
            identifier == SUBSCRIPTION_IDENTIFIER and allowed is OF_BROKER_PUBLISH
        )
        if identifier in seen and not repeats:
            raise protocol_error(BY_IDENTIFIER[identifier][0] + " appears twice")
        seen.add(identifier)
        if identifier == USER_PROPERTY:
            key, at = take_text(body, at, stop)
            text, at = take_text(body, at, stop)
            pairs.append((key, text))
        elif identifier == SUBSCRIPTION_IDENTIFIER:
            number, at = take_variable_int(body, at, stop)
            check_number(identifier, "subscription_identifier", VARIABLE, number)
            numbers.append(number)
        else:
            at = take_property(properties, identifier, body, at, stop)
    if pairs:
        properties.user_properties = tuple(pairs)
    if numbers:
        properties.subscription_identifiers = tuple(numbers)
    check(properties)
    return properties, stop


def take_property(properties: Properties, identifier: int, body: bytes, at: int, end: int) -> int:
    """Read a value that appears once into `properties` and return the offset after it."""
    name, kind = BY_IDENTIFIER[identifier]
    value: object
    if kind == TEXT:
        value, at = take_text(body, at, end)
    elif kind == BINARY:
        value, at = take_binary(body, at, end)
    else:
        number, at = take_uint(body, at, kind, end)
        check_number(identifier, name, kind, number)
        value = number
    setattr(properties, name, value)
    return at


def check_number(identifier: int, name: str, kind: int, number: int) -> None:
    """Every one-byte property is 0 or 1; four others must not be zero."""
    if kind == BYTE and number > 1:
        raise protocol_error(name + " is neither 0 nor 1")
    if number == 0 and identifier in NEVER_ZERO:
        raise MqttError(
            reasons.TOPIC_ALIAS_INVALID if identifier == TOPIC_ALIAS else reasons.PROTOCOL_ERROR,
            name + " must not be 0",
        )


def check(properties: Properties) -> None:
    """The rules between properties."""
    topic = properties.response_topic
    if topic is not None and (not topic or "+" in topic or "#" in topic):
        raise protocol_error("a response topic is a topic name without wildcards")  # section 3.3.2.3.5
    if properties.authentication_data is not None and properties.authentication_method is None:
        raise protocol_error("authentication data without an authentication method")  # section 3.1.2.11.10


def put_properties(properties: Properties, allowed: bytes) -> bytes:
    """Length and properties; ValueError for one that is not in `allowed` or whose value does not fit."""
    if properties is NONE:
        return b"\0"
    out = bytearray()
    for name, value in properties.items():
        identifier, kind = BY_NAME[name]
        if identifier not in allowed:
            raise ValueError(name + " does not belong in this packet")
        out += put_property(identifier, name, kind, value)
    return put_variable_int(len(out)) + bytes(out)


def put_property(identifier: int, name: str, kind: int, value: object) -> bytes:
    """One property, or several of the same name."""
    mark = bytes((identifier,))
    if kind == TEXT and isinstance(value, str):
        return mark + put_text(value)
    if kind == BINARY and isinstance(value, bytes):
        return mark + put_binary(value)
    if kind == PAIR and isinstance(value, tuple):
        return b"".join([mark + put_text(key) + put_text(text) for key, text in value])
    if kind == VARIABLE and isinstance(value, tuple) and 0 not in value:
        return b"".join([mark + put_variable_int(number) for number in value])
    if kind <= FOUR_BYTES and isinstance(value, int) and 0 <= value < 1 << 8 * kind:
        check_number(identifier, name, kind, value)
        return mark + value.to_bytes(kind, "big")
    raise ValueError(name + " has a value of the wrong type or size")
