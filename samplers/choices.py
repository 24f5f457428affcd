"""Choices between options, and what options are made of.

A space is a tree of five kinds of node. `Number` and `Integer` are its leaves, `Constant` is a
value that does not vary, `Branch` holds several named nodes at once, and `Choice` holds several
nodes of which one is taken. A dict among the options is a `Branch` if anything in it varies, or in
another option.

Nodes know their `size` (the number of values, None for infinitely many), their `width` (the number
of coordinates in the unit interval that determine a value) and their `depth` in branches.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, TypeAlias, Union

from samplers.errors import SpaceError
from samplers.integer import Integer
from samplers.number import Number
from samplers.values import DEPTH, canonical, plain

Node: TypeAlias = Union["Constant", "Branch", "Choice", Number, Integer]
Expression: TypeAlias = Union["Choice", Number, Integer]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value of JSON that does not vary, as text so that nobody can change it.

    `key` is the same text in canonical form. Made by `constant_of`.
    """

    size: ClassVar[int] = 1
    width: ClassVar[int] = 0
    depth: ClassVar[int] = 0
    text: str
    key: str

    @property
    def value(self) -> Any:
        """A fresh copy of the value."""
        return json.loads(self.text)

    def wire(self) -> Any:
        """Return the value, which is its own wire form."""
        return self.value


@dataclass(frozen=True, slots=True)
class Branch:
    """Named nodes that hold together; made by `branch_of`."""

    entries: tuple[tuple[str, Node], ...]
    size: int | None
    width: int
    depth: int

    def wire(self) -> dict[str, Any]:
        """Return a dict of the wire forms."""
        return {name: node.wire() for name, node in self.entries}


@dataclass(frozen=True, slots=True, repr=False)
class Choice:
    """One of several options, all alike; made by `choice_of`."""

    word: ClassVar[str] = "choice"
    options: tuple[Node, ...]
    size: int | None
    width: int
    depth: int

    def wire(self) -> list[Any]:
        """Return the wire form, such as `["choice", [["a", "b"]]]`."""
        return [self.word, [[option.wire() for option in self.options]]]

    def index(self, u: float) -> int:
        """Return the place of the option at `u` of the unit interval, 0 <= u <= 1."""
        return min(int(u * len(self.options)), len(self.options) - 1)

    def quantile(self, u: float) -> Any:
        """Return the option at `u` of the unit interval; a branch in its wire form."""
        return self.options[self.index(u)].wire()

    def bounds(self, index: int) -> tuple[float, float]:
        """Return the part of the unit interval that belongs to option `index`."""
        return index / len(self.options), (index + 1) / len(self.options)

    def cell(self, value: Any) -> tuple[float, float]:
        """Return the part of the unit interval that `quantile` maps to `value`.

        Raises:
            SpaceError: there is no such option. Type counts: 1, 1.0 and True are three options.
        """
        key = canonical(plain(value))
        for index, option in enumerate(self.options):
            if identity(option) == key:
                return self.bounds(index)
        raise SpaceError(f"{value!r} is not an option of {self}")

    def __repr__(self) -> str:
        """Return the call that makes it, cut short if it has many options."""
        shown = [json.dumps(option.wire(), ensure_ascii=False) for option in self.options[:8]]
        return f"choice({', '.join([*shown, '…'] if len(self.options) > 8 else shown)})"


def identity(node: Node) -> str:
    """Return a text that is the same for equal nodes only."""
    return node.key if isinstance(node, Constant) else canonical(node.wire())


def constant_of(value: Any) -> Constant:
    """Return the constant with this value.

    Raises:
        SpaceError: JSON has no such value.
    """
    value = plain(value)
    return Constant(json.dumps(value), canonical(value))


def branch_of(entries: Iterable[tuple[str, Node]]) -> Branch:
    """Return the branch of these named nodes.

    Raises:
        SpaceError: it is nested more than `DEPTH` deep.
    """
    pairs = tuple(entries)
    nodes = [node for _, node in pairs]
    depth = 1 + max((node.depth for node in nodes), default=0)
    if depth > DEPTH:
        raise SpaceError(f"branches are nested more than {DEPTH} levels deep")
    return Branch(pairs, _combined(prod, nodes), sum(node.width for node in nodes), depth)


def _as_branch(node: Node) -> Node:
    value = node.value if isinstance(node, Constant) else None
    if not isinstance(value, dict):
        return node
    return branch_of((name, constant_of(inner)) for name, inner in value.items())


def choice_of(options: Iterable[Node]) -> Choice:
    """Return the choice between these nodes.

    If one option is a branch, dicts of constants among the others are branches too: a script is
    told of `{"kind": "tree"}` beside `{"kind": "svm", "C": uniform(0, 9)}` in the same way.
    """
    nodes = tuple(options)
    if any(isinstance(node, Branch) for node in nodes):
        nodes = tuple(map(_as_branch, nodes))
    width = 1 + sum(node.width for node in nodes)
    return Choice(nodes, _combined(sum, nodes), width, max(node.depth for node in nodes))


def _combined(combine: Callable[[list[int]], int], nodes: Sequence[Node]) -> int | None:
    sizes = [node.size for node in nodes if node.size is not None]
    return combine(sizes) if len(sizes) == len(nodes) else None
