"""Where good configurations lie: a density for each coordinate, as Parzen estimated them.

Bergstra, Bardenet, Bengio & Kégl 2011, "Algorithms for hyper-parameter optimization", section 4.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from samplers.choices import Choice
from samplers.columns import Array
from samplers.law import EDGE
from samplers.tree import Leaf

NARROWEST = 100
"""No bump is narrower than one part in so many."""


def neighbours(
    leaves: Sequence[Leaf], units: Array, count: int, dice: np.random.Generator
) -> Array:
    """Return `count` units that are distributed as `units` (n x leaves; NaN: not reached) are.

    Each coordinate is drawn by itself: an option as often as it is there, a number from a normal
    law around one of those that are there, as wide as the gap to the farther of the next ones.
    One more option, or number, is drawn from all.
    """
    columns = [
        _options(column, len(leaf.expression.options), count, dice)
        if isinstance(leaf.expression, Choice)
        else _numbers(column, count, dice)
        for leaf, column in zip(
            leaves, (column[~np.isnan(column)] for column in units.T), strict=True
        )
    ]
    return np.column_stack(columns)


def _options(column: Array, options: int, count: int, dice: np.random.Generator) -> Array:
    there = np.bincount(np.minimum((column * options).astype(int), options - 1), minlength=options)
    drawn = dice.choice(options, count, p=(there + 1 / options) / (len(column) + 1))
    found: Array = (drawn + 0.5) / options
    return found


def _numbers(column: Array, count: int, dice: np.random.Generator) -> Array:
    middles = np.sort(np.append(column, 0.5))
    ends = np.concatenate([[0.0], middles, [1.0]])
    widths = np.maximum(middles - ends[:-2], ends[2:] - middles)
    widths = np.clip(widths, 1 / min(NARROWEST, len(column) + 2), 1)
    widths[np.argmax(middles == 0.5)] = 1
    which = dice.integers(len(middles), size=count)
    middle, width = middles[which], widths[which]
    low, high = ndtr(-middle / width), ndtr((1 - middle) / width)
    found: Array = middle + width * ndtri(low + dice.random(count) * (high - low))
    return np.clip(found, 0, 1 - EDGE)
