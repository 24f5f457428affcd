"""What a process is but for its data, and what is known of it before there are any.

The prior of the length scales grows with the root of their number (Hvarfner, Hellsten & Nardi
2024, "Vanilla Bayesian optimization performs great in high dimensions"), so many parameters are no
reason to see nothing but noise. It is narrower than theirs and at shorter scales, which was better
on the problems for tuning.
"""

from dataclasses import dataclass
from math import log

import numpy as np

from samplers.columns import Array, Columns
from samplers.kernel import Kernel

SHORTEST, LONGEST = log(5e-3), log(1e3)
"""Bounds of the length scales' logarithms."""

LENGTH, LENGTH_SPREAD = 0.0, 1.0
"""The prior of a length scale's logarithm: the mean but for the dimension, and the deviation."""

START = log(0.4)
"""Where the search for the same starts, but for the dimension."""

LEAST_NOISE, MOST_NOISE = log(1e-6), log(1.0)
"""Bounds of the logarithm of the noise, in variances of the signal."""

NOISE, NOISE_SPREAD = -6.0, 1.5
"""The prior of the same: mean and deviation."""

SHARES, SHARE_SPREAD = (-1.0, -2.0), 1.5
"""The prior of the logarithms of the later parts' shares, in shares of the first."""

LEAST_SHARE, MOST_SHARE = -6.0, 4.0
"""Bounds of these."""

BEND_SPREAD, MOST_BENT = 1.0, 5.0
"""The prior of a bend is normal around 0; the deviation, and the bound either way."""

NUGGET = 0.01
"""How much of the noise is none of the rough part: a configuration has not the same loss again."""


@dataclass(frozen=True, slots=True)
class Scales:
    """What a process is but for its data. The noise is in variances of the signal."""

    kernel: Kernel
    noise: float


class Prior:
    """The law of scales, as places: vectors (m) of what `scales` is made from.

    These are the logarithms of the length scales, of the noise and of the later shares, and the
    bends of the columns that may be bent.

    Args:
        columns: that the scales are of.

    Attributes:
        count: how many length scales there are; they come first in a place.
        straight: how many numbers are before the bends, which come last.
        bent: the columns that these are of.
    """

    def __init__(self, columns: Columns) -> None:
        count, self.bent = columns.parameters, np.flatnonzero(columns.bendable)
        self.columns, self.count, self.straight = columns, count, count + 1 + len(SHARES)
        rows = [
            *[(LENGTH + log(count) / 2, LENGTH_SPREAD, SHORTEST, LONGEST)] * count,
            (NOISE, NOISE_SPREAD, LEAST_NOISE, MOST_NOISE),
            *[(share, SHARE_SPREAD, LEAST_SHARE, MOST_SHARE) for share in SHARES],
            *[(0.0, BEND_SPREAD, -MOST_BENT, MOST_BENT)] * len(self.bent),
        ]
        self._mean, self._spread, self.low, self.high = np.array(rows).T
        self.start: Array = self._mean.copy()
        self.start[:count] = START + log(count) / 2

    def noise(self, place: Array) -> float:
        """Return the noise, with the rough part, in variances of the signal."""
        return float(np.exp(place[self.count]))

    def shares(self, place: Array) -> Array:
        """Return the shares of the parts; the logarithm of the first is 0."""
        raw = np.exp(np.concatenate([[0.0], place[self.count + 1 : self.straight]]))
        found: Array = raw / raw.sum()
        return found

    def bends(self, place: Array) -> Array:
        """Return how each column is bent."""
        found = np.zeros(len(self.columns.groups))
        found[self.bent] = place[self.straight :]
        return found

    def scales(self, place: Array) -> Scales:
        """Return the scales at a place."""
        noise, lengths = self.noise(place), np.exp(place[: self.count])
        bends = self.bends(place) if len(self.bent) else None
        kernel = Kernel(
            self.columns.groups, lengths, self.shares(place), noise * (1 - NUGGET), bends
        )
        return Scales(kernel, noise * NUGGET)

    def against(self, place: Array) -> tuple[float, Array]:
        """Return minus the logarithm of the prior, and its gradient."""
        away = (place - self._mean) / self._spread
        slope = away / self._spread
        slope[: self.count] += 1
        return float(np.sum(away**2)) / 2 + float(np.sum(place[: self.count])), slope

    def within(self, place: Array) -> Array:
        """Return the nearest place within the bounds."""
        return np.clip(place, self.low, self.high)
