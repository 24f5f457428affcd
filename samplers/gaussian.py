"""A Gaussian process of the loss, on NumPy and SciPy."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky, solve_triangular

from samplers.columns import Array
from samplers.kernel import Kernel
from samplers.likelihood import WEIGHT
from samplers.scales import Scales


@dataclass(frozen=True, slots=True)
class Process:
    """A Gaussian process that has seen data.

    Attributes:
        kernel: its kernel, for a signal of variance 1.
        points: where losses were seen.
        factor: of the matrix of covariances there, its Cholesky factor.
        weights: what a column of covariances is weighed with for a mean.
        signal: the variance of the signal.
        losses: what was seen, or believed.
        noise: in variances of the signal.
        best: the lowest mean where losses were seen.
    """

    kernel: Kernel
    points: Array
    factor: Array
    weights: Array
    signal: float
    losses: Array
    noise: float
    best: float

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Return the mean and the standard deviation (n, n) of the loss at `points` (n x d)."""
        cross = self.kernel(points, self.points)
        mean: Array = cross @ self.weights
        solved = solve_triangular(self.factor, cross.T, lower=True, check_finite=False)
        left = self.kernel.variances(points) - np.einsum("ij,ij->j", solved, solved)
        return mean, np.sqrt(self.signal * np.maximum(left, 1e-12))

    def believing(self, points: Array) -> "Process":
        """Return the process as if the loss at `points` were what it expects there.

        The mean stays as it is; there is less doubt around the `points`, and they are what is to
        be improved on.
        """
        mean, _ = self.predict(points)
        best = min(self.best, float(mean.min()))
        places = np.vstack([self.points, points])
        losses = np.concatenate([self.losses, mean])
        return _process(places, losses, Scales(self.kernel, self.noise), (self.signal, best))


def process(points: Array, losses: Array, scales: Scales) -> Process:
    """Return the process with these `scales` that has seen `losses` (n) at `points` (n x d)."""
    return _process(points, losses, scales, None)


def _process(
    points: Array, losses: Array, scales: Scales, known: tuple[float, float] | None
) -> Process:
    kernel, noise = scales.kernel, scales.noise
    covariances, variances = kernel(points, points), kernel.variances(points)
    while True:
        covariances.flat[:: len(points) + 1] = variances + noise
        try:
            factor = cholesky(covariances, lower=True, check_finite=False)
        except LinAlgError:  # rounding: a little more noise makes up for it
            noise *= 10
        else:
            break
    weights: Array = cho_solve((factor, True), losses, check_finite=False)
    if known is None:
        signal = float((losses @ weights + WEIGHT) / (len(losses) + WEIGHT))
        known = signal, float(np.min(losses - noise * weights))
    return Process(kernel, points, factor, weights, known[0], losses, noise, known[1])
