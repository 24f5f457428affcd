"""How well scales explain the losses.

The scale of the signal is integrated out of the likelihood; of the others the prior takes part.
"""

from dataclasses import dataclass
from math import log

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize

from samplers.bending import bent, slopes
from samplers.columns import Array, Columns, Groups
from samplers.kernel import BOWL, ROUGH, bowl, centred, matern_and_slope
from samplers.scales import NUGGET, Prior

WEIGHT = 2.0
"""How many losses the prior of the signal's scale is worth; it is a variance of 1."""

STEPS = 40
"""How many steps the search for the likeliest scales may take."""


def likeliest(data: "Data") -> Array:
    """Return the place of the likeliest scales (m)."""
    prior = data.prior
    found: Array = minimize(
        data.objective, prior.start, jac=True, method="L-BFGS-B",
        bounds=np.column_stack([prior.low, prior.high]),
        options={"maxiter": STEPS, "ftol": 1e-5, "gtol": 1e-3},
    ).x  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Data:
    """What the likelihood depends on.

    All that is symmetric is worked out for pairs of points, and for each point with itself: this
    takes half the time of whole matrices.

    Attributes:
        prior: of the scales.
        points: where losses were seen (n x d).
        losses: these (n).
        pairs: the places of the first and of the second of two points, of all that differ.
        squares: their squared distances (parameters x pairs) on scales that are not bent.
    """

    prior: Prior
    points: Array
    losses: Array
    pairs: tuple[Groups, Groups]
    squares: Array

    def objective(self, place: Array) -> tuple[float, Array]:
        """Return minus the logarithm of the posterior, and its gradient."""
        prior, n, count, pairs = self.prior, len(self.losses), self.prior.count, self.pairs
        noise, share, bends = prior.noise(place), prior.shares(place), prior.bends(place)
        inverse = np.exp(-2 * place[:count])
        points, squares = self._bent(bends)
        scaled = inverse[:, None] * squares
        whole_way = scaled.sum(axis=0)
        product, slope = matern_and_slope(whole_way)
        rough, rough_slope = matern_and_slope(whole_way / ROUGH**2)
        each, steep = matern_and_slope(scaled * count)
        middle = centred(points, prior.columns.groups)
        root = bowl(middle @ middle.T, count)
        across, alone = root[pairs], np.diagonal(root)
        parts = np.array([product, each.mean(axis=0), across**2])
        selves = np.array([np.ones(n), np.ones(n), alone**2])
        covariances = np.zeros((n, n))
        covariances[pairs] = share @ parts + noise * (1 - NUGGET) * rough
        covariances.flat[:: n + 1] = share @ selves + noise
        try:
            factor = cholesky(covariances, overwrite_a=True, check_finite=False)
        except LinAlgError:  # rounding: as unlikely as can be
            return 1e10, np.zeros_like(place)
        alpha = cho_solve((factor, False), self.losses, check_finite=False)
        known, _ = dpotri(factor)
        variance = (self.losses @ alpha + WEIGHT) / (n + WEIGHT)
        value = (n + WEIGHT) / 2 * log(variance) + float(np.sum(np.log(np.diagonal(factor))))
        # What the value gains with a covariance, of two points and of one with itself.
        change = known[pairs] - alpha[pairs[0]] * alpha[pairs[1]] / variance
        own = (np.diagonal(known) - alpha**2 / variance) / 2
        gradient = np.empty_like(place)
        steep *= share[1]
        steep += share[0] * slope + noise * (1 - NUGGET) / ROUGH**2 * rough_slope
        steep *= change
        gradient[:count] = -2 * np.einsum("gp,gp->g", steep, scaled)
        gradient[count] = noise * ((1 - NUGGET) * (rough @ change) + own.sum())
        gains = parts @ change + selves @ own
        gradient[count + 1 : prior.straight] = (share * (gains - share @ gains))[1:]
        if len(prior.bent):
            steep *= inverse[:, None]
            products = np.zeros((n, n))
            products[pairs] = across * change
            products.flat[:: n + 1] = alone * own
            gradient[prior.straight :] = self._gains_by_bends(
                points, slopes(self.points, bends), steep, share[2] * BOWL / count * products
            )
        against, prior_slope = prior.against(place)
        return value + against, gradient + prior_slope

    def _gains_by_bends(self, points: Array, along: Array, steep: Array, products: Array) -> Array:
        """Return what the value gains with the bends.

        Args:
            points: on the bent scales (n x d).
            along: their derivatives in the bends (n x d).
            steep: what the value gains with the squared distances.
            products: what it gains with the products of centred points (n x n, only above).
        """
        there, along = points[:, self.prior.bent], along[:, self.prior.bent]
        found = self._gaps(there)
        found *= self._gaps(along)
        found *= steep[self.prior.columns.groups[self.prior.bent]]
        there = 2 * there - 1
        by_products = along * (products @ there) + there * (products @ along)
        gains: Array = 2 * (found.sum(axis=1) + by_products.sum(axis=0))
        return gains

    def _bent(self, bends: Array) -> tuple[Array, Array]:
        """Return the points and the squared distances on the scales that are bent."""
        prior = self.prior
        if not len(prior.bent):
            return self.points, self.squares
        points, squares = bent(self.points, bends), self.squares.copy()
        squares[prior.columns.groups[prior.bent]] = self._gaps(points[:, prior.bent]) ** 2
        return points, squares

    def _gaps(self, points: Array) -> Array:
        """Return the differences (d x pairs) of `points` (n x d)."""
        first, second = self.pairs
        rows = np.ascontiguousarray(points.T)
        found = rows.take(first, axis=1)
        found -= rows.take(second, axis=1)
        return found


def data_of(points: Array, losses: Array, columns: Columns) -> Data:
    """Return what the likelihood of `losses` (n) at `points` (n x d) depends on."""
    first, second = pairs = np.triu_indices(len(points), 1)
    gaps = (points[first] - points[second]) ** 2
    squares = [gaps[:, columns.groups == group].sum(axis=1) for group in range(columns.parameters)]
    return Data(Prior(columns), points, losses, pairs, np.array(squares))
