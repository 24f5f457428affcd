"""Models of the loss: what it is likely to be where nobody has looked.

scikit-optimize's models, as its own optimiser configures them, behind two small protocols.
"""

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]

MOST_SCALES = 32
"""Largest number of length scales of a Gaussian process."""

MOST_RESTARTED = 100
"""Largest number of losses for which a Gaussian process is fitted from two starts."""


class Model(Protocol):
    """A fitted surrogate."""

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Return the mean and the standard deviation (n, n) of the loss at `points` (n x d)."""
        ...


class Surrogate(Protocol):
    """A way to fit a model."""

    def __call__(self, points: Array, losses: Array, seed: int) -> Model:
        """Fit `losses` (n; zero mean, unit variance) at `points` (n x d; in the unit cube)."""
        ...


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A fitted estimator of scikit-optimize."""

    estimator: Any

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Ask the estimator."""
        with catch_warnings():
            simplefilter("ignore")  # it reports variances that rounding made negative
            mean, deviation = self.estimator.predict(points, return_std=True)
        return mean, deviation


@dataclass(frozen=True, slots=True)
class _FittedQuantiles:
    """Fitted quantiles 0.16, 0.5 and 0.84; a normal law has them one deviation apart."""

    estimator: Any

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Take the median for the mean."""
        low, middle, high = self.estimator.predict(points, return_quantiles=True).T
        return middle, (high - low) / 2


def gaussian_process(points: Array, losses: Array, seed: int) -> Model:
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
        return _Fitted(estimator.fit(points, losses))


def extra_trees(points: Array, losses: Array, seed: int) -> Model:
    """Fit extremely randomised trees; the deviation is that between and within trees."""
    from skopt.learning import ExtraTreesRegressor  # noqa: PLC0415 -- a second to import

    forest = ExtraTreesRegressor(n_estimators=100, min_samples_leaf=3, random_state=seed)
    return _Fitted(forest.fit(points, losses))


def random_forest(points: Array, losses: Array, seed: int) -> Model:
    """Fit a random forest; the deviation is that between and within trees."""
    from skopt.learning import RandomForestRegressor  # noqa: PLC0415 -- a second to import

    forest = RandomForestRegressor(n_estimators=100, min_samples_leaf=3, random_state=seed)
    return _Fitted(forest.fit(points, losses))


def boosted_trees(points: Array, losses: Array, seed: int) -> Model:
    """Fit gradient boosted quantiles; half the distance between two of them is the deviation."""
    from sklearn.ensemble import GradientBoostingRegressor  # noqa: PLC0415 -- a second to import
    from skopt.learning import GradientBoostingQuantileRegressor  # noqa: PLC0415 -- as above

    trees = GradientBoostingRegressor(n_estimators=30, loss="quantile")
    estimator = GradientBoostingQuantileRegressor(base_estimator=trees, random_state=seed)
    return _FittedQuantiles(estimator.fit(points, losses))


SURROGATES: dict[str, Surrogate] = {
    "GP": gaussian_process,
    "ET": extra_trees,
    "RF": random_forest,
    "GBRT": boosted_trees,
}
"""The models by scikit-optimize's names for them."""
