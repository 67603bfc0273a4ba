"""The topic tree, what filters match, and what they cover: checked against every topic of a small world."""

import itertools
import json
from pathlib import Path

import pytest
from paho.mqtt.client import topic_matches_sub

from device_agent.mqtt import topics

CASES = json.loads((Path(__file__).parents[2] / "cases" / "topics.json").read_text())


@pytest.mark.parametrize(("topic_filter", "topic", "expected"), CASES["matches"])
def test_a_filter_takes_in_what_section_4_7_says(topic_filter: str, topic: str, expected: bool) -> None:
    assert topics.matches(topic_filter, topic) is expected


@pytest.mark.parametrize(("granted", "asked", "expected"), CASES["covers"])
def test_a_right_covers_only_what_lies_within_it(granted: str, asked: str, expected: bool) -> None:
    assert topics.covers(granted, asked) is expected


@pytest.mark.parametrize(("text", "expected"), CASES["filters"])
def test_a_broken_filter_is_told_from_a_valid_one(text: str, expected: bool) -> None:
    assert topics.is_filter(text) is expected


@pytest.mark.parametrize(("topic", "kind", "device_id", "names"), CASES["places"])
def test_each_purpose_has_one_topic_that_is_built_and_read_alike(
    topic: str, kind: str, device_id: str, names: list[str]
) -> None:
    place = topics.parse(topic)
    assert place is not None
    assert (place.kind, place.device_id, place.names) == (kind, device_id, names)
    assert topics.build(kind, device_id, *names) == topic
    assert getattr(topics, kind)(device_id, *names) == topic


@pytest.mark.parametrize("topic", CASES["strangers"])
def test_any_other_topic_is_no_place_of_ours(topic: str) -> None:
    assert topics.parse(topic) is None


def small_world() -> tuple[list[str], list[str]]:
    """Every topic and every filter of up to three levels over two words, one of them beginning with $."""
    words = ["a", "b", "$s"]
    spelled = ["/".join(levels) for count in (1, 2, 3, 4) for levels in itertools.product(words, repeat=count)]
    parts = ["a", "$s", "+", "#"]
    filters = ["/".join(levels) for count in (1, 2, 3) for levels in itertools.product(parts, repeat=count)]
    return spelled, [text for text in filters if topics.is_filter(text)]


def test_covering_means_that_no_topic_slips_through() -> None:
    spelled, filters = small_world()
    taken = {text: frozenset(topic for topic in spelled if topics.matches(text, topic)) for text in filters}
    for granted, asked in itertools.product(filters, repeat=2):
        assert topics.covers(granted, asked) == (taken[asked] <= taken[granted]), (granted, asked)


def test_matching_agrees_with_paho() -> None:
    spelled, filters = small_world()
    for text, topic in itertools.product(filters, spelled):
        assert topics.matches(text, topic) == topic_matches_sub(text, topic), (text, topic)


@pytest.mark.parametrize("device_id", ["", "a b", "a/b", "+", "é", "a" * 129, "a.b"])
def test_a_device_id_that_could_leave_its_branch_is_refused(device_id: str) -> None:
    assert not topics.is_device_id(device_id)
    with pytest.raises(ValueError, match="device id"):
        topics.publish_filter(device_id)
    with pytest.raises(ValueError, match="device id"):
        topics.request(device_id, "me", "1")


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "a b"])
def test_a_name_that_could_leave_its_level_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name in a topic"):
        topics.request("tv", name, "1")


def test_a_device_publishes_up_and_reads_down_and_nothing_else() -> None:
    assert topics.publish_filter("tv") == "v1/tv/up/#"
    assert topics.subscribe_filter("tv") == "v1/tv/dn/#"
    assert topics.covers(topics.subscribe_filter("tv"), topics.replies("tv"))
    assert topics.matches(topics.CALLS, topics.request("tv", "me", "1"))
    assert topics.share(topics.SHARED_CALLS) == ("api", topics.CALLS)
