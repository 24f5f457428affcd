"""Which scales of a process are likely: few losses leave many of them so."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from samplers.columns import Array, Columns
from samplers.likelihood import Data, data_of, likeliest
from samplers.scales import Scales

STEP = 0.1
"""How far apart two gradients are taken for a curvature."""

WIDEST = 1.5
"""The largest deviation of a logarithm; where the losses tell nothing the prior's is about so."""


@dataclass(frozen=True)
class Posterior:
    """The likeliest scales and a normal law around them (Laplace's approximation).

    Attributes:
        data: what the likelihood depends on.
        place: where the likeliest scales are, as its prior takes it.
    """

    data: Data
    place: Array

    def likeliest(self) -> Scales:
        """Return the likeliest scales."""
        return self.data.prior.scales(self.place)

    def drawn(self, seed: int) -> Scales:
        """Return scales drawn at random; the bends are the likeliest all the same."""
        step = self._root @ np.random.default_rng(seed).standard_normal(len(self._root))
        prior, place = self.data.prior, self.place.copy()
        place[: len(step)] += step
        return prior.scales(prior.within(place))

    @cached_property
    def _root(self) -> Array:
        """A root of the inverse of the curvature: what standard normal numbers go through."""
        free, (_, slope) = self.data.prior.straight, self.data.objective(self.place)
        steps = self.place + STEP * np.eye(free, len(self.place))
        curvature = np.array([self.data.objective(step)[1] - slope for step in steps])
        curvature = curvature[:, :free] / STEP
        values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
        found: Array = vectors / np.sqrt(np.maximum(values, WIDEST**-2))
        return found


def posterior(points: Array, losses: Array, columns: Columns) -> Posterior:
    """Return which scales are likely for `losses` (n) at `points` (n x d).

    Columns of the same parameter share a length scale.
    """
    data = data_of(points, losses, columns)
    return Posterior(data, likeliest(data))
