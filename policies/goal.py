"""Which direction is better. The only place in the project that knows."""

from __future__ import annotations

import math
from enum import Enum


class Goal(str, Enum):
    """Direction of the primary metric."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"

    def score(self, value: float) -> float:
        """Return `value` as a number to be made large; non-finite values become the worst.

        The map is its own inverse for finite values.
        """
        if not math.isfinite(value):
            return -math.inf
        return value if self is Goal.MAXIMIZE else -value

    def from_score(self, score: float) -> float:
        """Return the metric value whose score is `score`."""
        return score if self is Goal.MAXIMIZE else -score

    def loss(self, value: float) -> float:
        """Return `value` as a number to be made small."""
        return -self.score(value)

    def relax(self, best: float, factor: float = 0.0, amount: float = 0.0) -> float:
        """Return the worst value that is still within the given slack of `best`.

        A ratio of the metric is meaningless where the metric changes sign, so the factor
        widens the distance by a share of ``|best|``. For positive metrics this equals the
        documented ``best / (1 + factor)`` (maximise) and ``best * (1 + factor)`` (minimise).
        """
        return self.from_score(self.relax_score(self.score(best), factor, amount))

    def relax_score(self, best: float, factor: float, amount: float) -> float:
        """Return the same for the score of a finite value, as a score."""
        return best - abs(best) * self.share(factor) - amount

    def share(self, factor: float) -> float:
        """Return by which share of the best a slack factor widens the distance to it."""
        return 1 - 1 / (1 + factor) if self is Goal.MAXIMIZE else factor

    @property
    def worse(self) -> str:
        """The word for a value on the wrong side of a cut-off."""
        return "below" if self is Goal.MAXIMIZE else "above"
