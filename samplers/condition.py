"""Conditions on configurations: parts of one, with values, lists and ranges.

`{"--optimizer": "sgd", "--lr": {"above": 0.1}}` is met by a configuration in which all of it
holds. Of a number a list is a range, both ends included; of a choice it is several options.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from samplers.choices import Branch, Choice, Constant, Node, branch_of, constant_of
from samplers.errors import Misplaced, nearest
from samplers.partial import (
    Where,
    entries_by_name,
    is_constant,
    number_in,
    wrong_option,
)
from samplers.tree import decode
from samplers.values import canonical, is_number, unwrapped

Test = Callable[[Any], bool]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
}
WORDS = (*COMPARISONS, "not")
"""What a condition on one parameter may say besides values and lists."""


def condition(node: Node, said: Any, where: Where = ()) -> Test:
    """Return the test of a configuration of `node` for what is said.

    Raises:
        Misplaced: it says something that no configuration can meet, or nothing.
    """
    match node:
        case Branch():
            return _of_branch(node, said, where)
        case Choice():
            return _of_choice(node, said, where)
        case Constant():
            if not is_constant(node, said):
                raise Misplaced(f"{said!r} is not {node.value!r}", where)
            return lambda value: canonical(value) == node.key
        case _:
            return _of_number(node, said, where)


def _of_branch(branch: Branch, said: Any, where: Where) -> Test:
    nodes = dict(branch.entries)
    own = entries_by_name(branch, said, where)
    if not own and branch.entries:
        raise Misplaced("an empty condition would hold for every configuration", where)
    tests = [
        (name, condition(nodes[name], value, (*where, key))) for name, (key, value) in own.items()
    ]

    def holds(value: Any) -> bool:
        if not isinstance(value, Mapping):
            return False
        return all(name in value and test(value[name]) for name, test in tests)

    return holds


def _of_choice(choice: Choice, said: Any, where: Where) -> Test:
    said = unwrapped(said)
    try:
        return _of_option(choice, said, where)
    except Misplaced:
        if isinstance(said, list | tuple) and said:
            tests = [_of_choice(choice, one, (*where, i)) for i, one in enumerate(said)]
            return lambda value: any(test(value) for test in tests)
        if not isinstance(said, Mapping) or not _has_words(choice, said):
            raise
    test = _of_words(choice, said, where)
    for option in choice.options:  # a part of a branch is no number, so it is tried as it is
        if isinstance(option, Branch) or test(decode(option, [])):
            return test
    raise Misplaced(f"holds for no option of {choice}", where)


def _of_option(choice: Choice, said: Any, where: Where) -> Test:
    """Return the test for one option, or for a part of one."""
    part = isinstance(said, Mapping)
    tests: list[Test] = []
    errors: list[Misplaced] = []
    for option in choice.options:
        try:
            parts = _parts(option) if part and said else option
            tests.append(condition(parts, said, where))
        except Misplaced as error:  # noqa: PERF203 -- one option or another
            errors += [error] if isinstance(option, Branch) else []
    if tests:
        return lambda value: any(test(value) for test in tests)
    raise wrong_option(choice, said, errors, where)


def _of_number(node: Any, said: Any, where: Where) -> Test:
    said = unwrapped(said)
    low, high = node.quantile(0.0), node.quantile(1.0)
    if isinstance(said, list | tuple):
        if len(said) != 2 or not all(map(is_number, said)) or not said[0] <= said[1]:
            raise Misplaced(f"expected a number or a range [from, to], got {said!r}", where)
        said = {"at_least": said[0], "at_most": said[1]}
    if not isinstance(said, Mapping):
        number = number_in(node, said, where)
        return lambda value: bool(value == number)
    test = _of_words(node, said, where)
    # Between its ends a number takes values on either side of each bound, if at all.
    bounds = [v for word, v in said.items() if word in COMPARISONS]
    if bounds and not any(test(value) for value in (low, high, *_between(low, high, bounds))):
        raise Misplaced(f"holds for no value of {node}, from {low:.6g} to {high:.6g}", where)
    return test


def _of_words(node: Node, said: Mapping[str, Any], where: Where) -> Test:
    tests: list[Test] = []
    for word, bound in said.items():
        at = (*where, str(word))
        if word == "not":
            tests.append(_negated(condition(node, bound, at)))
        elif word not in COMPARISONS:
            near = nearest(str(word), WORDS)
            hint = f"did you mean {near!r}?" if near else f"the words here are {', '.join(WORDS)}"
            raise Misplaced(f"unknown key; {hint}", at, name=True)
        elif not is_number(unwrapped(bound)):
            raise Misplaced(f"expected a number, got {bound!r}", at)
        else:
            tests.append(_compared(COMPARISONS[word], unwrapped(bound)))
    if not tests:
        raise Misplaced(f"expected {', '.join(WORDS)}, got an empty mapping", where)
    return lambda value: all(test(value) for test in tests)


def _compared(holds: Callable[[Any, Any], bool], bound: float) -> Test:
    return lambda value: is_number(value) and holds(value, bound)


def _negated(test: Test) -> Test:
    return lambda value: not test(value)


def _between(low: float, high: float, bounds: list[float]) -> list[float]:
    """Return values on and between bounds, as far as they are between `low` and `high`."""
    edges = sorted(bound for bound in bounds if low <= bound <= high)
    middles = [(a + b) / 2 for a, b in zip([low, *edges], [*edges, high], strict=True)]
    return [*edges, *middles]


def _has_words(choice: Choice, said: Mapping[Any, Any]) -> bool:
    """Tell whether a mapping is meant as words, and not as a part of an option."""
    parts = any(isinstance(_parts(option), Branch) for option in choice.options)
    return not parts or any(word in WORDS for word in said)


def _parts(option: Node) -> Node:
    """Return an option by its names: a dict of constants is named in part as a branch is."""
    if isinstance(option, Constant) and isinstance(option.value, dict):
        return branch_of((name, constant_of(one)) for name, one in option.value.items())
    return option
