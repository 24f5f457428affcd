"""Stop the tail of the field."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from policies.goal import Goal
from policies.leaderboard import Leaderboard
from policies.policy import EarlyTerminationPolicy, PolicyError, Verdict, after, whole_number


class TruncationSelectionPolicy(EarlyTerminationPolicy):
    """Stop a run that is among the worst `truncation_percentage` of the field.

    At interval N the runs are ranked by the best of their first N reports; of two equal ones
    the older ranks higher. Of n runs the worst ``floor(n * percentage / 100)`` are the tail.
    The field holds every run that has reported, except those that this policy has stopped:
    they would fill the tail for ever and the policy would cut no more.

    Args:
        truncation_percentage: whole number, 1 to 99.
        evaluation_interval: judge at every so many reports.
        delay_evaluation: do not judge before this many reports.
        exclude_finished_jobs: leave runs that have ended out of the field as well.

    Raises:
        PolicyError: the percentage is not a whole number from 1 to 99.

    Source: "Tune hyperparameters for your model", Azure Machine Learning documentation.
    """

    wire_name: ClassVar[str] = "TruncationSelection"

    def __init__(
        self,
        truncation_percentage: int,
        evaluation_interval: int = 1,
        delay_evaluation: int = 0,
        exclude_finished_jobs: bool = False,
    ) -> None:
        super().__init__(evaluation_interval, delay_evaluation)
        percentage = whole_number("truncation_percentage", truncation_percentage)
        if not 1 <= percentage <= 99:
            raise PolicyError(
                "truncation_percentage", f"expected a whole number from 1 to 99, got {percentage}"
            )
        if not isinstance(exclude_finished_jobs, bool):
            raise PolicyError(
                "exclude_finished_jobs", f"expected true or false, got {exclude_finished_jobs!r}"
            )
        self.truncation_percentage = percentage
        self.exclude_finished_jobs = exclude_finished_jobs

    def leaderboard(self, goal: Goal) -> Leaderboard:
        """Ask for best values at the intervals that are judged."""
        return Leaderboard(goal, bests=self.due)

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Count who is behind."""
        below, size = board.bests().below(board.interval(run), board.best(run), run)
        return below < self._tail(size)

    def explain(self, board: Leaderboard, run: int) -> Verdict:
        """Name the rank, the size of the field and of its tail."""
        goal, field, interval = board.goal, board.bests(), board.interval(run)
        below, size = field.below(interval, board.best(run), run)
        tail, rank = self._tail(size), size - below
        cutoff = goal.from_score(field.at(interval, tail)) if tail < size else math.nan
        mine = goal.from_score(board.best(run))
        stop = self.stops(board, run)
        side = "among" if stop else "not among"
        reason = (
            f"best {mine:g} {after(interval)} ranks {rank} of {size},"
            f" {side} the worst {tail} ({self.truncation_percentage} %);"
            f" the last to go on has {cutoff:g}"
        )
        return Verdict("TruncationSelectionPolicy", interval, mine, cutoff, stop, reason)

    def stopped(self, board: Leaderboard, run: int) -> None:
        """Free its place in the tail."""
        board.exclude(run)

    def finished(self, board: Leaderboard, run: int) -> None:
        """Leave the field when finished runs are not to count."""
        if self.exclude_finished_jobs:
            board.exclude(run)

    def properties(self) -> dict[str, Any]:
        """Return the arguments in HyperDrive's JSON form."""
        return {
            **super().properties(),
            "truncation_percentage": self.truncation_percentage,
            "exclude_finished_jobs": self.exclude_finished_jobs,
        }

    def _tail(self, size: int) -> int:
        return size * self.truncation_percentage // 100
