"""The read model of all policies: who has reported what, and how it compares at any interval.

Updated once per report; every question a policy asks is answered in about O(log n).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator

from policies.goal import Goal
from policies.standings import Standings

Due = Callable[[int], bool]
"""Whether anybody will ask about the given interval."""


class Leaderboard:
    """Curves of the primary metric, and their order.

    Args:
        goal: which direction is better.
        means: intervals at which the field of running averages is asked for, if ever.
        bests: intervals at which the field of best values is asked for, if ever.
    """

    def __init__(self, goal: Goal, means: Due | None = None, bests: Due | None = None) -> None:
        self.goal = goal
        self.leader: int | None = None
        """The run that holds the best value of all; the earliest to reach it."""
        self._scores: dict[int, array[float]] = {}
        self._best: dict[int, float] = {}
        self._sums: dict[int, tuple[float, int]] = {}
        self._top: list[tuple[float, int]] = []  # per interval: best score by then, and whose
        self._means: Standings[float] | None = Standings(means) if means else None
        self._bests: Standings[tuple[float, int]] | None = Standings(bests) if bests else None
        self._outside: set[int] = set()  # not in the field of best values

    # ---- facts ------------------------------------------------------------------------

    def report(self, run: int, value: float) -> int:
        """Add one report of `run` and return how many it has made.

        A value that is not finite counts as an interval and as the worst possible value; it
        enters no average.
        """
        score = self.goal.score(value)
        scores = self._scores.get(run)
        if scores is None:
            scores = self._scores[run] = array("d")
            self._best[run] = -math.inf
            self._sums[run] = (0.0, 0)
        scores.append(score)
        length = len(scores)
        self._note_best(run, length, score)
        if self._means is not None:
            self._note_mean(self._means, run, length, score)
        return length

    def forget(self, run: int) -> None:
        """Take all reports of `run` back: its attempt is void and it may begin again."""
        if run not in self._scores:
            return
        if self._means is not None:
            self._means.withdraw(self._figures_of_means(run))
        self.exclude(run)
        self._outside.discard(run)
        del self._scores[run], self._best[run], self._sums[run]
        self._recount_top(run)

    def exclude(self, run: int) -> None:
        """Take `run` out of the field of best values; its own values stay known."""
        if self._bests is not None and run not in self._outside and run in self._scores:
            self._bests.withdraw(self._figures_of_bests(run))
        self._outside.add(run)

    def learn(self, other: Leaderboard) -> None:
        """Add all that another leaderboard knows."""
        for run, scores in other._scores.items():
            for score in scores:
                self.report(run, self.goal.from_score(score))

    # ---- questions --------------------------------------------------------------------

    @property
    def population(self) -> int:
        """How many runs have reported anything."""
        return len(self._scores)

    def interval(self, run: int) -> int:
        """Return how many reports `run` has made."""
        scores = self._scores.get(run)
        return len(scores) if scores is not None else 0

    def best(self, run: int) -> float:
        """Return the best score of `run` so far; minus infinity where it has no finite one."""
        return self._best.get(run, -math.inf)

    def top(self, interval: int) -> tuple[float, int]:
        """Return the best score of all runs over their first `interval` reports, and whose."""
        return self._top[min(interval, len(self._top)) - 1]

    def means(self) -> Standings[float]:
        """Return the field of running averages (scores)."""
        assert self._means is not None, "no policy asked for averages"
        return self._means

    def bests(self) -> Standings[tuple[float, int]]:
        """Return the field of best scores; an equal score ranks higher when its run is older."""
        assert self._bests is not None, "no policy asked for best values"
        return self._bests

    # ---- upkeep -----------------------------------------------------------------------

    def _note_best(self, run: int, length: int, score: float) -> None:
        before = self._best[run]
        now = self._best[run] = max(before, score)
        top = self._top
        if length > len(top):
            top.append(top[-1] if top else (-math.inf, run))
        for i in range(length - 1, len(top)):
            if now <= top[i][0]:
                break
            top[i] = (now, run)
        if now > -math.inf and (self.leader is None or now > self._best[self.leader]):
            self.leader = run
        if self._bests is not None and run not in self._outside:
            previous = (before, -run) if length > 1 else None
            self._bests.advance(length, (now, -run), previous)

    def _note_mean(self, field: Standings[float], run: int, length: int, score: float) -> None:
        total, count = self._sums[run]
        previous = _mean(total, count)
        if score > -math.inf:
            total, count = self._sums[run] = (total + score, count + 1)
        field.advance(length, _mean(total, count), previous)

    def _figures_of_means(self, run: int) -> Iterator[tuple[int, float | None]]:
        total, count = 0.0, 0
        for length, score in enumerate(self._scores[run], 1):
            if score > -math.inf:
                total, count = total + score, count + 1
            yield length, _mean(total, count)

    def _figures_of_bests(self, run: int) -> Iterator[tuple[int, tuple[float, int]]]:
        best = -math.inf
        for length, score in enumerate(self._scores[run], 1):
            best = max(best, score)
            yield length, (best, -run)

    def _recount_top(self, gone: int) -> None:
        """Find new holders for the places that `gone` held; a rare event, so by looking."""
        if self.leader != gone and all(holder != gone for _, holder in self._top):
            return
        longest = max((len(s) for s in self._scores.values()), default=0)
        self._top = [(-math.inf, gone)] * longest
        self.leader = None
        for run, scores in self._scores.items():
            best = -math.inf
            for i in range(longest):
                if i < len(scores):
                    best = max(best, scores[i])
                if best > self._top[i][0]:
                    self._top[i] = (best, run)
            if best > -math.inf and (self.leader is None or best > self._best[self.leader]):
                self.leader = run


def _mean(total: float, count: int) -> float | None:
    mean = total / count if count else math.nan
    return mean if math.isfinite(mean) else None
