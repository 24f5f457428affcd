"""Walks over the tree of a space.

A configuration of a node is the value it takes: a plain value, or a dict for a branch. Its units
are its coordinates in the unit interval, one for each leaf below the node, in the order of
`leaves`; those in options that are not taken play no part.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from samplers.choices import Branch, Choice, Constant, Expression, Node, branch_of, choice_of
from samplers.errors import SpaceError
from samplers.values import canonical, plain


class Leaf(NamedTuple):
    """An expression and its address: names, and after a choice the index of the option."""

    path: tuple[str | int, ...]
    expression: Expression

    @property
    def stream(self) -> str:
        """The path as text, different for each leaf of a space; NUL is in no name."""
        return "\0".join(map(str, self.path))


def leaves(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[Leaf]:
    """Yield the leaves depth first, a choice before what is in its options."""
    match node:
        case Branch():
            for name, child in node.entries:
                yield from leaves(child, (*path, name))
        case Choice():
            yield Leaf(path, node)
            for index, option in enumerate(node.options):
                yield from leaves(option, (*path, index))
        case Constant():
            pass
        case _:
            yield Leaf(path, node)


def decode(node: Node, units: Sequence[Any], start: int = 0) -> Any:
    """Return the configuration at `units[start:]`."""
    match node:
        case Constant():
            return node.value
        case Branch():
            configuration = {}
            for name, child in node.entries:
                configuration[name] = decode(child, units, start)
                start += child.width
            return configuration
        case Choice():
            index = node.index(units[start])
            start += 1 + sum(option.width for option in node.options[:index])
            return decode(node.options[index], units, start)
        case _:
            return node.quantile(units[start])


def encode(node: Node, value: Any) -> list[float | None]:
    """Return the units of the configuration `value`, None for the leaves it does not reach.

    Raises:
        SpaceError: the node has no such configuration.
    """
    match node:
        case Constant():
            if canonical(plain(value)) != node.key:
                raise SpaceError(f"{value!r} is not {node.value!r}")
            return []
        case Branch():
            return _encode_branch(node, value)
        case Choice():
            return taken(node, value)[1]
        case _:
            return [_middle(node.cell(value))]


def taken(choice: Choice, value: Any) -> tuple[Node, list[float | None]]:
    """Return the option that has the configuration `value`, and the units of the whole choice.

    Raises:
        SpaceError: no option has.
    """
    key = canonical(plain(value))
    before = 0
    for index, option in enumerate(choice.options):
        if (inner := _units(option, value, key)) is not None:
            after = choice.width - 1 - before - option.width
            unit = _middle(choice.bounds(index))
            return option, [unit, *[None] * before, *inner, *[None] * after]
        before += option.width
    raise SpaceError(f"{value!r} is not an option of {choice!r}")


def combination(node: Node, number: int) -> Any:
    """Return configuration `number` of a finite node; the last entry of a branch varies fastest.

    A choice goes through the configurations of its first option, then of its second, and so on.
    """
    match node:
        case Constant():
            return node.value
        case Branch():
            digits = {}
            for name, child in reversed(node.entries):
                number, digits[name] = divmod(number, finite(child))
            return {name: combination(child, digits[name]) for name, child in node.entries}
        case Choice() if node.size == len(node.options):  # of one configuration each
            return combination(node.options[number], 0)
        case Choice():
            options = iter(node.options)
            while number >= (size := finite(option := next(options))):
                number -= size
            return combination(option, number)
        case _:
            return node.value_at(number)


def finite(node: Node) -> int:
    """Return the size of a node that is known to be finite."""
    assert node.size is not None, f"{node!r} is infinite"
    return node.size


def flags(node: Node, name: str) -> set[str]:
    """Return the command line arguments that a parameter `name` with this node may turn into.

    Raises:
        SpaceError: two of them would be given at the same time under one name.
    """
    match node:
        case Branch():
            givers: dict[str, str] = {}
            for child_name, child in node.entries:
                for flag in sorted(flags(child, child_name)):
                    if flag in givers:
                        raise SpaceError(
                            f"{givers[flag]!r} and {child_name!r} would both be passed as {flag}",
                            parameter=child_name,
                        )
                    givers[flag] = child_name
            return set(givers)
        case Choice():
            return set().union(*(flags(option, name) for option in node.options))
        case _:
            return {name if name.startswith("-") else f"--{name}"}


def flatten(node: Node, name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the (name, value) pairs to pass on for a parameter `name` with this node.

    A branch is passed as its entries, under their own names; a dict of constants as it is.
    """
    match node:
        case Branch():
            for child_name, child in node.entries:
                yield from flatten(child, child_name, value[child_name])
        case Choice():
            yield from flatten(taken(node, value)[0], name, value)
        case _:
            yield name, value


def heaviest(node: Node, name: str, weigh: Callable[[str, Any], int]) -> int:
    """Return the most that the pairs of `flatten` weigh together in any configuration.

    A number is weighed at both ends of its range.
    """
    match node:
        case Branch():
            return sum(heaviest(child, child_name, weigh) for child_name, child in node.entries)
        case Choice():
            return max(heaviest(option, name, weigh) for option in node.options)
        case Constant():
            return weigh(name, node.value)
        case _:
            return max(weigh(name, node.quantile(u)) for u in (0.0, 1.0))


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """Return the tree with every node replaced by its `change`, from the leaves to the root."""
    match node:
        case Branch():
            node = branch_of((name, mapped(child, change)) for name, child in node.entries)
        case Choice():
            node = choice_of(mapped(option, change) for option in node.options)
        case _:
            pass
    return change(node)


def _encode_branch(branch: Branch, value: Any) -> list[float | None]:
    names = [name for name, _ in branch.entries]
    if not isinstance(value, Mapping) or set(value) != set(names):
        raise SpaceError(f"{value!r} is not a dict with the names {', '.join(names)}")
    units: list[float | None] = []
    name = ""
    try:
        for name, child in branch.entries:
            units += encode(child, value[name])
    except SpaceError as error:
        raise error.within(name, parameter=name) from None
    return units


def _units(option: Node, value: Any, key: str) -> list[float | None] | None:
    if isinstance(option, Constant):
        return [] if option.key == key else None
    try:
        return encode(option, value)
    except SpaceError:
        return None


def _middle(cell: tuple[float, float]) -> float:
    return cell[0] + (cell[1] - cell[0]) / 2
