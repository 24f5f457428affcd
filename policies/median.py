"""Stop what is worse than the middle of the field."""

from __future__ import annotations

import math
from typing import ClassVar

from policies.goal import Goal
from policies.leaderboard import Leaderboard
from policies.policy import EarlyTerminationPolicy, Verdict, after, tolerance


class MedianStoppingPolicy(EarlyTerminationPolicy):
    """Stop a run whose best is worse than the median of all runs' running averages.

    At interval N every run, the judged one included, contributes the average of its first N
    reports, or of all it has when it has fewer; reports that are not finite enter no average.
    An even field's median is the mean of the two middle values. Equality goes on.

    Source: D. Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017,
    section 3.2.2, as documented for Azure Machine Learning.
    """

    wire_name: ClassVar[str] = "MedianStopping"

    def leaderboard(self, goal: Goal) -> Leaderboard:
        """Ask for running averages at the intervals that are judged."""
        return Leaderboard(goal, means=self.due)

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Decide by counting; the median itself is only needed when it falls between two."""
        means, interval = board.means(), board.interval(run)
        mine = board.best(run)
        mine += tolerance(mine) if math.isfinite(mine) else 0.0
        not_better, size = means.upto(interval, mine)
        if not size:
            return False
        middle = size // 2
        if size % 2 or not_better != middle:
            return not_better <= middle - (1 - size % 2)
        return means.median(interval) > mine

    def explain(self, board: Leaderboard, run: int) -> Verdict:
        """Name the median and the size of the field."""
        goal, interval = board.goal, board.interval(run)
        means = board.means()
        size = means.size(interval)
        median = goal.from_score(means.median(interval)) if size else math.nan
        mine = goal.from_score(board.best(run))
        stop = self.stops(board, run)
        side = "worse" if stop else "not worse"
        reason = (
            f"best {mine:g} {after(interval)} is {side} than {median:g},"
            f" the median of the running averages of {size} runs"
        )
        return Verdict("MedianStoppingPolicy", interval, mine, median, stop, reason)
