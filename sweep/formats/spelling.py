"""One spelling for the keys of files that may be written in two.

Run configurations are written in camelCase, and read in snake_case as well. The tree that comes
out has the first, whatever the file has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from sweep.formats.findings import Findings, did_you_mean
from sweep.formats.located import Node, inside

Shape: TypeAlias = Mapping[str, "Shape"] | None
"""The keys that a mapping has, in camelCase, and what is below each; None where keys are the
user's own. The key `*` stands for any name."""


def keys(names: str) -> dict[str, Shape]:
    """Return the shape of a mapping with these keys, and nothing known below them."""
    return dict.fromkeys(names.split())


def camel_case(name: str) -> str:
    """Return a name of Python's in the spelling of the files.

    >>> camel_case("max_run_duration_seconds")
    'maxRunDurationSeconds'
    """
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def respelled(node: Node, shape: Shape, path: str, findings: Findings) -> Node:
    """Return `node` with the keys of its `shape` in camelCase; warn of others and keep them."""
    if shape is None or not isinstance(node.value, dict):
        return node
    official = {_bare(name): name for name in shape}
    entries: dict[str, Node] = {}
    spelled: dict[str, Node] = {}
    for key, child in node.value.items():
        name = key if "*" in shape else official.get(_bare(key), key)
        where = inside(path, key)
        if name not in shape and "*" not in shape and not findings.full:
            near = did_you_mean(key, shape)
            findings.warn(f"unknown key, kept but without effect{near}", where, node.keys[key])
        if name in entries:
            message = f"stands here a second time; the first is on line {spelled[name].line}"
            findings.problem(message, where, node.keys[key])
            continue
        below = shape.get(name, shape.get("*"))
        entries[name] = respelled(child, below, inside(path, name), findings)
        spelled[name] = node.keys[key]
    return Node(entries, node.line, node.column, spelled, node.depth)


def _bare(name: str) -> str:
    return name.replace("_", "").lower()
