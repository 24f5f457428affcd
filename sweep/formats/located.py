"""A tree of values that remember where they stand in their file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sweep.formats.findings import quoted

Value = bool | int | float | str | list["Node"] | dict[str, "Node"] | None

_KINDS = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "text",
    list: "list",
    dict: "mapping",
}
_SIMPLE_KEY = re.compile(r"[\w.+:/-]{1,60}")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file.

    Attributes:
        value: a scalar, a list of nodes, or a mapping from text to nodes.
        line: 1-based line where it begins.
        column: 1-based column where it begins.
        keys: of a mapping, its keys as nodes.
        depth: how many levels of lists and mappings it is made of; 0 for a scalar.
    """

    value: Value
    line: int
    column: int
    keys: Mapping[str, Node] = field(default_factory=dict)
    depth: int = 0

    @property
    def kind(self) -> str:
        """What the value is: null, boolean, number, text, list or mapping."""
        return _KINDS[type(self.value)]

    def plain(self) -> Any:
        """Return the value as Python's own lists, dicts and scalars."""
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return self.value

    def __str__(self) -> str:
        """Return what a message shows of it: a scalar as in the file, else the kind."""
        match self.value:
            case list() | dict() as below:
                return f"{'a' if below else 'an empty'} {self.kind}"
            case None | bool():
                return "null" if self.value is None else str(self.value).lower()
            case str(text):
                return quoted(text)
            case number:
                return repr(number)


def inside(path: str, key: str | int) -> str:
    """Return the dotted path of an entry of what `path` names.

    >>> inside(inside("sampling", "parameter_space"), 0)
    'sampling.parameter_space[0]'
    """
    if isinstance(key, int):
        return f"{path}[{key}]"
    name = key if _SIMPLE_KEY.fullmatch(key) else quoted(key)
    return f"{path}.{name}" if path else name
