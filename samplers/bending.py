"""Scales of numbers that are bent: a loss may change much at one end, and hardly at the other.

Input warping (Snoek, Swersky, Zemel & Adams 2014, "Input warping for Bayesian optimization of
non-stationary functions"), by an exponential instead of the distribution function of a beta law:
one number for each column rather than two did as well, and it has no steep ends.
"""

import numpy as np

from samplers.columns import Array

STRAIGHT = 1e-3
"""A column that is bent by less is taken for straight, where the quotient would lose digits."""


def bent(points: Array, bends: Array) -> Array:
    """Return `points` (n x d; from 0 to 1) with each column bent, its ends left where they are.

    With the bend t of `bends` (d) x becomes (1 - exp(-t x)) / (1 - exp(-t)): of a positive bend
    the scale is wider near 0, by exp(t) than near 1.
    """
    is_bent = np.abs(bends) > STRAIGHT
    t = np.where(is_bent, bends, 1.0)
    return np.where(is_bent, np.expm1(-t * points) / np.expm1(-t), points)


def slopes(points: Array, bends: Array) -> Array:
    """Return the derivatives (n x d) of what `bent` returns in the bends."""
    is_bent = np.abs(bends) > STRAIGHT
    t = np.where(is_bent, bends, 1.0)
    whole = -np.expm1(-t)
    decay = np.exp(-t * points)
    found = (points * decay - (1 - decay) * np.exp(-t) / whole) / whole
    return np.where(is_bent, found, points * (1 - points) / 2)
