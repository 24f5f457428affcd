"""From any units to those of configurations, for many at a time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samplers.choices import Choice, Expression
from samplers.integer import Integer
from samplers.law import EDGE
from samplers.number import Number, multiple
from samplers.space import Space
from samplers.tree import Leaf

Array = NDArray[np.float64]

MOST_CELLS = 16384
"""Up to this many values have cells; more are as good as a continuum."""


class Snapping:
    """Move units to the middles of the cells they lie in; NaN where a leaf is not reached.

    A model should see what will be run: 2.9 is no better than 3.1 if both become 3.
    """

    def __init__(self, space: Space) -> None:
        self._cells = [_cells(leaf.expression) for leaf in space.leaves]
        self._above = conditions(space.leaves)
        self.values = np.array(
            [np.inf if cells is None else len(cells[1]) for cells in self._cells]
        )
        """How many values each leaf has; infinity for a continuum."""

    def __call__(self, units: Array) -> Array:
        """Return the snapped `units` (n x leaves)."""
        snapped = units.copy()
        for place, cells in enumerate(self._cells):
            if cells is not None:
                edges, middles = cells
                column = np.nan_to_num(snapped[:, place], nan=0.5)
                snapped[:, place] = middles[np.searchsorted(edges, column, side="right")]
            for choice, index, count in self._above[place]:
                # The choice comes before what is in it, so its own column is right by now.
                taken = np.floor(snapped[:, choice] * count) == index
                snapped[~taken, place] = np.nan
        return snapped


def _cells(expression: Expression) -> tuple[Array, Array] | None:
    """Return the inner edges and the middles of the cells; None for a continuum."""
    if isinstance(expression, Choice):
        bounds = [expression.bounds(index) for index in range(len(expression.options))]
    else:
        values = _values(expression)
        if values is None:
            return None
        bounds = [expression.cell(value) for value in values]
    edges = np.array([high for _, high in bounds[:-1]], dtype=float)
    middles = np.array([low + (high - low) / 2 for low, high in bounds], dtype=float)
    return edges, middles


def _values(expression: Number | Integer) -> Sequence[int | float] | None:
    if isinstance(expression, Integer):
        return range(expression.upper) if expression.upper <= MOST_CELLS else None
    if expression.size is not None:
        few = expression.size <= MOST_CELLS
        return [expression.value_at(i) for i in range(expression.size)] if few else None
    if expression.q is None:
        return None
    # Without ends: what a draw can come to at all.
    low, high = (round(expression.quantile(u) / expression.q) for u in (0.0, 1 - EDGE))
    if high - low >= MOST_CELLS:
        return None
    return [multiple(step, expression.q) for step in range(low, high + 1)]


def conditions(leaves: Sequence[Leaf]) -> list[list[tuple[int, int, int]]]:
    """Return for each leaf the choices above it: their place, the option, and how many it has."""
    found: list[list[tuple[int, int, int]]] = []
    for leaf in leaves:
        above = []
        for place, other in enumerate(leaves):
            depth = len(other.path)
            expression = other.expression
            inside = len(leaf.path) > depth and leaf.path[:depth] == other.path
            if inside and isinstance(expression, Choice):
                above.append((place, int(leaf.path[depth]), len(expression.options)))
        found.append(above)
    return found
