"""Losses as a model takes them: of any size and shape before, nearly normal after."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NOISE = 1e-12
"""The deviation of equal losses, relative to their size, that rounding may pretend."""

POWERS = np.linspace(-1.5, 1.5, 31)
"""The exponents of the power transform that are tried; 1 leaves things as they are."""

LOW = 0.1
"""The quantile whose distance from the median is the unit of the transform."""

FEW = 5
"""Up to so many losses have no shape."""


def standardised(losses: Sequence[float]) -> Array:
    """Return `losses` with mean 0 and deviation 1, and the worst finite one for any not finite."""
    values: Array = np.array(losses, dtype=float)
    finite = np.isfinite(values)
    values = np.where(finite, values, np.max(values[finite]))
    values /= np.abs(values).max() or 1.0  # the square of what is left cannot overflow
    return _scaled(values)


def unbent(losses: Array) -> Array:
    """Return standardised `losses` with as normal a distribution as a power makes them.

    The transform is Yeo & Johnson's (2000, "A new family of power transformations to improve
    normality or symmetry") with the likeliest exponent. It keeps the order. Losses that span
    powers of ten are mostly told apart by their order of magnitude afterwards.
    """
    if len(losses) <= FEW:
        return losses
    # Measured by the better half: a few disasters would leave no difference between the others.
    low, middle = np.quantile(losses, [LOW, 0.5])
    unit = middle - low
    values = (losses - middle) / (unit if unit > NOISE else 1.0)
    best, chosen = -math.inf, values
    stretch = np.sum(np.sign(values) * np.log1p(np.abs(values)))
    for power in POWERS:
        bent = _yeo_johnson(values, float(power))
        deviation = float(np.std(bent))
        if deviation < NOISE:
            continue
        likelihood = (power - 1) * stretch - len(values) * math.log(deviation)
        if likelihood > best:
            best, chosen = likelihood, bent
    return _scaled(chosen)


def _yeo_johnson(values: Array, power: float) -> Array:
    up, down = np.maximum(values, 0), np.maximum(-values, 0)
    above = np.log1p(up) if abs(power) < 1e-9 else ((1 + up) ** power - 1) / power
    other = 2 - power
    below = np.log1p(down) if abs(other) < 1e-9 else ((1 + down) ** other - 1) / other
    bent: Array = above - below
    return bent


def _scaled(values: Array) -> Array:
    values = values - values.mean()
    deviation = values.std()
    scaled: Array = values / deviation if deviation > NOISE else values
    return scaled
