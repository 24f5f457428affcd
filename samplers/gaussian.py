"""A Gaussian process of the loss, on NumPy and SciPy.

Matérn 5/2 with a length scale for each parameter. The scale of the signal is integrated out of the
likelihood, the others are the likeliest ones under a prior. The prior of the length scales grows
with the root of their number (Hvarfner, Hellsten & Nardi 2024, "Vanilla Bayesian optimization
performs great in high dimensions"), so many parameters are no reason to see nothing but noise.
It is narrower than theirs and at shorter scales, which was better on the problems for tuning.
"""

from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize

Array = NDArray[np.float64]
Groups = NDArray[np.intp]

SHORTEST, LONGEST = log(5e-3), log(1e3)
"""Bounds of the length scales' logarithms."""

SCALE, SPREAD = 0.0, 1.0
"""The prior of a length scale's logarithm: the mean but for the dimension, and the deviation."""

LEAST_NOISE, MOST_NOISE = log(1e-6), log(1.0)
"""Bounds of the logarithm of the noise, in variances of the signal."""

NOISE, NOISE_SPREAD = -6.0, 1.5
"""The prior of the same: mean and deviation."""

WEIGHT = 2.0
"""How many losses the prior of the signal's scale is worth; it is a variance of 1."""

STEPS = 40
"""How many steps the search for the likeliest scales may take."""


@dataclass(frozen=True, slots=True)
class Scales:
    """What a process is but for its data: logarithms of the length scales, and of the noise."""

    lengths: Array
    noise: float


@dataclass(frozen=True, slots=True)
class Process:
    """A Gaussian process that has seen data."""

    points: Array
    inverse: Array
    """What columns are multiplied by: one over the length scale."""
    factor: Array
    weights: Array
    signal: float
    losses: Array
    noise: float
    best: float
    """The lowest mean where data were seen."""

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Return the mean and the standard deviation (n, n) of the loss at `points` (n x d)."""
        cross = _matern(_distances(points * self.inverse, self.points))[0]
        mean: Array = cross @ self.weights
        solved = solve_triangular(self.factor, cross.T, lower=True, check_finite=False)
        left = np.maximum(1 - np.einsum("ij,ij->j", solved, solved), 1e-12)
        return mean, np.sqrt(self.signal * left)

    def believing(self, points: Array) -> "Process":
        """Return the process as if the loss at `points` were what it expects there.

        The mean stays as it is; there is less doubt around the `points`, and they are what is to
        be improved on.
        """
        mean, _ = self.predict(points)
        best = min(self.best, float(mean.min()))
        scaled = np.vstack([self.points, points * self.inverse])
        losses = np.concatenate([self.losses, mean])
        return _process(scaled, losses, self.inverse, self.noise, (self.signal, best))


def process(points: Array, losses: Array, groups: Groups, scales: Scales) -> Process:
    """Return the process with these `scales` that has seen `losses` (n) at `points` (n x d)."""
    inverse = np.exp(-scales.lengths)[groups]
    return _process(points * inverse, losses, inverse, float(np.exp(scales.noise)), None)


def likeliest(points: Array, losses: Array, groups: Groups) -> Scales:
    """Return the likeliest scales for `losses` (n) at `points` (n x d).

    Columns with the same number in `groups` (d; 0, 1, …) share a length scale.
    """
    count = int(groups.max()) + 1
    squares = np.empty((count, len(points), len(points)))
    for group in range(count):
        columns = points[:, groups == group]
        squares[group] = _distances(columns, columns)
    flat = squares.reshape(count, -1)
    centre = SCALE + log(count) / 2
    data = _Data(flat, losses, centre)
    start = np.array([log(0.4) + log(count) / 2] * count + [NOISE])
    bounds = [(SHORTEST, LONGEST)] * count + [(LEAST_NOISE, MOST_NOISE)]
    found = minimize(
        data.objective, start, jac=True, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": STEPS, "ftol": 1e-5, "gtol": 1e-3},
    )  # fmt: skip
    return Scales(found.x[:-1], float(found.x[-1]))


@dataclass(frozen=True, slots=True)
class _Data:
    """What the likelihood of scales depends on."""

    squares: Array
    losses: Array
    centre: float

    def objective(self, scales: Array) -> tuple[float, Array]:
        """Return minus the logarithm of the posterior of `scales`, and its gradient."""
        n = len(self.losses)
        weights = np.exp(-2 * scales[:-1])
        kernel, slope = _matern((weights @ self.squares).reshape(n, n))
        noise = float(np.exp(scales[-1]))
        kernel.flat[:: n + 1] = 1 + noise
        try:
            factor = cholesky(kernel, lower=True, check_finite=False)
        except LinAlgError:  # rounding: as unlikely as can be
            return 1e10, np.zeros_like(scales)
        alpha = cho_solve((factor, True), self.losses, check_finite=False)
        inverse, _ = dpotri(factor, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        signal = (self.losses @ alpha + WEIGHT) / (n + WEIGHT)
        value = (n + WEIGHT) / 2 * log(signal) + float(np.sum(np.log(np.diag(factor))))
        change = inverse - np.outer(alpha, alpha) / signal
        gradient = np.empty_like(scales)
        # The slope of the kernel is negative in the squared distance, which falls with the scale.
        gradient[:-1] = -(self.squares @ (change * slope).ravel()) * weights
        gradient[-1] = noise * np.trace(change) / 2
        away = scales[:-1] - self.centre
        value += float(np.sum(away**2)) / (2 * SPREAD**2) + float(np.sum(scales[:-1]))
        gradient[:-1] += away / SPREAD**2 + 1
        off = scales[-1] - NOISE
        value += off**2 / (2 * NOISE_SPREAD**2)
        gradient[-1] += off / NOISE_SPREAD**2
        return value, gradient


def _process(
    scaled: Array, losses: Array, inverse: Array, noise: float, known: tuple[float, float] | None
) -> Process:
    kernel = _matern(_distances(scaled, scaled))[0]
    while True:
        kernel.flat[:: len(scaled) + 1] = 1 + noise
        try:
            factor = cholesky(kernel, lower=True, check_finite=False)
        except LinAlgError:  # rounding: a little more noise makes up for it
            noise *= 10
        else:
            break
    weights: Array = cho_solve((factor, True), losses, check_finite=False)
    if known is None:
        signal = float((losses @ weights + WEIGHT) / (len(losses) + WEIGHT))
        known = signal, float(np.min(losses - noise * weights))
    return Process(scaled, inverse, factor, weights, known[0], losses, noise, known[1])


def _distances(a: Array, b: Array) -> Array:
    """Return the squared distances (n x m) between the rows of `a` and of `b`."""
    squares = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1) - 2 * (a @ b.T)
    found: Array = np.maximum(squares, 0, out=squares)
    return found


def _matern(squares: Array) -> tuple[Any, Any]:
    """Return the kernel for squared distances, and its derivative in them."""
    distance = np.sqrt(5 * squares)
    decay = np.exp(-distance)
    steep = decay * (1 + distance)
    return steep + (5 / 3) * squares * decay, (-5 / 6) * steep
