"""Sobol points: quasi-random, so that any first few of them cover the unit cube evenly.

The points are those of Joe & Kuo 2008, "Constructing Sobol sequences with better two-dimensional
projections", as SciPy has them. A digital shift makes them random (L'Ecuyer & Lemieux 2002,
"Recent advances in randomized quasi-Monte Carlo methods"): each coordinate is combined with random
bits by exclusive or. This keeps them even, and only these bits depend on the seed.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from samplers.course import Course
from samplers.dice import STEP, bits
from samplers.space import Configuration, Space

BLOCK = 1024
"""Points made at a time: a power of two, which is when they are even."""


class Sobol:
    """A sequence of points with one coordinate for each of the `streams`.

    One block of points is kept, so asking in order is cheap; asking in any order is right.
    """

    def __init__(self, streams: Sequence[str], seed: int) -> None:
        self._streams = streams
        self._seed = seed
        self._block = -1
        self._points: NDArray[np.float64]

    def point(self, number: int) -> list[float]:
        """Return point `number`: a coordinate in [0, 1) for each stream."""
        block, row = divmod(number, BLOCK)
        if block != self._block:
            self._block, self._points = block, self._shifted(block, shift=-1)
        coordinates: list[float] = self._points[row].tolist()
        return coordinates

    def cloud(self, number: int) -> NDArray[np.float64]:
        """Return cloud `number`: `BLOCK` points, one a row, different for each number."""
        return self._shifted(0, shift=-2 - number)

    def _shifted(self, block: int, shift: int) -> NDArray[np.float64]:
        # A shift has a negative address, so that no draw of the same stream shares it.
        engine = qmc.Sobol(len(self._streams), scramble=False)
        if block:  # SciPy cannot skip nothing
            engine.fast_forward(block * BLOCK)
        whole = (engine.random(BLOCK) / STEP).astype(np.int64)
        shifts = [bits(self._seed, shift, stream) for stream in self._streams]
        points: NDArray[np.float64] = (whole ^ np.array(shifts, dtype=np.int64)) * STEP
        return points


class SobolSampler:
    """Decode the points of a sequence; the rule `sobol` of random sampling."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._sobol = Sobol([leaf.stream for leaf in space.leaves], seed)

    def ask(
        self,
        number: int,
        pending: Sequence[Configuration] = (),  # noqa: ARG002 -- the protocol has it
    ) -> Configuration:
        """Return the configuration at point `number`."""
        return self._space.decode(self._sobol.point(number))

    def tell(
        self, configuration: Configuration, loss: float | None, course: Course | None = None
    ) -> None:
        """Learn nothing."""
