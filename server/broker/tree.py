"""A tree over topic levels: which filters take in a topic, and which topics a filter takes in (MQTT 5 section 4.7)."""

from collections.abc import Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Node(Generic[K, V]):
    """One level; dictionaries are made only when there is something to put in them."""

    __slots__ = ("children", "values")

    def __init__(self) -> None:
        self.children: dict[str, Node[K, V]] | None = None
        self.values: dict[K, V] | None = None


class Tree(Generic[K, V]):
    """Values by (path, key). A path is a topic filter, or a topic when it is searched with `beneath`."""

    def __init__(self) -> None:
        self._root: Node[K, V] = Node()

    def put(self, path: str, key: K, value: V) -> None:
        """Add or replace."""
        node = self._root
        for level in path.split("/"):
            if node.children is None:
                node.children = {}
            child = node.children.get(level)
            if child is None:
                child = node.children[level] = Node()
            node = child
        if node.values is None:
            node.values = {}
        node.values[key] = value

    def drop(self, path: str, key: K) -> None:
        """Remove, with every level that holds nothing any more; nothing happens when it is not there."""
        trail: list[tuple[Node[K, V], str]] = []
        node = self._root
        for level in path.split("/"):
            child = node.children.get(level) if node.children else None
            if child is None:
                return
            trail.append((node, level))
            node = child
        if node.values is not None:
            node.values.pop(key, None)
            node.values = node.values or None
        while trail and not node.values and not node.children:
            node, level = trail.pop()
            if node.children is not None:
                del node.children[level]
                node.children = node.children or None

    def matching(self, topic: str) -> list[V]:
        """The values of every filter that takes in this topic; `$` topics only by a literal first level."""
        found: list[V] = []
        nodes = [self._root]
        is_wild = topic[:1] != "$"
        for level in topic.split("/"):
            below = []
            for node in nodes:
                children = node.children
                if children is None:
                    continue
                child = children.get(level)
                if child is not None:
                    below.append(child)
                if is_wild:
                    child = children.get("+")
                    if child is not None:
                        below.append(child)
                    child = children.get("#")
                    if child is not None and child.values:
                        found.extend(child.values.values())
            nodes = below
            if not nodes:
                return found
            is_wild = True
        for node in nodes:
            if node.values:
                found.extend(node.values.values())
            child = node.children.get("#") if node.children else None
            if child is not None and child.values:
                found.extend(child.values.values())
        return found

    def beneath(self, topic_filter: str) -> Iterator[V]:
        """The values of every topic that this filter takes in."""
        levels = topic_filter.split("/")
        waiting = [(self._root, 0)]
        while waiting:
            node, depth = waiting.pop()
            if depth == len(levels):
                yield from (node.values or {}).values()
                continue
            level = levels[depth]
            if level == "#":
                yield from (node.values or {}).values()
            for name, child in (node.children or {}).items():
                if level in ("+", "#") and node is self._root and name[:1] == "$":
                    continue
                if level == "#":
                    waiting.append((child, depth))
                elif level in ("+", name):
                    waiting.append((child, depth + 1))
