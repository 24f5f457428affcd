"""Models of the loss: what it is likely to be where nobody has looked.

Ours is a Gaussian process of losses that were unbent. scikit-optimize's models, as its own
optimiser configures them, are behind the same two small protocols.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from samplers.columns import Array, Columns
from samplers.course import Course
from samplers.gaussian import Process, process
from samplers.outcomes import standardised, unbent
from samplers.partway import AtTheEnd, at_the_end, is_partway, observed
from samplers.posterior import Posterior, posterior
from samplers.skopt_models import FITS, MOST_SCALES, Fitting

MOST_LOSSES = 300
"""Largest number of losses that a process sees: what an answer costs is bounded."""

MOST_FITTED = 150
"""Largest number of losses that its scales are fitted to, which costs as much as 20 answers."""


class Model(Protocol):
    """A fitted surrogate."""

    @property
    def best(self) -> float:
        """The lowest loss so far, and of those it believes in, on the scale of the model."""
        ...

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Return the mean and the standard deviation (n, n) of the loss at `points` (n x d)."""
        ...

    def believing(self, points: Array) -> "Model":
        """Return the model as if the loss at `points` were what it expects there."""
        ...


class Surrogate(Protocol):
    """A way to fit a model."""

    def __call__(
        self,
        points: Array,
        losses: Sequence[float],
        seed: int,
        courses: Sequence[Course | None] = (),
        *,
        drawn: bool = False,
    ) -> Model:
        """Fit `losses` (n) at `points` (n x d; in the unit cube); there are only ever more.

        `courses` (n, or none) tell which of the runs were stopped, and how far each had come. If
        `drawn`, scales that the losses leave open are drawn from what is likely rather than being
        the likeliest, in a model that has such: each seed sees another side of what is known.
        """
        ...


class WarpedProcess:
    """Our Gaussian process, for these `columns`."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns if columns.parameters <= MOST_SCALES else columns.alike()
        self._fitted: tuple[tuple[bool, int], Posterior] | None = None

    def __call__(
        self,
        points: Array,
        losses: Sequence[float],
        seed: int,
        courses: Sequence[Course | None] = (),
        *,
        drawn: bool = False,
    ) -> Process | AtTheEnd:
        """Fit the process; its scales, to as many losses as were there some losses ago.

        How many depends on the number of losses only, so an answer does not depend on what was
        asked before. Where runs were stopped it knows how far each has gone, and a third of what
        it sees is on the way.
        """
        partway = any(map(is_partway, courses))

        def seen(count: int, most: int) -> tuple[Array, Array]:
            ends = unbent(standardised(losses[:count]))
            kept = _kept(ends, most - most // 3 if partway else most)
            if not partway:
                return points[kept], ends[kept]
            found = observed(
                points[kept], [losses[i] for i in kept], [courses[i] for i in kept], most // 3
            )
            return found.points, unbent(standardised(found.losses.tolist()))

        key = partway, _milestone(losses)
        if self._fitted is None or self._fitted[0] != key:
            columns = self._columns.with_another() if partway else self._columns
            self._fitted = key, posterior(*seen(key[1], MOST_FITTED), columns)
        known = self._fitted[1]
        scales = known.drawn(seed) if drawn else known.likeliest()
        found = process(*seen(len(losses), MOST_LOSSES), scales)
        return at_the_end(found) if partway else found


def _milestone(losses: Sequence[float]) -> int:
    """Return how many of the `losses` the scales are fitted to: of few, all."""
    count = len(losses)
    step = 1 if count < 30 else 2 if count < 60 else 5 if count < 200 else 20
    before = count - count % step
    return before if any(map(isfinite, losses[:before])) else count


def _kept(losses: Array, most: int) -> NDArray[np.intp]:
    """Return the places of at most `most` losses, in order: the best, the last, a few others."""
    if len(losses) <= most:
        return np.arange(len(losses))
    third = most // 3
    kept = np.zeros(len(losses), dtype=bool)
    kept[np.argsort(losses, kind="stable")[:third]] = True
    kept[-third:] = True
    others = np.flatnonzero(~kept)
    # Dice of their own, so that the scales do not depend on who asks first.
    dice = np.random.default_rng(len(losses))
    missing = min(most - int(kept.sum()), len(others))
    kept[dice.choice(others, missing, replace=False)] = True
    return np.flatnonzero(kept)


def _skopt(name: str) -> Callable[[Columns], Surrogate]:
    return lambda _: Fitting(FITS[name])


SURROGATES: dict[str, Callable[[Columns], Surrogate]] = {
    "AUTO": WarpedProcess,
    **{name: _skopt(name) for name in FITS},
}
"""The makers of surrogates, given the columns, by name."""
