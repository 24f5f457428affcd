"""Bayesian sampling: learn from the losses so far where to look next."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from samplers.dice import seed_of
from samplers.errors import SpaceError, spelled
from samplers.guide import DEFAULTS, Guide, Points, reseeded
from samplers.refusal import Refuse
from samplers.sampler import Sampler, changed
from samplers.space import Configuration, Space, space_of
from samplers.values import unwrapped

ESTIMATORS = ("AUTO", "GP", "ET", "RF", "GBRT")
ACQUISITIONS = ("EI", "PI", "LCB")


class BayesianParameterSampling:
    """Propose what a model of the losses so far finds most promising.

    All expressions and conditional spaces will do. The first `initial_points` outcomes come from
    quasi-random points; by default at least 10, and one more than there are expressions up to
    50. The model is `AUTO` (ours) or one of scikit-optimize's: `GP` (a Gaussian process), `ET`
    (extra trees), `RF` (a random forest) or `GBRT` (boosted trees). The `acquisition` says what is
    promising: `EI` (expected improvement), `PI` (its probability) or `LCB` (the lower confidence
    bound). `points_to_evaluate` are configurations to begin with, or parts of them; `refuse` are
    conditions on configurations, and functions of them, that are not to be.

    Raises:
        SpaceError: something is wrong with the space or with a setting.
    """

    name: ClassVar[str] = "BayesianOptimization"
    exact: ClassVar[bool] = False
    defaults: ClassVar[dict[str, Any]] = {
        "seed": None,
        "initial_points": None,
        "estimator": "AUTO",
        "acquisition": "EI",
        **DEFAULTS,
    }

    def __init__(  # noqa: PLR0913 -- a sampling has that many sides
        self,
        parameter_space: Space | Mapping[str, Any],
        *,
        seed: int | None = None,
        initial_points: int | None = None,
        estimator: str = "AUTO",
        acquisition: str = "EI",
        points_to_evaluate: Points | None = None,
        refuse: Refuse | None = None,
    ) -> None:
        self.space: Final = space_of(parameter_space)
        self.seed: Final = seed_of(seed)
        self.initial_points: Final = _count(initial_points)
        self.estimator: Final = spelled("an estimator", estimator, ESTIMATORS)
        self.acquisition: Final = spelled("an acquisition", acquisition, ACQUISITIONS)
        self.guide: Final = Guide(self.space, points_to_evaluate, refuse, duplicates=False)

    @property
    def properties(self) -> dict[str, Any]:
        """The settings that differ from their defaults."""
        return changed(self)

    def seeded(self, seed: int) -> "BayesianParameterSampling":
        """Return the same sampling with this seed."""
        return reseeded(self, seed)

    def sampler(self, begun: Sequence[Configuration] = ()) -> Sampler:
        """Return a sampler that knows nothing yet; see `Sampling`."""
        # Together with SciPy these take a second to import; describing a sweep should not.
        from samplers import acquisition, optimizer, surrogate  # noqa: PLC0415 -- as said above

        sampler = optimizer.BayesianSampler(
            self.space.distinct(),
            self.seed or 0,
            self.initial_points or first_points(len(self.space.leaves)),
            surrogate.SURROGATES[self.estimator],
            acquisition.ACQUISITIONS[self.acquisition],
            self.guide.allows(),
        )
        return self.guide.around(sampler, self.seed, begun=begun)


def first_points(leaves: int) -> int:
    """Return how many outcomes to wait for by default, in a space of so many expressions."""
    return min(max(10, leaves + 1), 50)


def _count(value: Any) -> int | None:
    count = unwrapped(value)
    if count is None or (isinstance(count, int) and not isinstance(count, bool) and count > 0):
        return count
    raise SpaceError(f"initial_points is a whole number > 0, got {value!r}")
