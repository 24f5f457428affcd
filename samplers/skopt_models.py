"""scikit-optimize's models, as its own optimiser configures them, in the form of ours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from warnings import catch_warnings, simplefilter

import numpy as np

from samplers.course import Course
from samplers.outcomes import Array, standardised

MOST_SCALES = 32
"""Largest number of length scales of a Gaussian process."""

MOST_RESTARTED = 100
"""Largest number of losses for which a Gaussian process is fitted from two starts."""

Prediction: TypeAlias = Callable[[Array], tuple[Array, Array]]
"""From points (n x d) to the mean and the standard deviation (n, n) of the loss there."""

Fit: TypeAlias = Callable[[Array, Array, int], Prediction]
"""From points, standardised losses and a seed."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model, and what another one could be fitted to."""

    fit: Fit
    points: Array
    losses: Array
    seed: int
    best: float
    predict: Prediction

    def believing(self, points: Array) -> "Fitted":
        """Return a model that takes its own means at `points` for losses."""
        mean, _ = self.predict(points)
        places, losses = np.vstack([self.points, points]), np.concatenate([self.losses, mean])
        model = self.fit(places, losses, self.seed)
        return Fitted(
            self.fit, places, losses, self.seed, min(self.best, float(mean.min())), model
        )


@dataclass(frozen=True, slots=True)
class Fitting:
    """A surrogate that fits everything anew."""

    fit: Fit

    def __call__(
        self,
        points: Array,
        losses: Sequence[float],
        seed: int,
        courses: Sequence[Course | None] = (),  # noqa: ARG002 -- the protocol's
        *,
        drawn: bool = False,  # noqa: ARG002 -- as above
    ) -> Fitted:
        """Fit `losses` (n) at `points` (n x d)."""
        values = standardised(losses)
        model = self.fit(points, values, seed)
        return Fitted(self.fit, points, values, seed, float(values.min()), model)


def gaussian_process(points: Array, losses: Array, seed: int) -> Prediction:
    """Fit a Gaussian process: Matérn 5/2 with a length scale per column, and noise."""
    from skopt.learning import GaussianProcessRegressor  # noqa: PLC0415 -- a second to import
    from skopt.learning.gaussian_process import kernels  # noqa: PLC0415 -- as above

    columns = points.shape[1]
    # Beyond some columns (options of long choices, mostly) they have to share a scale: the time of
    # a fit grows with their number, and the data do not tell so many scales apart.
    scales = columns if columns <= MOST_SCALES else 1
    matern = kernels.Matern([1.0] * scales, [(0.01, 100.0)] * scales, nu=2.5)
    estimator = GaussianProcessRegressor(
        kernels.ConstantKernel(1.0, (0.01, 1000.0)) * matern,
        noise="gaussian",
        # With many losses their likelihood has one clear maximum, and a fit takes long.
        n_restarts_optimizer=1 if len(losses) <= MOST_RESTARTED else 0,
        random_state=seed,
    )
    with catch_warnings():
        simplefilter("ignore")  # it reports length scales at their bounds, which is no news
        return _normal(estimator.fit(points, losses))


def extra_trees(points: Array, losses: Array, seed: int) -> Prediction:
    """Fit extremely randomised trees; the deviation is that between and within trees."""
    from skopt.learning import ExtraTreesRegressor  # noqa: PLC0415 -- a second to import

    forest = ExtraTreesRegressor(n_estimators=100, min_samples_leaf=3, random_state=seed)
    return _normal(forest.fit(points, losses))


def random_forest(points: Array, losses: Array, seed: int) -> Prediction:
    """Fit a random forest; the deviation is that between and within trees."""
    from skopt.learning import RandomForestRegressor  # noqa: PLC0415 -- a second to import

    forest = RandomForestRegressor(n_estimators=100, min_samples_leaf=3, random_state=seed)
    return _normal(forest.fit(points, losses))


def boosted_trees(points: Array, losses: Array, seed: int) -> Prediction:
    """Fit gradient boosted quantiles; half the distance between two of them is the deviation."""
    from sklearn.ensemble import GradientBoostingRegressor  # noqa: PLC0415 -- a second to import
    from skopt.learning import GradientBoostingQuantileRegressor  # noqa: PLC0415 -- as above

    trees = GradientBoostingRegressor(n_estimators=30, loss="quantile")
    estimator = GradientBoostingQuantileRegressor(base_estimator=trees, random_state=seed)
    return _quantiles(estimator.fit(points, losses))


def _normal(estimator: Any) -> Prediction:
    def predict(points: Array) -> tuple[Array, Array]:
        with catch_warnings():
            simplefilter("ignore")  # it reports variances that rounding made negative
            mean, deviation = estimator.predict(points, return_std=True)
        return mean, deviation

    return predict


def _quantiles(estimator: Any) -> Prediction:
    """Quantiles 0.16, 0.5 and 0.84; a normal law has them one deviation apart."""

    def predict(points: Array) -> tuple[Array, Array]:
        low, middle, high = estimator.predict(points, return_quantiles=True).T
        return middle, (high - low) / 2

    return predict


FITS: dict[str, Fit] = {
    "GP": gaussian_process,
    "ET": extra_trees,
    "RF": random_forest,
    "GBRT": boosted_trees,
}
"""The models by scikit-optimize's names for them."""
