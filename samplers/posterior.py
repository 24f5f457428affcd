"""Which scales of a process are likely: few losses leave many of them so."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from samplers.kernel import Array, Groups
from samplers.likelihood import Data, Scales, bounds, data_of, likeliest, scales_at

STEP = 0.1
"""How far apart two gradients are taken for a curvature."""

WIDEST = 1.5
"""The largest deviation of a logarithm; where the losses tell nothing the prior's is about so."""


@dataclass(frozen=True)
class Posterior:
    """The likeliest scales and a normal law around them (Laplace's approximation).

    Attributes:
        groups: the parameter, numbered from 0, that each column belongs to.
        data: what the likelihood depends on.
        place: where the likeliest scales are, as `scales_at` takes it.
    """

    groups: Groups
    data: Data
    place: Array

    def likeliest(self) -> Scales:
        """Return the likeliest scales."""
        return scales_at(self.place, self.groups)

    def drawn(self, seed: int) -> Scales:
        """Return scales drawn at random."""
        normal = np.random.default_rng(seed).standard_normal(len(self.place))
        low, high = bounds(int(self.groups.max()) + 1).T
        return scales_at(np.clip(self.place + self._root @ normal, low, high), self.groups)

    @cached_property
    def _root(self) -> Array:
        """A root of the inverse of the curvature: what standard normal numbers go through."""
        _, slope = self.data.objective(self.place)
        steps = self.place + STEP * np.eye(len(self.place))
        curvature = np.array([self.data.objective(step)[1] for step in steps])
        curvature = (curvature - slope) / STEP
        values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
        found: Array = vectors / np.sqrt(np.maximum(values, WIDEST**-2))
        return found


def posterior(points: Array, losses: Array, groups: Groups) -> Posterior:
    """Return which scales are likely for `losses` (n) at `points` (n x d).

    Columns with the same number in `groups` (d; 0, 1, …) share a length scale.
    """
    data = data_of(points, losses, groups)
    return Posterior(groups, data, likeliest(data))
