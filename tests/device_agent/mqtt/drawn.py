"""Hypothesis draws any packet that one side may send."""

from hypothesis import strategies as st

from device_agent.mqtt.packets import properties as props
from device_agent.mqtt.packets import reasons, shapes
from device_agent.mqtt.packets.properties import Properties

text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
names = st.text(st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1, max_size=12)
levels = st.sampled_from(["a", "b", "", "$SYS", "é"])
filters = st.builds(
    lambda group, parts, last: group + "/".join([*parts, last]),
    st.sampled_from(["", "", "$share/g/"]),
    st.lists(levels | st.just("+"), max_size=3),
    st.sampled_from(["x", "+", "#"]),
)
binary = st.binary(max_size=12)
packet_ids = st.integers(1, 0xFFFF)


def value_of(identifier: int, name: str, kind: int) -> st.SearchStrategy[object]:
    lowest = 1 if identifier in props.NEVER_ZERO else 0
    if name == "response_topic":
        return names
    if kind == props.BYTE:
        return st.integers(0, 1)
    if kind == props.TEXT:
        return text
    if kind == props.BINARY:
        return binary
    if kind == props.PAIR:
        return st.lists(st.tuples(text, text), min_size=1, max_size=3).map(tuple)
    if kind == props.VARIABLE:
        return st.tuples(st.integers(1, 268_435_455))
    return st.integers(lowest, (1 << 8 * kind) - 1)


def bag(allowed: bytes) -> st.SearchStrategy[Properties]:
    """Any properties out of the allowed ones."""
    values = {name: value_of(number, name, kind) for number, name, kind in props.TABLE if number in allowed}

    def built(given: dict[str, object]) -> Properties:
        if "authentication_data" in given:
            given.setdefault("authentication_method", "m")
        return Properties(**given)

    return st.fixed_dictionaries({}, optional=values).map(built)


wills = st.builds(shapes.Will, names, binary, st.integers(0, 2), st.booleans(), bag(props.OF_WILL))
subscriptions = st.builds(
    lambda topic_filter, qos, no_local, published, handling: shapes.Subscription(
        topic_filter, qos, no_local and not topic_filter.startswith("$share/"), published, handling
    ),
    filters,
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2),
)


def publish(allowed: bytes) -> st.SearchStrategy[shapes.Packet]:
    at_most_once = st.builds(shapes.Publish, names, binary, st.just(0), st.booleans(), properties=bag(allowed))
    acknowledged = st.builds(
        shapes.Publish, names, binary, st.sampled_from([1, 2]), st.booleans(), packet_ids, st.booleans(), bag(allowed)
    )
    return at_most_once | acknowledged


def acks() -> st.SearchStrategy[shapes.Packet]:
    table = (
        (shapes.PubAck, reasons.OF_PUBACK),
        (shapes.PubRec, reasons.OF_PUBREC),
        (shapes.PubRel, reasons.OF_PUBREL),
        (shapes.PubComp, reasons.OF_PUBCOMP),
    )
    return st.one_of([st.builds(kind, packet_ids, st.sampled_from(codes), bag(props.OF_ACK)) for kind, codes in table])


def auth(codes: bytes) -> st.SearchStrategy[shapes.Packet]:
    with_method = bag(props.OF_AUTH).map(
        lambda found: Properties(**{"authentication_method": "m", **dict(found.items())})
    )
    return st.builds(shapes.Auth, st.sampled_from(codes), with_method)


of_client = st.one_of(
    st.builds(
        shapes.Connect,
        text,
        st.none() | text,
        st.none() | binary,
        st.booleans(),
        st.integers(0, 0xFFFF),
        st.none() | wills,
        bag(props.OF_CONNECT),
    ),
    publish(props.OF_CLIENT_PUBLISH),
    acks(),
    st.builds(shapes.Subscribe, packet_ids, st.lists(subscriptions, min_size=1, max_size=3), bag(props.OF_SUBSCRIBE)),
    st.builds(shapes.Unsubscribe, packet_ids, st.lists(filters, min_size=1, max_size=3), bag(props.OF_UNSUBSCRIBE)),
    st.builds(shapes.PingReq),
    st.builds(shapes.Disconnect, st.sampled_from(reasons.OF_CLIENT_DISCONNECT), bag(props.OF_CLIENT_DISCONNECT)),
    auth(reasons.OF_CLIENT_AUTH),
)
refusals = st.builds(shapes.ConnAck, st.just(False), st.sampled_from(reasons.OF_CONNACK), bag(props.OF_CONNACK))
codes_of_sub = st.lists(st.sampled_from(reasons.OF_SUBACK), min_size=1, max_size=3)
codes_of_unsub = st.lists(st.sampled_from(reasons.OF_UNSUBACK), min_size=1, max_size=3)
of_broker = st.one_of(
    refusals,
    st.builds(shapes.ConnAck, st.booleans(), st.just(0), bag(props.OF_CONNACK)),
    publish(props.OF_BROKER_PUBLISH),
    acks(),
    st.builds(shapes.SubAck, packet_ids, codes_of_sub, bag(props.OF_ACK)),
    st.builds(shapes.UnsubAck, packet_ids, codes_of_unsub, bag(props.OF_ACK)),
    st.builds(shapes.PingResp),
    st.builds(shapes.Disconnect, st.sampled_from(reasons.OF_BROKER_DISCONNECT), bag(props.OF_BROKER_DISCONNECT)),
    auth(reasons.OF_BROKER_AUTH),
)
