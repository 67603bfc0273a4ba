"""The tree of filters and topics, against the plain rule of `topics.matches` and any order of adding and removing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from device_agent.mqtt import topics
from server.broker.tree import Tree

words = st.sampled_from(["a", "b", "", "$s"])
names = st.lists(words, min_size=1, max_size=4).map("/".join).filter(bool)
filters = st.lists(words | st.sampled_from(["+", "#"]), min_size=1, max_size=4).map("/".join).filter(topics.is_filter)


@settings(max_examples=300, deadline=None)
@given(st.lists(filters, max_size=8), names)
def test_a_topic_finds_every_filter_that_takes_it_in_and_no_other(known: list[str], topic: str) -> None:
    tree: Tree[int, str] = Tree()
    for number, topic_filter in enumerate(known):
        tree.put(topic_filter, number, topic_filter)
    assert sorted(tree.matching(topic)) == sorted(text for text in known if topics.matches(text, topic))


@settings(max_examples=300, deadline=None)
@given(st.lists(names, unique=True, max_size=8), filters)
def test_a_filter_finds_every_topic_that_it_takes_in_and_no_other(known: list[str], topic_filter: str) -> None:
    tree: Tree[str, str] = Tree()
    for topic in known:
        tree.put(topic, topic, topic)
    assert sorted(tree.beneath(topic_filter)) == sorted(one for one in known if topics.matches(topic_filter, one))


@settings(max_examples=100, deadline=None)
@given(st.lists(filters, unique=True, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_when_everything_is_removed_nothing_is_left(known: list[str], chance: object) -> None:
    tree: Tree[int, str] = Tree()
    for topic_filter in known:
        tree.put(topic_filter, 1, topic_filter)
        tree.put(topic_filter, 2, topic_filter)
    chance.shuffle(known)  # type: ignore[attr-defined]
    for topic_filter in known:
        tree.drop(topic_filter, 1)
        tree.drop(topic_filter, 2)
        tree.drop(topic_filter, 2)
        tree.drop("never/there", 1)
    assert tree._root.children is None
