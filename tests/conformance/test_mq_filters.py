"""RFC 9431 section 3: filters within filters, against a matcher that knows all topics and nothing else."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from device_agent.mqtt import topics
from server.gateway.aif import NoAif, overlap, read, rights
from tests.conformance.mqtt_wire import aif

NAMES = ("a", "b", "", "$s")
FRESH = "z"  # a name that no filter mentions: what `+` takes in and no literal does
TOPICS = [
    "/".join(levels)
    for depth in range(1, 5)
    for levels in product((*NAMES, FRESH), repeat=depth)
    if "$s" not in levels[1:] and "/".join(levels)
]


def slowly_matches(topic_filter: str, topic: str) -> bool:
    """Section 4.7 word for word, one level at a time."""

    def rest(wanted: list[str], levels: list[str]) -> bool:
        if not wanted:
            return not levels
        if wanted[0] == "#":
            return True
        return bool(levels) and wanted[0] in ("+", levels[0]) and rest(wanted[1:], levels[1:])

    if topic.startswith("$") and topic_filter[0] in "+#":
        return False
    return rest(topic_filter.split("/"), topic.split("/"))


def matched(topic_filter: str) -> set[str]:
    return {topic for topic in TOPICS if slowly_matches(topic_filter, topic)}


levels = st.lists(st.sampled_from(("a", "b", "", "+")), min_size=0, max_size=2)
first = st.sampled_from(("a", "b", "", "+", "$s"))
filters = st.builds(
    lambda head, middle, ends: "/".join([head, *middle] + ["#"] * ends), first, levels, st.booleans()
) | st.just("#")
filters = filters.filter(lambda each: topics.is_filter(each))


@given(filters)
def test_mq_04_a_filter_takes_in_what_the_specification_says(topic_filter: str) -> None:
    assert {topic for topic in TOPICS if topics.matches(topic_filter, topic)} == matched(topic_filter)


@given(filters, filters)
def test_mq_04_a_filter_lies_within_another_when_no_topic_is_outside_it(granted: str, asked: str) -> None:
    assert topics.covers(granted, asked) == (matched(asked) <= matched(granted))


@given(filters, filters)
def test_mq_04_what_two_filters_share_is_what_both_take_in(branch: str, named: str) -> None:
    if branch[:1] in ("+", "#"):
        branch = "a/" + branch  # a device's branch begins with a name
    shared = overlap(branch, named)
    both = matched(branch) & matched(named)
    assert (matched(shared) if shared is not None else set()) == both or "$" in branch
    if shared is not None:
        assert topics.is_filter(shared)
        assert topics.covers(branch, shared)


@given(st.lists(st.tuples(filters, st.lists(st.sampled_from(["pub", "sub"]), min_size=1, max_size=2)), max_size=4))
def test_mq_04_no_list_of_filters_reaches_beyond_the_devices_own_branch(
    entries: list[tuple[str, list[str]]],
) -> None:
    scope = aif(*entries)
    publish, subscribe = rights("a", [scope])
    assert all(topics.covers("v1/a/up/#", each) for each in publish)
    assert all(topics.covers("v1/a/dn/#", each) for each in subscribe)
    assert read(scope) == tuple((name, tuple(allowed)) for name, allowed in entries)


def test_mq_04_prefixes_are_no_subsets() -> None:
    for granted, asked in (("v1/tv", "v1/tv2"), ("a/b", "a/bc"), ("a/+", "a/#"), ("a/+", "a"), ("+/b", "#")):
        assert not topics.covers(granted, asked), (granted, asked)
    assert topics.covers("a/#", "a")


def test_mq_04_other_scopes_are_no_lists_and_other_lists_grant_nothing() -> None:
    for scope in ("profile", "readings:write", "Wxyz", "W", "", "W1s" * 400, "eyJhIjoxfQ"):
        assert read(scope) is None, scope
    entries: list[object] = [
        ["a"],
        ["a", []],
        ["a", ["read"]],
        ["a#", ["pub"]],
        ["$share/x/a", ["sub"]],
        "a",
        [1, ["pub"]],
    ]
    for entry in entries:
        try:
            read(aif(entry))  # type: ignore[arg-type]
        except NoAif:
            continue
        raise AssertionError(f"{entry} was taken for a filter and its permissions")
