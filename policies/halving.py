"""Asynchronous successive halving: at each rung only the best go on."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, ClassVar

from policies.goal import Goal
from policies.leaderboard import Leaderboard
from policies.policy import EarlyTerminationPolicy, PolicyError, Verdict, after, whole_number
from policies.ranks import Ranks


class Rungs(Leaderboard):
    """A leaderboard that also keeps who has reached each rung, by the best score until there.

    Args:
        goal: which direction is better.
        policy: says which intervals are rungs.
    """

    def __init__(self, goal: Goal, policy: EarlyTerminationPolicy) -> None:
        super().__init__(goal)
        self._policy = policy
        self._rungs: dict[int, Ranks] = defaultdict(Ranks)

    def report(self, run: int, value: float) -> int:
        """Add one report of `run` and return how many it has made."""
        interval = super().report(run, value)
        if self._policy.due(interval):
            self._rungs[interval].add(self.best(run), -run)
        return interval

    def forget(self, run: int) -> None:
        """Take all reports of `run` back."""
        for interval, best in enumerate(self.progress(run) if self.interval(run) else (), 1):
            if self._policy.due(interval):
                self._rungs[interval].remove(best, -run)
        super().forget(run)

    def rung(self, interval: int) -> Ranks:
        """Return the scores of the runs that have come so far."""
        return self._rungs[interval]


class AsyncSuccessiveHalvingPolicy(EarlyTerminationPolicy):
    """Let a run pass a rung only among the best ``1 / reduction_factor`` of those that reached it.

    The rungs are at `min_reports`, and from each to the next by `reduction_factor`. A run is
    ranked by the best of its reports until the rung, against all runs that have come there
    before it; nobody waits for others. Few runs see the end: it saves most of all policies, and
    loses a good run more often than any other.

    Args:
        min_reports: reports until the first rung.
        reduction_factor: whole number, 2 or more: one of so many goes on.

    Raises:
        PolicyError: an argument is not a whole number, or too small.

    Source: L. Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020, in
    the form that stops (without pauses).
    """

    wire_name: ClassVar[str] = "AsyncSuccessiveHalving"

    def __init__(self, min_reports: int = 1, reduction_factor: int = 3) -> None:
        super().__init__()
        self.min_reports = _at_least("min_reports", min_reports, 1)
        self.reduction_factor = _at_least("reduction_factor", reduction_factor, 2)
        self.delay_evaluation = self.min_reports  # the first rung

    def due(self, interval: int) -> bool:
        """Tell whether there is a rung."""
        while interval > self.min_reports and interval % self.reduction_factor == 0:
            interval //= self.reduction_factor
        return interval == self.min_reports

    def dues(self, before: int, interval: int) -> int:
        """Return how many rungs lie after report `before` and up to `interval`."""
        return sum(map(self.due, range(before + 1, interval + 1)))

    def leaderboard(self, goal: Goal) -> Leaderboard:
        """Ask for the rungs."""
        return Rungs(goal, self)

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Count who is better."""
        assert isinstance(board, Rungs), "the policy's own"
        rung = board.rung(board.interval(run))
        better = rung.size - rung.upto(board.best(run))
        return better > 0 and better * self.reduction_factor >= rung.size

    def explain(self, board: Leaderboard, run: int) -> Verdict:
        """Name the place among those at the rung."""
        assert isinstance(board, Rungs), "the policy's own"
        goal, interval = board.goal, board.interval(run)
        rung = board.rung(interval)
        better = rung.size - rung.upto(board.best(run))
        passing = -(-rung.size // self.reduction_factor)  # at least one
        pairs = [figure for figure, _ in rung.pairs()]
        cutoff = goal.from_score(pairs[-passing]) if pairs else math.nan
        mine, stop = goal.from_score(board.best(run)), self.stops(board, run)
        side = "not among" if stop else "among"
        reason = (
            f"best {mine:g} {after(interval)} ranks {better + 1} of the {rung.size} runs that have"
            f" come so far, {side} the best {passing} (one of {self.reduction_factor});"
            f" the last of these has {cutoff:g}"
        )
        name = "AsyncSuccessiveHalvingPolicy"
        return Verdict(name, interval, mine, cutoff, stop, reason)

    def properties(self) -> dict[str, Any]:
        """Return the arguments in JSON form."""
        return {"min_reports": self.min_reports, "reduction_factor": self.reduction_factor}


def _at_least(key: str, value: object, least: int) -> int:
    number = whole_number(key, value)
    if number < least:
        raise PolicyError(key, f"expected a whole number >= {least}, got {number}")
    return number
