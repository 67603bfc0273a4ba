"""The topic tree of Porchlight, and what filters match and cover (MQTT 5 sections 4.7 and 4.8.2).

A device publishes only under `v1/{id}/up/` and reads only under `v1/{id}/dn/`; its id is its user name and client id.
"""

VERSION = "v1"
UP = "up"
DOWN = "dn"

REQUEST = "request"
REPLY = "reply"
TELEMETRY = "telemetry"
PRESENCE = "presence"
COMMAND = "command"
COMMAND_RESULT = "command_result"
DESIRED = "desired"
REPORTED = "reported"

# Direction, short word, number of names behind it, kind.
TREE = (
    (UP, "rq", 2, REQUEST),
    (DOWN, "rs", 1, REPLY),
    (UP, "tm", 1, TELEMETRY),
    (UP, "st", 0, PRESENCE),
    (DOWN, "cm", 2, COMMAND),
    (UP, "cr", 1, COMMAND_RESULT),
    (DOWN, "ds", 0, DESIRED),
    (UP, "rp", 0, REPORTED),
)
KINDS = {(direction, word): (names, kind) for direction, word, names, kind in TREE}
WORDS = {kind: (direction, word, names) for direction, word, names, kind in TREE}

ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
NAME_CHARACTERS = ID_CHARACTERS + "."
LONGEST_NAME = 128

# What the gateways of several servers subscribe to, so that each call reaches one of them.
CALLS = "v1/+/up/rq/#"
SHARED_CALLS = "$share/api/v1/+/up/rq/#"


class Place:
    """A parsed topic: `kind`, `device_id`, and the `names` behind it (such as method and request id)."""

    def __init__(self, kind: str, device_id: str, names: list[str]) -> None:
        self.kind = kind
        self.device_id = device_id
        self.names = names


def is_device_id(text: str) -> bool:
    """1 to 128 of `A-Z a-z 0-9 _ -`."""
    return 0 < len(text) <= LONGEST_NAME and all(character in ID_CHARACTERS for character in text)


def is_part(text: str) -> bool:
    """A method, stream, command or id within a topic: a device id's characters and the dot."""
    return 0 < len(text) <= LONGEST_NAME and all(character in NAME_CHARACTERS for character in text)


def build(kind: str, device_id: str, *names: str) -> str:
    """The topic of a kind, as in `build(REQUEST, "tv", "me", "7")`; ValueError names the part that does not fit."""
    direction, word, count = WORDS[kind]
    if not is_device_id(device_id):
        raise ValueError(f"a device id has 1 to {LONGEST_NAME} letters, digits, - and _: {device_id!r}")
    if len(names) != count:
        raise ValueError(f"the topic of a {kind} has {count} names behind it, not {len(names)}")
    for name in names:
        if not is_part(name):
            raise ValueError(f"a name in a topic has 1 to {LONGEST_NAME} letters, digits, '-', '_' and '.': {name!r}")
    tail = "".join("/" + name for name in names)
    return f"{VERSION}/{device_id}/{direction}/{word}{tail}"


def request(device_id: str, method: str, request_id: str) -> str:
    """`v1/{id}/up/rq/{method}/{rid}`: an API call."""
    return build(REQUEST, device_id, method, request_id)


def reply(device_id: str, request_id: str) -> str:
    """`v1/{id}/dn/rs/{rid}`: its answer."""
    return build(REPLY, device_id, request_id)


def replies(device_id: str) -> str:
    """The filter over every answer to this device."""
    return branch(device_id, DOWN) + "rs/+"


def telemetry(device_id: str, stream: str) -> str:
    """`v1/{id}/up/tm/{stream}`."""
    return build(TELEMETRY, device_id, stream)


def presence(device_id: str) -> str:
    """`v1/{id}/up/st`: online or offline, retained; the will's topic."""
    return build(PRESENCE, device_id)


def command(device_id: str, command: str, command_id: str) -> str:
    """`v1/{id}/dn/cm/{command}/{cid}`: what an operator asks."""
    return build(COMMAND, device_id, command, command_id)


def commands(device_id: str) -> str:
    """The filter over every command to this device."""
    return branch(device_id, DOWN) + "cm/+/+"


def command_result(device_id: str, command_id: str) -> str:
    """`v1/{id}/up/cr/{cid}`."""
    return build(COMMAND_RESULT, device_id, command_id)


def desired(device_id: str) -> str:
    """`v1/{id}/dn/ds`: the state an operator wishes, retained."""
    return build(DESIRED, device_id)


def reported(device_id: str) -> str:
    """`v1/{id}/up/rp`: the state the device has."""
    return build(REPORTED, device_id)


def branch(device_id: str, direction: str) -> str:
    """`v1/{id}/up/` or `v1/{id}/dn/`: what every topic of that direction begins with."""
    if not is_device_id(device_id):
        raise ValueError(f"a device id has 1 to {LONGEST_NAME} letters, digits, - and _: {device_id!r}")
    return f"{VERSION}/{device_id}/{direction}/"


def publish_filter(device_id: str) -> str:
    """The one filter a device may publish under."""
    return branch(device_id, UP) + "#"


def subscribe_filter(device_id: str) -> str:
    """The one filter a device may read under."""
    return branch(device_id, DOWN) + "#"


def parse(topic: str) -> Place | None:
    """The parts of a topic of this tree; None for any other topic."""
    levels = topic.split("/")
    if len(levels) < 4 or levels[0] != VERSION or not is_device_id(levels[1]):
        return None
    names = levels[4:]
    count, kind = KINDS.get((levels[2], levels[3]), (-1, ""))
    if len(names) != count or not all(is_part(name) for name in names):
        return None
    return Place(kind, levels[1], names)


def is_name(topic: str) -> bool:
    """Whether this may be published to: not empty, no wildcard, no NUL."""
    return topic != "" and "+" not in topic and "#" not in topic and "\0" not in topic


def is_filter(topic_filter: str) -> bool:
    """Whether this may be subscribed to: `+` is a whole level, `#` the whole last one, `$share` has name and filter."""
    if topic_filter.startswith("$share/") or topic_filter == "$share":
        pair = share(topic_filter)
        if pair is None:
            return False
        topic_filter = pair[1]
    if not topic_filter or "\0" in topic_filter:
        return False
    if "+" not in topic_filter and "#" not in topic_filter:
        return True
    levels = topic_filter.split("/")
    for level in levels[:-1]:
        if "#" in level or ("+" in level and level != "+"):
            return False
    last = levels[-1]
    return last in ("+", "#") or ("+" not in last and "#" not in last)


def is_shared(topic_filter: str) -> bool:
    """Whether this is a shared subscription (section 4.8.2)."""
    return topic_filter.startswith("$share/")


def share(topic_filter: str) -> tuple[str, str] | None:
    """(share name, filter) of `$share/{name}/{filter}`; None when it is not one, or not a valid one."""
    levels = topic_filter.split("/", 2)
    if len(levels) != 3 or levels[0] != "$share" or not levels[2] or not is_name(levels[1]):
        return None
    return levels[1], levels[2]


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a filter (not a shared one) takes in a topic; `$` topics need a literal first level (section 4.7.2)."""
    if "+" not in topic_filter:
        if topic_filter[-1:] != "#":
            return topic_filter == topic
        if topic_filter == "#":
            return topic[:1] != "$"
        # `a/b/#` takes in `a/b` and everything below it.
        return topic.startswith(topic_filter[:-1]) or topic == topic_filter[:-2]
    if topic[:1] == "$" and topic_filter[:1] in ("+", "#"):
        return False
    wanted = topic_filter.split("/")
    levels = topic.split("/")
    for at, want in enumerate(wanted):
        if want == "#":
            return True
        if at == len(levels) or want not in ("+", levels[at]):
            return False
    return len(wanted) == len(levels)


def covers(granted: str, asked: str) -> bool:
    """Whether every topic that `asked` matches is matched by `granted` too: the subset test for a subscription.

    Level by level, never by prefix: `a/+` does not cover `a/#`, and `v1/tv` does not cover `v1/tv2`.
    """
    have = granted.split("/")
    want = asked.split("/")
    if have[0] in ("+", "#") and want[0][:1] == "$":
        return False
    if want == ["#"] and have == ["+", "#"]:
        return True  # every topic has a first level
    for at, level in enumerate(have):
        if level == "#":
            return True
        if at == len(want) or want[at] == "#":
            return False
        if level not in ("+", want[at]):
            return False
    return len(have) == len(want)
