"""Bayesian optimisation: look where a model of the losses so far promises most."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from samplers.acquisition import Acquisition
from samplers.course import Course
from samplers.dice import bits
from samplers.kernel import Array, Groups
from samplers.one_thread import one_thread
from samplers.outcomes import standardised
from samplers.search import Search
from samplers.sobol import Sobol
from samplers.space import Configuration, Space
from samplers.surrogate import Surrogate

Units: TypeAlias = tuple[float | None, ...]

STREAM = "\0model"
"""The stream of the dice besides those of the leaves; no leaf can be called so."""

ELITE = 4
"""How many of the best configurations so far the search looks around."""

KNOWN = 0.4
"""The share of the initial points whose outcomes have to be known; the others may be pending."""

REGION = 0.2
"""How wide the box around the best one is, in which every other run stays."""


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
        surrogate: Callable[[Groups], Surrogate],
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
        self._surrogate = surrogate(self._search.groups)
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
        if self._knows_enough(len(waiting)) and any(map(math.isfinite, self._losses)):
            with one_thread():
                ranked = self._ranked(number, waiting)
            yield from ranked
        yield self._sobol.point(number)
        size = self._space.size or 0
        start = size * bits(self._seed, number, STREAM) >> 53
        for step in range(size):
            yield self._space.encode(self._space.configuration_at((start + step) % size))

    def _knows_enough(self, waiting: int) -> bool:
        told = len(self._losses)
        return told >= KNOWN * self._initial_points and told + waiting >= self._initial_points

    def _ranked(self, number: int, waiting: Sequence[Units]) -> Iterator[list[float]]:
        """Return units, the most promising first."""
        points = self._search.matrix(np.array(self._units, dtype=float))
        dice = np.random.default_rng(bits(self._seed, number, STREAM))
        model = self._surrogate(points, self._losses, int(dice.integers(2**31)), self._courses)
        if waiting:
            model = model.believing(self._search.matrix(np.array(waiting, dtype=float)))

        def score(features: Array) -> Array:
            return self._acquisition(*model.predict(features), model.best)

        losses = standardised(self._losses)
        elite = np.argsort(losses, kind="stable")[:ELITE]
        centres = np.array([self._units[place] for place in elite], dtype=float)
        # Where the model is wrong it expects much of places far away, for ever; what it knows of
        # the neighbourhood is better. So every other run is for that.
        width = REGION if number % 2 else 1.0
        ranked = self._search.ranked(score, self._sobol.cloud(number), centres, dice, width)
        return (row.tolist() for row in ranked)
