"""Configurations of which a part is given, such as points that are to be tried first."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from samplers.choices import Branch, Choice, Constant, Node
from samplers.errors import Misplaced, SpaceError, nearest, unknown
from samplers.number import Number, multiple
from samplers.tree import decode, taken
from samplers.values import canonical, plain, unwrapped

Where = tuple[str | int, ...]
"""A place in what a user has given: names, and indices of lists."""


def completed(
    node: Node, given: Any, units: Sequence[Any], start: int = 0, where: Where = ()
) -> Any:
    """Return the configuration with all that is `given`, and the rest at `units[start:]`.

    Of a branch some of the names may be given, of a choice an option or a part of one.

    Raises:
        Misplaced: the node has no such configuration.
    """
    match node:
        case Branch():
            own = entries_by_name(node, given, where)
            found = {}
            for name, child in node.entries:
                if name in own:
                    key, value = own[name]
                    found[name] = completed(child, value, units, start, (*where, key))
                else:
                    found[name] = decode(child, units, start)
                start += child.width
            return found
        case Choice():
            return _option(node, given, units, start, where)
        case Constant():
            if not is_constant(node, given):
                raise Misplaced(f"{given!r} is not {node.value!r}", where)
            return node.value
        case _:
            return number_in(node, given, where)


class _Anywhere(Sequence[float]):
    """Units for configurations of which nobody looks at what is drawn; tells whether any is."""

    def __init__(self) -> None:
        self.asked = False

    def __getitem__(self, index: Any) -> Any:
        self.asked = True
        return 0.0

    def __len__(self) -> int:
        raise NotImplementedError("there is no end of them")


def is_whole(node: Node, given: Any) -> bool:
    """Tell whether nothing is left open in what is given of a configuration.

    Raises:
        Misplaced: the node has no such configuration.
    """
    units = _Anywhere()
    completed(node, given, units)
    return not units.asked


def number_in(node: Any, given: Any, where: Where) -> int | float:
    """Return a number as its expression would draw it.

    Raises:
        Misplaced: it never would.
    """
    try:
        node.cell(given)
    except SpaceError:
        low, high = node.quantile(0.0), node.quantile(1.0)
        message = f"{given!r} is not a value of {node}, which goes from {low:.6g} to {high:.6g}"
        raise Misplaced(message, where) from None
    value = unwrapped(given)
    if node.size == 1:
        return node.quantile(0.5)  # type: ignore[no-any-return]
    if isinstance(node, Number):
        return float(value) if node.q is None else multiple(round(value / node.q), node.q)
    return int(value)


def is_constant(node: Constant, given: Any) -> bool:
    """Tell whether what is given is the value of a constant: 1, 1.0 and True are three."""
    return canonical(plain(given)) == node.key


def entries_by_name(branch: Branch, given: Any, where: Where) -> dict[str, tuple[str, Any]]:
    """Return what is given of each entry of a branch, by its name, and how it was called.

    Dashes in front do not matter: `lr` is `--lr`.

    Raises:
        Misplaced: it is no mapping, or has names in it that the branch has not.
    """
    names = [name for name, _ in branch.entries]
    if not isinstance(given, Mapping):
        raise Misplaced(f"expected a mapping from {', '.join(names)}, got {given!r}", where)
    bare = {_bare(name): name for name in names}
    found: dict[str, tuple[str, Any]] = {}
    for key, value in given.items():
        name = key if key in names else bare.get(_bare(key))
        if name is None:
            raise Misplaced(unknown("a parameter", key, names), (*where, str(key)), name=True)
        if name in found:
            message = f"{found[name][0]!r} and {key!r} are the same"
            raise Misplaced(message, (*where, str(key)), name=True)
        found[name] = str(key), value
    return found


def wrong_option(
    choice: Choice, given: Any, errors: Sequence[Misplaced], where: Where
) -> Misplaced:
    """Return what is wrong with something that no option of a choice takes.

    Args:
        choice: the choice.
        given: what none takes.
        errors: why the branches among the options do not.
        where: the place of the choice.
    """
    deeper = [error for error in errors if len(error.where) > len(where)]
    if deeper and isinstance(given, Mapping):  # a value is nearer to what is meant than a name
        return next((error for error in deeper if not error.name), deeper[0])
    options = [option.value for option in choice.options if isinstance(option, Constant)]
    texts = {str(option): option for option in options}
    near = nearest(str(given), texts)
    hint = f"; did you mean {texts[near]!r}?" if near is not None else ""
    return Misplaced(f"{given!r} is not an option of {choice}{hint}", where)


def _option(choice: Choice, given: Any, units: Sequence[Any], start: int, where: Where) -> Any:
    start += 1
    with suppress(SpaceError):  # a whole one is that, even if it is a part of another
        option, _ = taken(choice, given)
        before = choice.options[: [one is option for one in choice.options].index(True)]
        start += sum(one.width for one in before)
        return completed(option, given, units, start, where)
    errors: list[Misplaced] = []
    for option in choice.options:
        try:  # without the units first: what does not fit may not have asked for them
            completed(option, given, _Anywhere(), start, where)
        except Misplaced as error:  # noqa: PERF203 -- one option or another
            errors += [error] if isinstance(option, Branch) else []
            start += option.width
        else:
            return completed(option, given, units, start, where)
    if len(errors) == 1 and isinstance(given, Mapping):
        raise errors[0]
    raise wrong_option(choice, given, errors, where)


def _bare(name: object) -> str:
    return str(name).lstrip("-").replace("-", "_")
