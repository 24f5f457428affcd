"""What the value of a key may be: functions from a node to the value, each made for one use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from sweep.formats.findings import did_you_mean
from sweep.formats.located import Node
from sweep.formats.scalars import resolve

T = TypeVar("T")
Check = Callable[[Node], T]

_BOOLEANS_ELSEWHERE = {"yes": "true", "on": "true", "no": "false", "off": "false"}


class Unfit(ValueError):
    """A value is not what is expected; the message says what was given and what was expected.

    Attributes:
        node: the value.
    """

    def __init__(self, expected: str, node: Node, hint: str = "") -> None:
        super().__init__(f"expected {expected}, got {node}{hint}")
        self.node = node


def text(node: Node) -> str:
    """Take a text that can be shown on one line.

    Raises:
        Unfit: it is something else, empty, or has control characters in it.
    """
    value = node.value
    if isinstance(value, str) and value:
        if value.isprintable():
            return value
        raise Unfit("text without control characters", node)
    raise Unfit("text", node, "; put it in quotes" if node.kind in ("boolean", "number") else "")


def flag(node: Node) -> bool:
    """Take true or false.

    Raises:
        Unfit: it is something else.
    """
    if isinstance(node.value, bool):
        return node.value
    meant = _BOOLEANS_ELSEWHERE.get(str(node.value).lower())
    raise Unfit("true or false", node, f"; write {meant}" if meant else _unquote(node, bool))


def whole(minimum: int | None = None, maximum: int | None = None) -> Check[int]:
    """Take a whole number within the bounds."""
    expected = f"a whole number{_bounds(minimum, maximum)}"

    def check(node: Node) -> int:
        value = node.value
        if isinstance(value, float) and value.is_integer():
            raise Unfit(expected, node, f"; write {int(value)}")
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unfit(expected, node, _unquote(node, int))
        if not _within(value, minimum, maximum):
            raise Unfit(expected, node)
        return value

    return check


def number(minimum: float | None = None) -> Check[float]:
    """Take a finite number that is not below `minimum`."""
    expected = f"a number{_bounds(minimum, None)}"

    def check(node: Node) -> float:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unfit(expected, node, _unquote(node, int, float))
        if not math.isfinite(value):
            raise Unfit("a finite number", node)
        if not _within(value, minimum, None):
            raise Unfit(expected, node)
        return value

    return check


def positive(node: Node) -> float:
    """Take a finite number above 0.

    Raises:
        Unfit: it is something else.
    """
    value = number()(node)
    if value <= 0:
        raise Unfit("a number > 0", node)
    return value


def one_of(words: Mapping[str, T]) -> Check[T]:
    """Take one of the `words`, in any letter case, for what it stands for."""
    by_lower = {word.lower(): meaning for word, meaning in words.items()}

    def check(node: Node) -> T:
        value = node.value
        if isinstance(value, str) and value.lower() in by_lower:
            return by_lower[value.lower()]
        hint = did_you_mean(value, words) if isinstance(value, str) else ""
        raise Unfit(listed(words), node, hint)

    return check


def mapping(example: str) -> Check[Node]:
    """Take a mapping, such as `example`."""

    def check(node: Node) -> Node:
        if not isinstance(node.value, dict):
            raise Unfit(f"a mapping such as {example}", node)
        return node

    return check


def listed(words: Iterable[str]) -> str:
    """Return the words as one reads them out.

    >>> listed(["space", "equals"])
    'space or equals'
    """
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def _bounds(minimum: float | None, maximum: float | None) -> str:
    if minimum is None:
        return ""
    return f" >= {minimum:g}" if maximum is None else f" from {minimum:g} to {maximum:g}"


def _within(value: float, minimum: float | None, maximum: float | None) -> bool:
    return (minimum is None or value >= minimum) and (maximum is None or value <= maximum)


def _unquote(node: Node, *kinds: type) -> str:
    """Return a hint where a text would be right without its quotes."""
    try:
        meant = resolve(node.value) if isinstance(node.value, str) else None
    except ValueError:
        return ""
    return "; remove the quotes" if type(meant) in kinds else ""
