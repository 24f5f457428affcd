"""From words and wire forms to expressions.

Reading is one recursion: a choice has dicts among its options, these hold expressions, in Python
or in their wire form, and some of them are choices.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from samplers import distributions
from samplers.choices import Choice, Constant, Expression, Node, branch_of, choice_of, constant_of
from samplers.errors import SpaceError, spelled
from samplers.integer import Integer
from samplers.number import Number
from samplers.values import DEPTH, parameter_name, unwrapped

MOST_OPTIONS = 1_000_000
"""Largest number of options of a choice; `randint` and `quniform` reach further."""


class Word(NamedTuple):
    """How an expression is called."""

    make: Callable[..., Expression]
    arguments: tuple[str, ...]


_BOUNDS, _BELL = ("min", "max"), ("mu", "sigma")


def choice(*options: Any) -> Choice:
    """Return a choice between `options`, all alike.

    The options may come as arguments, as one list or as one range. Each is a value of JSON, where
    a tuple or a dict is one option. A dict may hold expressions, at any depth, as a branch of the
    space that exists only where this option is taken.

    Raises:
        SpaceError: no options, several lists, or an option that JSON cannot hold.
    """
    return _choice(options, 0)


def expression(word: str, values: Any) -> Expression:
    """Return the expression `word`, in any letter case, with the list `values` as arguments.

    >>> expression("Uniform", [0, 1])
    uniform(0, 1)

    Raises:
        SpaceError: an unknown word, or values that it does not take.
    """
    return _expression(word, values, 0)


def from_wire(wire: Any) -> Expression:
    """Return the expression with the wire form `[word, [argument, …]]`.

    Raises:
        SpaceError: `wire` is something else.
    """
    return _from_wire(wire, 0)


WORDS: dict[str, Word] = {
    "choice": Word(choice, ("option", "…")),
    "randint": Word(distributions.randint, ("upper",)),
    "uniform": Word(distributions.uniform, _BOUNDS),
    "quniform": Word(distributions.quniform, (*_BOUNDS, "q")),
    "loguniform": Word(distributions.loguniform, _BOUNDS),
    "qloguniform": Word(distributions.qloguniform, (*_BOUNDS, "q")),
    "normal": Word(distributions.normal, _BELL),
    "qnormal": Word(distributions.qnormal, (*_BELL, "q")),
    "lognormal": Word(distributions.lognormal, _BELL),
    "qlognormal": Word(distributions.qlognormal, (*_BELL, "q")),
}


def is_wire(value: Any) -> bool:
    """Tell whether `value` is the wire form of some expression, by its looks."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and isinstance(value[0], str)
        and value[0].lower() in WORDS
        and isinstance(value[1], list | tuple)
    )


def _from_wire(wire: Any, depth: int) -> Expression:
    if not isinstance(wire, list | tuple) or len(wire) != 2:
        raise SpaceError(f"an expression is written [word, [argument, …]], got {wire!r}")
    return _expression(wire[0], wire[1], depth)


def _expression(word: object, values: Any, depth: int) -> Expression:
    name = spelled("an expression", word, WORDS)
    make, arguments = WORDS[name]
    usage = f"{name} takes a list of values, [{', '.join(arguments)}]"
    if isinstance(values, str):
        raise SpaceError(f"{usage}, got the text {values!r}; write [{values!r}]")
    if not isinstance(values, list | tuple):
        raise SpaceError(f"{usage}, got {values!r}")
    if name == "choice":
        return _choice(values, depth)
    if len(values) != len(arguments):
        count = f"{len(values)} value" + "s" * (len(values) != 1)
        raise SpaceError(f"{name} takes {', '.join(arguments)}; got {count}: {values!r}")
    return make(*values)


def _choice(options: Sequence[Any], depth: int) -> Choice:
    options = _listed([unwrapped(option) for option in options])
    if not options:
        raise SpaceError("choice needs at least one option")
    if len(options) > MOST_OPTIONS:
        raise SpaceError(f"choice takes at most {MOST_OPTIONS:,} options; use randint or quniform")
    return choice_of(_option(index, option, depth) for index, option in enumerate(options))


def _listed(options: Sequence[Any]) -> Sequence[Any]:
    """Return the options of a call, which may be one list or range instead of many options."""
    if len(options) == 1 and isinstance(options[0], list | range):
        return options[0]
    for index, option in enumerate(options):
        if isinstance(option, list | range):
            raise SpaceError(
                f"choice takes options, or one list of options; {option!r} is a list among "
                "others. Put all of them in one list, or write lists as text or tuples",
                argument=index,
            )
    return options


def _option(index: int, value: Any, depth: int) -> Node:
    try:
        # Whatever looks like the wire form of an expression is just a list here.
        return _node(value, depth) if isinstance(value, Mapping) else constant_of(value)
    except SpaceError as error:
        raise error.within(f"option {index + 1}", argument=index) from None


def _node(value: Any, depth: int) -> Node:
    """Read an option that is a dict, or something inside of it."""
    if isinstance(value, Choice | Number | Integer):
        return value
    if is_wire(value):
        return _from_wire(value, depth)
    if not isinstance(value, Mapping):
        return constant_of(value)
    if depth >= DEPTH:  # a dict may even contain itself
        raise SpaceError(f"an option is nested more than {DEPTH} levels deep")
    entries = [(name, _entry(name, item, depth + 1)) for name, item in value.items()]
    if all(isinstance(node, Constant) for _, node in entries):
        return constant_of(value)
    return branch_of((parameter_name(name), node) for name, node in entries)


def _entry(name: object, value: Any, depth: int) -> Node:
    try:
        return _node(value, depth)
    except SpaceError as error:
        raise error.within(str(name)) from None
