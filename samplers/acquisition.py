"""How promising a point is, given what a model says of it: a score, higher for better.

Every function takes the mean and the standard deviation of the loss at n points, and the best loss
so far, and returns n scores. Brochu, Cora & de Freitas 2010, "A tutorial on Bayesian optimization
of expensive cost functions", section 2.3, derives all three from the normal law.
"""

from math import log, pi, sqrt
from typing import Protocol

import numpy as np
from scipy.special import erfcx, ndtr

from samplers.columns import Array

XI = 0.01
"""How much of an improvement is none, in standard deviations of all losses."""

KAPPA = 1.96
"""How many standard deviations to hope for: 2.5 % of a normal law are beyond."""


class Acquisition(Protocol):
    """A score of points."""

    def __call__(self, mean: Array, deviation: Array, best: float) -> Array:
        """Return the scores (n) for `mean` (n) and `deviation` (n)."""
        ...


def expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Return the logarithm of how far the loss is expected to fall below `best`.

    The logarithm, as Ament et al. 2023, "Unexpected improvements to expected improvement for
    Bayesian optimization", compute it: it tells points apart that promise next to nothing.
    """
    deviation = np.maximum(deviation, 1e-12)
    z = (best - XI - mean) / deviation
    high = np.maximum(z, -1)
    near = np.log(high * ndtr(high) + np.exp(-(high**2) / 2) / sqrt(2 * pi))
    low = np.clip(z, -1e7, -1)
    # phi(z) (1 + z Phi(z) / phi(z)), and Phi / phi is a scaled complementary error function.
    ratio = 1 - np.abs(low) * erfcx(np.abs(low) / sqrt(2)) * sqrt(pi / 2)
    ratio = np.where(low < -1e3, low**-2.0, np.maximum(ratio, 1e-300))
    far = -(z**2) / 2 - log(2 * pi) / 2 + np.log(ratio)
    scores: Array = np.where(z > -1, near, far) + np.log(deviation)
    return scores


def probability_of_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Return how likely the loss is to fall below `best`."""
    scores: Array = ndtr((best - XI - mean) / np.maximum(deviation, 1e-12))
    return scores


def lower_confidence_bound(mean: Array, deviation: Array, best: float) -> Array:  # noqa: ARG001 -- the protocol's
    """Return how low the loss may be with some luck, as a score."""
    return KAPPA * deviation - mean


ACQUISITIONS: dict[str, Acquisition] = {
    "EI": expected_improvement,
    "PI": probability_of_improvement,
    "LCB": lower_confidence_bound,
}
"""The scores by scikit-optimize's names for them."""
