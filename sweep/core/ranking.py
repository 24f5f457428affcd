"""Runs in the order of their best value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeVar

from policies import Goal

Item = TypeVar("Item")


def ranked(
    items: Iterable[Item],
    value: Callable[[Item], float | None],
    goal: Goal,
    *,
    reverse: bool = False,
    discard_no_metric: bool = False,
) -> list[Item]:
    """Return items with the best value first; those without a finite value come last.

    Equal ones keep their order, also when `reverse` puts the worst first; those without a value
    stay last then too.
    """
    with_value: list[tuple[float, Item]] = []
    without: list[Item] = []
    for item in items:
        number = value(item)
        if number is None or not math.isfinite(number):
            without.append(item)
        else:
            with_value.append((goal.score(number), item))
    with_value.sort(key=lambda pair: pair[0] if reverse else -pair[0])
    return [item for _, item in with_value] + ([] if discard_no_metric else without)
