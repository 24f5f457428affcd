"""Stop what falls too far behind the best."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from policies.goal import Goal
from policies.leaderboard import Leaderboard
from policies.policy import EarlyTerminationPolicy, PolicyError, Verdict, after, tolerance


class BanditPolicy(EarlyTerminationPolicy):
    """Stop a run whose best lies outside the slack around the best of all runs.

    At interval N the run's best over its first N reports is compared with the best of all
    runs over their first N reports. With `slack_factor` s a run is stopped below
    ``best / (1 + s)`` when maximising and above ``best * (1 + s)`` when minimising (for
    positive metrics; `Goal.relax` gives the sign-safe form); with `slack_amount` a, below
    ``best - a`` or above ``best + a``. A run on the cut-off goes on.

    Args:
        evaluation_interval: judge at every so many reports.
        slack_factor: allowed distance as a ratio; 0 stops all that is worse than the best.
        slack_amount: allowed distance in units of the metric.
        delay_evaluation: do not judge before this many reports.

    Raises:
        PolicyError: both or neither of the slacks is given, or one is not a number >= 0.

    Source: "Tune hyperparameters for your model", Azure Machine Learning documentation.
    """

    wire_name: ClassVar[str] = "Bandit"

    def __init__(
        self,
        evaluation_interval: int = 1,
        slack_factor: float | None = None,
        slack_amount: float | None = None,
        delay_evaluation: int = 0,
    ) -> None:
        super().__init__(evaluation_interval, delay_evaluation)
        factor = _slack("slack_factor", slack_factor)
        amount = _slack("slack_amount", slack_amount)
        if factor is None and amount is None:
            raise PolicyError(
                "slack_factor", "a Bandit policy needs slack_factor or slack_amount; got neither"
            )
        if factor and amount:
            raise PolicyError(
                "slack_amount", "give slack_factor or slack_amount, not both; got both"
            )
        # A zero beside the other slack is the service's own way to say "not this one".
        self.slack_factor = None if factor is None or (amount and not factor) else factor
        self.slack_amount = None if self.slack_factor is not None else amount
        self._slacks = self.slack_factor or 0.0, self.slack_amount or 0.0

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Compare scores; no finite value anywhere means no comparison."""
        mine, top = board.compare(run)
        if mine == top:  # also where there is no finite value
            return False
        factor, amount = self._slacks
        return mine < board.goal.relax_score(top, factor, amount) - tolerance(top)

    def margin(self, goal: Goal) -> tuple[float, float]:
        """Return the slack."""
        factor, amount = self._slacks
        return goal.share(factor), amount

    def explain(self, board: Leaderboard, run: int) -> Verdict:
        """Name the best run, the slack and the cut-off."""
        goal, interval = board.goal, board.interval(run)
        top, leader = board.top(interval)
        best, mine = goal.from_score(top), goal.from_score(board.best(run))
        cutoff = goal.relax(best, *self._slacks) if math.isfinite(top) else math.nan
        slack = (
            f"slack_factor {self.slack_factor:g}"
            if self.slack_factor is not None
            else f"slack_amount {self.slack_amount:g}"
        )
        stop = self.stops(board, run)
        holder = f"run {leader}" if leader >= 0 else "a run of an earlier sweep"
        side = goal.worse if stop else f"not {goal.worse}"
        reason = (
            f"best {mine:g} {after(interval)} is {side} the cut-off {cutoff:g}"
            f" ({slack} around {best:g}, the best of {holder} by then)"
        )
        return Verdict("BanditPolicy", interval, mine, cutoff, stop, reason)

    def properties(self) -> dict[str, Any]:
        """Return the arguments in HyperDrive's JSON form: only the slack that is used."""
        if self.slack_factor is not None:
            return {**super().properties(), "slack_factor": self.slack_factor}
        return {**super().properties(), "slack_amount": self.slack_amount}


def _slack(key: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PolicyError(key, f"expected a number >= 0, got {value!r}")
    if not (math.isfinite(value) and value >= 0):
        raise PolicyError(key, f"expected a number >= 0, got {value!r}")
    return float(value)
