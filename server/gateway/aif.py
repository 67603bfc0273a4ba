"""Scopes that name topics: AIF-MQTT, and what of it falls within a device's own branch (RFC 9431 section 3, RFC 9237).

Such a scope is one token: the unpadded base64url of `[[filter, ["pub", "sub"]], ...]`. An operator offers it like any
other, with a sentence for people; a client asks for it by name.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from typing import Final

from device_agent.mqtt import topics

PERMISSIONS: Final = ("pub", "sub")
Entries = tuple[tuple[str, tuple[str, ...]], ...]


class NoAif(ValueError):
    """A scope that is a JSON array, but none of filters and permissions."""


def read(scope: str) -> Entries | None:
    """Filters and their permissions; None when the scope is no JSON array at all. Raises `NoAif`."""
    try:
        raw = urlsafe_b64decode(scope + "=" * (-len(scope) % 4))
        said = json.loads(raw) if raw[:1] == b"[" else None
    except (ValueError, RecursionError):
        return None
    return None if said is None else tuple(_entry(each) for each in said)


def _entry(said: object) -> tuple[str, tuple[str, ...]]:
    if not isinstance(said, list) or len(said) != 2:
        raise NoAif("each entry is a filter and its permissions")
    topic_filter, permissions = said
    if not isinstance(topic_filter, str) or not topics.is_filter(topic_filter) or topics.is_shared(topic_filter):
        raise NoAif("not a topic filter")
    if not isinstance(permissions, list) or not permissions or any(each not in PERMISSIONS for each in permissions):
        raise NoAif("the permissions are pub and sub")
    return topic_filter, tuple(permissions)


def rights(device_id: str, scopes: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(filters to publish under, filters to read under): the device's branches, narrowed by what its scopes name.

    Without such a scope they are the whole branches; with an empty one nothing at all. Raises `NoAif`.
    """
    publish, subscribe = topics.publish_filter(device_id), topics.subscribe_filter(device_id)
    named = [entries for entries in map(read, scopes) if entries is not None]
    if not named:
        return (publish,), (subscribe,)
    entries = [entry for some in named for entry in some]
    return _within(publish, entries, "pub"), _within(subscribe, entries, "sub")


def _within(branch: str, entries: Iterable[tuple[str, tuple[str, ...]]], permission: str) -> tuple[str, ...]:
    shared = [overlap(branch, topic_filter) for topic_filter, allowed in entries if permission in allowed]
    return tuple(dict.fromkeys(each for each in shared if each is not None))


def overlap(first: str, second: str) -> str | None:
    """The filter of exactly the topics that both take in, level by level; None when there are none.

    One of the two begins with a name, as a device's branch does: so `$` topics are no case of their own.
    """
    found: list[str] = []
    left, right = first.split("/"), second.split("/")
    for at in range(max(len(left), len(right)) + 1):
        ends = at == len(left), at == len(right)
        if ends == (True, True):
            return "/".join(found)
        if not ends[0] and left[at] == "#":
            return "/".join(found + right[at:]) if not ends[1] else "/".join(found)
        if not ends[1] and right[at] == "#":
            return "/".join(found + left[at:]) if not ends[0] else "/".join(found)
        if True in ends or (left[at] != right[at] and "+" not in (left[at], right[at])):
            return None
        found.append(right[at] if left[at] == "+" else left[at])
    return None
