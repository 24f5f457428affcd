"""The search for the most promising configurations, given a score of their features."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from samplers.columns import Array, Columns
from samplers.features import Features, is_unordered
from samplers.snapping import Snapping
from samplers.space import Space

Score: TypeAlias = Callable[[Array], Array]
"""From features (n x columns) to scores (n), higher for better."""

SMALL = 2048
"""Up to this many configurations, simply all of them are scored."""

SPREADS = (0.2, 0.05, 0.0125, 0.003)
"""How far each round of local search goes: the standard deviation of a step in the unit cube."""

CENTRES = 8
"""How many of the best points so far a round starts from."""

STEPS = 24
"""How many steps it takes from each."""

MOVED, REDRAWN = 0.5, 0.2
"""How likely a step is to change a coordinate, and an option that has no neighbours."""


class Search:
    """Where the scores of a space are high."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._features = Features(space)
        self._snapping = Snapping(space)
        self._unordered = np.array([is_unordered(leaf.expression) for leaf in space.leaves])
        self._all: Array | None = None

    @property
    def columns(self) -> Columns:
        """What the features are."""
        return self._features.columns

    @property
    def is_small(self) -> bool:
        """Whether there are so few configurations that `ranked` looks everywhere."""
        return self._space.size is not None and self._space.size <= SMALL

    @property
    def values(self) -> Array:
        """How many values each leaf has that can be told apart; infinity for a continuum."""
        return self._snapping.values

    def matrix(self, units: Array) -> Array:
        """Return the features (n x columns) of `units` (n x leaves)."""
        return self._features.matrix(units)

    def ranked(
        self,
        score: Score,
        cloud: Array,
        centres: Array,
        dice: np.random.Generator,
    ) -> Iterator[Array]:
        """Return units, the most promising first.

        Unless the space is small enough to look everywhere, these are the `cloud` (n x leaves)
        and what a local search finds around its best points and around the `centres`.
        """
        if self.is_small:
            units = self._everything()
            scores = score(self.matrix(units))
        else:
            units = self._snapping(cloud)
            scores = score(self.matrix(units))
            for spread in SPREADS:
                starts = np.vstack([units[_best_first(scores)[:CENTRES]], centres])
                near = self._snapping(self._steps(starts, spread, dice))
                units = np.vstack([units, near])
                scores = np.concatenate([scores, score(self.matrix(near))])
        return iter(units[_best_first(scores)])

    def best_of(self, score: Score, cloud: Array) -> Iterator[Array]:
        """Return the units of the `cloud` (n x leaves), the most promising first."""
        units = self._snapping(cloud)
        return iter(units[_best_first(score(self.matrix(units)))])

    def _everything(self) -> Array:
        if self._all is None:
            size = self._space.size or 0
            every = (self._space.configuration_at(index) for index in range(size))
            self._all = np.array([self._space.encode(one) for one in every], dtype=float)
        return self._all

    def _steps(self, starts: Array, spread: float, dice: np.random.Generator) -> Array:
        near = np.repeat(starts, STEPS, axis=0)
        draws = dice.random(near.shape)
        moved = np.abs(near + spread * dice.standard_normal(near.shape))
        moved = np.clip(1 - np.abs(1 - moved), 0, 1)  # reflected at 0 and 1
        target = np.where(self._unordered | np.isnan(near), draws, moved)
        likely = np.where(self._unordered, REDRAWN, MOVED)
        changed = (dice.random(near.shape) < likely) | np.isnan(near)
        return np.where(changed, target, near)


def _best_first(scores: Array) -> NDArray[np.intp]:
    return np.argsort(-scores, kind="stable")
