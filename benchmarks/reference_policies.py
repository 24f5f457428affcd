"""Policies for comparison: the published baseline's own rules, Hyperband, and one that knows all.

The baseline's rules differ from HyperDrive's in what a run is compared with: only runs that have
come as far count, and truncation and ASHA take the latest report, not the best so far.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from typing import Any, ClassVar

from policies import EarlyTerminationPolicy, Goal, Leaderboard, Verdict
from samplers import dice


class Reference(EarlyTerminationPolicy):
    """A rule in a few lines, without reasons; the leader is not exempt."""

    wire_name: ClassVar[str] = "Reference"

    def __init__(self, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        super().__init__(evaluation_interval, delay_evaluation)
        self.seen: dict[int, list[float]] = defaultdict(list)

    def may_stop(self, board: Leaderboard, run: int) -> bool:  # noqa: ARG002
        """Always."""
        return True

    def explain(self, board: Leaderboard, run: int) -> Verdict:
        """Say nothing."""
        return Verdict("reference", board.interval(run), math.nan, math.nan, stop=True, reason="")

    def properties(self) -> dict[str, Any]:
        """Return nothing: it is not for a file."""
        return {}


class BaselineBandit(Reference):
    """Best so far against the best of the runs that have come as far."""

    def __init__(self, slack: float) -> None:
        super().__init__()
        self.slack = slack
        self.tops: dict[int, float] = defaultdict(lambda: -math.inf)

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Tell whether the rule says so."""
        interval, mine = board.interval(run), board.best(run)
        top = self.tops[interval] = max(mine, self.tops[interval])
        if interval < 5 or top == -math.inf:
            return False
        if board.goal is Goal.MAXIMIZE:
            return mine < top / (1 + self.slack)
        return -mine > -top * (1 + self.slack)


class BaselineMedian(Reference):
    """Best so far against the median of the averages of the runs that have come as far."""

    def __init__(self) -> None:
        super().__init__()
        self.sums: dict[int, tuple[float, int]] = defaultdict(lambda: (0.0, 0))

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Tell whether the rule says so."""
        interval, value = board.interval(run), board.scores(run)[-1]
        total, count = self.sums[run]
        if value > -math.inf:
            total, count = self.sums[run] = total + value, count + 1
        field = self.seen[interval]
        insort(field, total / count if count else -math.inf)
        size = len(field)
        upper, lower = field[size // 2], field[(size - 1) // 2]
        median = upper if upper == lower else (upper + lower) / 2
        return interval >= 5 and board.best(run) < median


class BaselineTruncation(Reference):
    """The latest report among the lowest fifth of those at the same interval."""

    def __init__(self) -> None:
        super().__init__(evaluation_interval=5)

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Tell whether the rule says so."""
        value, field = board.scores(run)[-1], self.seen[board.interval(run)]
        insort(field, value)
        return bisect_left(field, value) < len(field) // 5 and field[-1] > value


class BaselineAsha(Reference):
    """ASHA on the latest report, with the first rung at a 27th of the longest run."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.rungs = rungs(max(1, longest // 27), 3, longest)

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Tell whether the rule says so."""
        interval, value = board.interval(run), board.scores(run)[-1]
        if interval not in self.rungs:
            return False
        return falls_behind(self.seen[interval], value)


class Hyperband(Reference):
    """Asynchronous Hyperband: each run belongs to one of four brackets, each an ASHA of its own.

    The brackets begin at 1, 3, 9 and 27 twenty-sevenths of a run; as in Hyperband, a bracket is
    drawn with odds of (s + 1)^-1 * 3^s for s = 0 (no stops) to 3.

    Source: L. Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020.
    """

    def __init__(self, longest: int, seed: int) -> None:
        super().__init__()
        first = max(1, longest // 27)
        self.seed = seed
        self.brackets = [rungs(first * 3 ** (3 - s), 3, longest) for s in range(4)]
        self.odds = [3**s / (s + 1) for s in range(4)]
        self.fields: dict[tuple[int, int], list[float]] = defaultdict(list)

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Tell whether the rule says so."""
        left, bracket = dice.unit(self.seed, run, "bracket") * sum(self.odds), 0
        while left > self.odds[bracket]:
            left -= self.odds[bracket]
            bracket += 1
        interval, value = board.interval(run), board.scores(run)[-1]
        if interval not in self.brackets[bracket]:
            return False
        return falls_behind(self.fields[bracket, interval], value)


class Hindsight(Reference):
    """Knows the best run of the draw and ends every other one at its first report."""

    def __init__(self, best: int) -> None:
        super().__init__()
        self.best_run = best

    def stops(self, board: Leaderboard, run: int) -> bool:  # noqa: ARG002
        """Tell whether the rule says so."""
        return run != self.best_run


def rungs(first: int, factor: int, longest: int) -> set[int]:
    """Return first, first * factor, ... below the longest run."""
    found = set()
    while first < longest:
        found.add(first)
        first *= factor
    return found


def falls_behind(field: list[float], value: float) -> bool:
    """Add a value to those at a rung; tell whether it is not among their best third."""
    insort(field, value)
    better = len(field) - bisect_right(field, value)
    return better > 0 and better * 3 >= len(field)
