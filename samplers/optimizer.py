"""Bayesian optimisation: look where a model of the losses so far promises most."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from samplers.acquisition import Acquisition
from samplers.columns import Array, Columns
from samplers.course import Course
from samplers.dice import bits
from samplers.one_thread import one_thread
from samplers.outcomes import standardised
from samplers.parzen import neighbours
from samplers.search import Score, Search
from samplers.sobol import Sobol
from samplers.space import Configuration, Space
from samplers.surrogate import Surrogate

Units: TypeAlias = tuple[float | None, ...]

STREAM = "\0model"
"""The stream of the dice besides those of the leaves; no leaf can be called so."""

ELITE = 4
"""How many of the best configurations so far the search looks around."""

APART = 1.0
"""How far from any other a configuration is in some coordinate, in ranges by the others' count."""

CROWDED = 3
"""With fewer numbers than this such boxes would fill the space, so they are smaller."""

GOOD, MOST_GOOD = 0.15, 25
"""The share of the configurations that are good ones, and the most of them."""

NEIGHBOURS = 64
"""How many are drawn like the good ones; of more the model would take the same ones again."""


class BayesianSampler:
    """Propose by model once enough outcomes are known; until then, quasi-random points.

    An answer depends on the seed, on the arguments and on what was told, in order, and on
    nothing else. No configuration is proposed twice, unless there is no other and no end of them.

    A pending run counts as if it had the loss that the model expects of it (the kriging believer:
    Ginsbourger, Le Riche & Carraro 2010, "Kriging is well-suited to parallelize optimization").
    That leaves no uncertainty around it, so the next proposal goes elsewhere; and unlike a
    constant in its place, it does not bend the model where many runs are pending, near the best.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        initial_points: int,
        surrogate: Callable[[Columns], Surrogate],
        acquisition: Acquisition,
        allows: Callable[[Configuration], bool] | None = None,
    ) -> None:
        self._space = space
        self._seed = seed
        self._initial_points = initial_points
        self._acquisition = acquisition
        self._allows = allows
        self._sobol = Sobol([leaf.stream for leaf in space.leaves], seed)
        self._search = Search(space)
        self._surrogate = surrogate(self._search.columns)
        self._units: list[Units] = []
        self._losses: list[float] = []
        self._courses: list[Course | None] = []
        self._told: set[str] = set()

    def ask(self, number: int, pending: Sequence[Configuration] = ()) -> Configuration | None:
        """Return the configuration of run `number`, or None when all were proposed."""
        waiting = [self._space.encode(configuration) for configuration in pending]
        seen = self._told.union(self._key(units) for units in waiting)
        size = self._space.size
        if size is not None and len(seen) >= size:
            return None
        for units in self._proposals(number, waiting):
            configuration = self._space.decode(units)
            if self._space.key(configuration) in seen:
                continue
            if self._allows is None or self._allows(configuration):
                return configuration
        return None if size is not None else self._space.decode(self._sobol.point(number))

    def tell(
        self, configuration: Configuration, loss: float | None, course: Course | None = None
    ) -> None:
        """Learn the outcome of one run."""
        units = self._space.encode(configuration)
        self._told.add(self._key(units))
        if loss is not None:
            self._units.append(units)
            self._losses.append(loss)
            self._courses.append(course)

    def _key(self, units: Sequence[float | None]) -> str:
        # By way of the units, a number is the same whether somebody wrote 4 or 4.0.
        return self._space.key(self._space.decode(units))

    def _proposals(
        self, number: int, waiting: Sequence[Units]
    ) -> Iterator[Sequence[float | None]]:
        """Yield units, the most wanted first; in a finite space, all of them in the end."""
        enough = len(self._losses) >= self._initial_points
        if enough and any(map(math.isfinite, self._losses)):
            for ranked in (self._like_the_good, self._anywhere):
                with one_thread():
                    found = ranked(number, waiting)
                yield from (units.tolist() for units in found)
        yield self._sobol.point(number)
        size = self._space.size or 0
        start = size * bits(self._seed, number, STREAM) >> 53
        for step in range(size):
            yield self._space.encode(self._space.configuration_at((start + step) % size))

    def _like_the_good(self, number: int, waiting: Sequence[Units]) -> Iterator[Array]:
        """Return units for every other run, the most promising first.

        Where the model is wrong it expects much of the same places, for ever. So every other run
        is one that is like the good ones, and the model has but a word in it. Where all are
        looked at anyway there are none.
        """
        if number % 2 == 0 or self._search.is_small:
            return iter(())
        order, units = self._best_first()
        good = units[order[: min(MOST_GOOD, max(2, math.ceil(GOOD * len(order))))]]
        dice = self._dice(number)
        cloud = neighbours(self._space.leaves, good, NEIGHBOURS, dice)
        return self._search.best_of(self._score(dice, waiting, drawn=False), cloud)

    def _anywhere(self, number: int, waiting: Sequence[Units]) -> Iterator[Array]:
        """Return units, the most promising first, by a model that is not quite the same twice."""
        order, units = self._best_first()
        dice = self._dice(number)
        score = self._score(dice, waiting, drawn=True)
        return self._search.ranked(score, self._sobol.cloud(number), units[order[:ELITE]], dice)

    def _dice(self, number: int) -> np.random.Generator:
        return np.random.default_rng(bits(self._seed, number, STREAM))

    def _best_first(self) -> tuple[NDArray[np.intp], Array]:
        """Return the order of what was told, the best first, and the units of it."""
        order = np.argsort(standardised(self._losses), kind="stable")
        return order, np.array(self._units, dtype=float)

    def _score(self, dice: np.random.Generator, waiting: Sequence[Units], *, drawn: bool) -> Score:
        """Return what a model says of how promising features are."""
        units = np.array([*self._units, *waiting], dtype=float)
        there, told = self._search.matrix(units), len(self._units)
        seed = int(dice.integers(2**31))
        model = self._surrogate(there[:told], self._losses, seed, self._courses, drawn=drawn)
        if waiting:
            model = model.believing(there[told:])
        # What is right beside a known one would come to the same: where a loss has steps, a model
        # that is sure of the best one would go on there.
        tree, apart = KDTree(there), np.append(self._apart(units), 0.0)

        def score(features: Array) -> Array:
            found = self._acquisition(*model.predict(features), model.best)
            gaps, nearest = tree.query(features, p=np.inf, distance_upper_bound=apart.max())
            return np.where(gaps < apart[nearest], -np.inf, found)

        return score

    def _apart(self, units: Array) -> Array:
        """Return how far others are from each of the `units` (n x leaves), in some coordinate."""
        count = len(units)
        # What has no more values than there are runs is like a choice: others share each of them.
        numbers = np.sum((self._search.values > count) & ~np.isnan(units), axis=1)
        found: Array = (APART / count) ** np.maximum(1, CROWDED / np.maximum(numbers, 1))
        return found
