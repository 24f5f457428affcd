"""The space of a sweep: what is searched, and the ways to write down a point of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from samplers.choices import Branch, Choice, Node, branch_of, choice_of, identity
from samplers.errors import SpaceError
from samplers.integer import Integer
from samplers.number import Number
from samplers.tree import (
    Leaf,
    combination,
    decode,
    encode,
    flags,
    flatten,
    heaviest,
    leaves,
    mapped,
)
from samplers.values import canonical, parameter_name
from samplers.words import from_wire

Configuration = Mapping[str, Any]
"""A point of a space: the value of each parameter, in JSON. A branch is a dict of its values."""

MOST_LEAVES = 10_000
"""Largest number of expressions in a space."""


class Space:
    """Named expressions, in the order in which they were declared.

    Expressions may be given in their wire form. A space does not change, and equal ones compare
    equal. `leaves` are all expressions in it, those inside of branches too, depth first. `flags`
    are the options, such as ``--lr``, that its configurations may be passed as.

    Raises:
        SpaceError: an illegal name or expression, no parameters or too many, or two of them that
            would be passed to a script under one name.
    """

    __slots__ = ("_root", "flags", "leaves")

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        if not isinstance(parameters, Mapping):
            raise SpaceError(f"a space maps names to expressions; got {parameters!r}")
        if not parameters:
            raise SpaceError("the space is empty; it needs at least one parameter")
        self._root = branch_of(_entry(name, value) for name, value in parameters.items())
        if self._root.width > MOST_LEAVES:
            raise SpaceError(
                f"the space has {self._root.width:,} expressions; at most {MOST_LEAVES:,} will do"
            )
        self.flags = frozenset(flags(self._root, ""))
        self.leaves: tuple[Leaf, ...] = tuple(leaves(self._root))

    @property
    def root(self) -> Branch:
        """The tree of the space."""
        return self._root

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, as declared."""
        return tuple(name for name, _ in self._root.entries)

    @property
    def size(self) -> int | None:
        """How many configurations there are; None if infinitely many."""
        return self._root.size

    def wire(self) -> dict[str, Any]:
        """Return the wire form, `{name: [word, [argument, …]]}`."""
        return self._root.wire()

    def decode(self, units: Sequence[float | None]) -> dict[str, Any]:
        """Return the configuration at `units`.

        `units` has one number in [0, 1] for each of the `leaves`; those in branches that are not
        taken do not matter, and may be None.
        """
        configuration: dict[str, Any] = decode(self._root, units)
        return configuration

    def encode(self, configuration: Configuration) -> tuple[float | None, ...]:
        """Return units that `decode` to `configuration`: the middle of all that do.

        Raises:
            SpaceError: the space has no such configuration.
        """
        return tuple(encode(self._root, configuration))

    def configuration_at(self, index: int) -> dict[str, Any]:
        """Return configuration `index` of the `size` ones; the last parameter varies fastest.

        A choice goes through the combinations of its first option, then of its second, and so on.

        Raises:
            IndexError: there are not so many, or infinitely many.
        """
        if self.size is None or not 0 <= index < self.size:
            raise IndexError(f"configuration {index} of {self.size or 'infinitely many'}")
        configuration: dict[str, Any] = combination(self._root, index)
        return configuration

    def key(self, configuration: Configuration) -> str:
        """Return a text that is the same for the same configuration only.

        Types count: 1, 1.0 and True are different. The order of names does not.
        """
        return canonical(configuration)

    def flatten(self, configuration: Configuration) -> list[tuple[str, Any]]:
        """Return the (name, value) pairs that a script should be given, in order.

        A branch is passed as its entries, under their own names instead of the parameter's. A
        dict of constants is one value.

        Raises:
            SpaceError: the space has no such configuration.
        """
        self.encode(configuration)
        return list(flatten(self._root, "", configuration))

    def heaviest(self, weigh: Callable[[str, Any], int]) -> int:
        """Return the most that the (name, value) pairs of one configuration weigh together.

        `weigh` is asked about every pair that `flatten` may return, of every branch; a number is
        weighed at both ends of its range.
        """
        return heaviest(self._root, "", weigh)

    def distinct(self) -> "Space":
        """Return the space without repeated options."""

        def without_repeats(node: Node) -> Node:
            if not isinstance(node, Choice):
                return node
            return choice_of({identity(option): option for option in node.options}.values())

        return self._with(without_repeats)

    def rebased(self, base: float) -> "Space":
        """Return the space with powers of `base` in its `log` expressions, instead of e.

        Raises:
            SpaceError: the bounds of one are out of reach in that base.
        """
        return self._with(lambda node: node.rebased(base) if isinstance(node, Number) else node)

    def _with(self, change: Callable[[Node], Node]) -> "Space":
        return Space({name: mapped(node, change) for name, node in self._root.entries})

    def __eq__(self, other: object) -> bool:
        return self._root == other._root if isinstance(other, Space) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._root)

    def __repr__(self) -> str:
        shown = (f"{name!r}: {node!r}" for name, node in self._root.entries)
        return f"Space({{{', '.join(shown)}}})"


def _entry(name: object, value: Any) -> tuple[str, Node]:
    name = parameter_name(name)
    if isinstance(value, Choice | Number | Integer):
        return name, value
    if not _resembles_wire(value):
        raise SpaceError(
            f"{name}: {value!r} is not an expression; write choice({value!r})", parameter=name
        )
    try:
        return name, from_wire(value)
    except SpaceError as error:
        raise error.within(name, argument=error.argument, parameter=name) from None


def _resembles_wire(value: Any) -> bool:
    # Wider than a correct wire form, so that a misspelt word is reported as such.
    return isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], str)


def space_of(parameters: Space | Mapping[str, Any]) -> Space:
    """Return `parameters` as a space, if it is not one already."""
    return parameters if isinstance(parameters, Space) else Space(parameters)
