"""What a model sees of a configuration: columns of numbers from 0 to 1.

A number is one column, its unit, so a model sees it on the scale on which it is drawn. A choice is
one column if its options are two, or rising or falling numbers; else it is one column per option,
as the options have no order. What a configuration does not reach is put in the middle; that it
is not reached can be told from the columns of the choice above it.
"""

from math import sqrt
from typing import Any

import numpy as np

from samplers.choices import Choice, Expression
from samplers.columns import Array, Columns
from samplers.space import Space


class Features:
    """The columns of a space."""

    def __init__(self, space: Space) -> None:
        self._leaves = [
            (place, leaf.expression)
            for place, leaf in enumerate(space.leaves)
            if _varies(leaf.expression)
        ]
        widths = [_columns(np.array([0.5]), leaf).shape[1] for _, leaf in self._leaves]
        many = np.array(widths, dtype=int)
        numbers = [not isinstance(leaf, Choice) for _, leaf in self._leaves]
        self.columns = Columns(
            np.repeat(np.arange(len(widths)), many), np.repeat(np.array(numbers, dtype=bool), many)
        )

    def matrix(self, units: Array) -> Array:
        """Return the columns (n x columns) for `units` (n x leaves; NaN where not reached)."""
        return np.hstack([_columns(units[:, place], leaf) for place, leaf in self._leaves])


def is_unordered(expression: Expression) -> bool:
    """Tell whether the values have no order that could mean anything to a model."""
    if not isinstance(expression, Choice) or len(expression.options) < 3:
        return False
    values: list[Any] = [option.wire() for option in expression.options]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return True
    return values not in (sorted(values), sorted(values, reverse=True))


def _varies(expression: Expression) -> bool:
    if isinstance(expression, Choice):
        return len(expression.options) > 1
    return expression.size != 1


def _columns(units: Array, expression: Expression) -> Array:
    if not isinstance(expression, Choice):
        return np.nan_to_num(units, nan=0.5)[:, None]
    count = len(expression.options)
    index = np.floor(units * count)[:, None]
    if is_unordered(expression):
        # Two different options are then at distance 1, as are the ends of any other column.
        return np.where(index == np.arange(count), sqrt(0.5), 0.0)
    return np.nan_to_num(index / (count - 1), nan=0.5)
