"""What length scales, shares and noise the losses speak for.

The scale of the signal is integrated out of the likelihood, the others are the likeliest ones
under a prior. The prior of the length scales grows with the root of their number (Hvarfner,
Hellsten & Nardi 2024, "Vanilla Bayesian optimization performs great in high dimensions"), so many
parameters are no reason to see nothing but noise. It is narrower than theirs and at shorter
scales, which was better on the problems for tuning.
"""

from dataclasses import dataclass
from math import log

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize

from samplers.kernel import (
    ROUGH,
    Array,
    Groups,
    Kernel,
    distances,
    matern_and_slope,
    quadratic,
)

SHORTEST, LONGEST = log(5e-3), log(1e3)
"""Bounds of the length scales' logarithms."""

SCALE, SPREAD = 0.0, 1.0
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

WEIGHT = 2.0
"""How many losses the prior of the signal's scale is worth; it is a variance of 1."""

STEPS = 40
"""How many steps the search for the likeliest scales may take."""


NUGGET = 0.01
"""How much of the noise is none of the rough part: a configuration has not the same loss again."""


@dataclass(frozen=True, slots=True)
class Scales:
    """What a process is but for its data. The noise is in variances of the signal."""

    kernel: Kernel
    noise: float


def scales_at(place: Array, groups: Groups) -> Scales:
    """Return the scales whose logarithms are at `place`: lengths, noise, the later shares."""
    count = int(groups.max()) + 1
    noise = float(np.exp(place[count]))
    kernel = Kernel(
        groups, np.exp(place[:count]), shares(place[count + 1 :]), noise * (1 - NUGGET)
    )
    return Scales(kernel, noise * NUGGET)


def bounds(count: int) -> Array:
    """Return the least and the largest logarithms (m x 2) for so many length scales."""
    return np.array([
        *[(SHORTEST, LONGEST)] * count,
        (LEAST_NOISE, MOST_NOISE),
        *[(LEAST_SHARE, MOST_SHARE)] * len(SHARES),
    ])  # fmt: skip


def likeliest(data: "Data") -> Array:
    """Return the place of the likeliest scales (m)."""
    count = len(data.squares)
    start = np.array([START + log(count) / 2] * count + [NOISE, *SHARES])
    found: Array = minimize(
        data.objective, start, jac=True, method="L-BFGS-B", bounds=bounds(count),
        options={"maxiter": STEPS, "ftol": 1e-5, "gtol": 1e-3},
    ).x  # fmt: skip
    return found


def shares(logarithms: Array) -> Array:
    """Return the shares of the parts, of whose logarithms the first, 0, is left out."""
    raw = np.exp(np.concatenate([[0.0], logarithms]))
    found: Array = raw / raw.sum()
    return found


@dataclass(frozen=True, slots=True)
class Data:
    """What the likelihood depends on: squared distances, the quadratic, losses and the prior."""

    squares: Array
    bowl: Array
    losses: Array
    centre: float

    def objective(self, place: Array) -> tuple[float, Array]:
        """Return minus the logarithm of the posterior, and its gradient.

        `place` has the logarithms of the length scales, of the noise and of the shares.
        """
        n, count = len(self.losses), len(self.squares)
        noise, share = float(np.exp(place[count])), shares(place[count + 1 :])
        scaled = np.exp(-2 * place[:count])[:, None, None] * self.squares
        whole_way = scaled.sum(axis=0)
        product, slope = matern_and_slope(whole_way)
        rough, rough_slope = matern_and_slope(whole_way / ROUGH**2)
        rough *= 1 - NUGGET
        rough.flat[:: n + 1] += NUGGET
        each, slopes = matern_and_slope(scaled * count)
        parts = (product, each.mean(axis=0), self.bowl)
        signal = sum(s * part for s, part in zip(share, parts, strict=True))
        try:
            factor = cholesky(signal + noise * rough, lower=True, check_finite=False)
        except LinAlgError:  # rounding: as unlikely as can be
            return 1e10, np.zeros_like(place)
        alpha = cho_solve((factor, True), self.losses, check_finite=False)
        inverse, _ = dpotri(factor, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        variance = (self.losses @ alpha + WEIGHT) / (n + WEIGHT)
        value = (n + WEIGHT) / 2 * log(variance) + float(np.sum(np.log(np.diag(factor))))
        change = (inverse - np.outer(alpha, alpha) / variance) / 2
        gradient = np.empty_like(place)
        # A kernel's slope is negative in the squared distance, which falls with the scale.
        slopes *= share[1]
        slopes += share[0] * slope + noise * (1 - NUGGET) / ROUGH**2 * rough_slope
        slopes *= scaled
        gradient[:count] = -2 * (slopes.reshape(count, -1) @ change.ravel())
        gradient[count] = noise * np.vdot(change, rough)
        whole = np.vdot(change, signal)
        for i in (1, 2):
            gradient[count + i] = share[i] * (np.vdot(change, parts[i]) - whole)
        against, slopes = self._prior(place)
        return value + against, gradient + slopes

    def _prior(self, place: Array) -> tuple[float, Array]:
        """Return minus the logarithm of the prior, and its gradient."""
        count = len(self.squares)
        mean = np.array([self.centre] * count + [NOISE, *SHARES])
        spread = np.array([SPREAD] * count + [NOISE_SPREAD] + [SHARE_SPREAD] * len(SHARES))
        away = (place - mean) / spread
        slope = away / spread
        slope[:count] += 1
        return float(np.sum(away**2)) / 2 + float(np.sum(place[:count])), slope


def data_of(points: Array, losses: Array, groups: Groups) -> Data:
    """Return what the likelihood of `losses` (n) at `points` (n x d) depends on."""
    count = int(groups.max()) + 1
    squares = np.empty((count, len(points), len(points)))
    for group in range(count):
        columns = points[:, groups == group]
        squares[group] = distances(columns, columns)
    return Data(squares, quadratic(points, points, groups), losses, SCALE + log(count) / 2)
