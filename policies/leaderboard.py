"""The read model of all policies: who has reported what, and how it compares at any interval.

Updated once per report; every question a policy asks is answered in about O(log n).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

from policies.goal import Goal
from policies.standings import Standings

Due = Callable[[int], bool]
"""Whether anybody will ask about the given interval."""


class Curve:
    """What one run has reported.

    Attributes:
        scores: all of it, in order.
        best: the best score; minus infinity where none is finite.
        mean: the average of the finite scores, where it is a number, and all that it is made of.
    """

    __slots__ = ("best", "count", "mean", "scores", "total")

    def __init__(self) -> None:
        self.scores = array("d")
        self.best = -math.inf
        self.mean: float | None = None
        self.total, self.count = 0.0, 0

    def average(self, score: float) -> None:
        """Let a score that has been added enter the average, if it is finite."""
        if score > -math.inf:
            self.total += score
            self.count += 1
            mean = self.total / self.count
            self.mean = mean if math.isfinite(mean) else None


class Leaderboard:
    """Curves of the primary metric, and their order.

    Args:
        goal: which direction is better.
        means: intervals at which the field of running averages is asked for, if ever.
        bests: intervals at which the field of best values is asked for, if ever.
    """

    def __init__(self, goal: Goal, means: Due | None = None, bests: Due | None = None) -> None:
        self.goal = goal
        self._up = goal is Goal.MAXIMIZE
        self.leader: int | None = None
        """The run that holds the best value of all; the earliest to reach it."""
        self.population = 0
        """How many runs have reported anything."""
        self._curves: dict[int, Curve] = {}
        self._tops = array("d")  # per interval: the best score by then
        self._holders = array("q")  # and whose it is
        self._means: Standings | None = Standings(means) if means else None
        self._bests: Standings | None = Standings(bests) if bests else None
        self._outside: set[int] = set()  # not in the field of best values

    # ---- facts ------------------------------------------------------------------------

    def report(self, run: int, value: float) -> int:
        """Add one report of `run` and return how many it has made.

        A value that is not finite counts as an interval and as the worst possible value; it
        enters no average.
        """
        if isinstance(value, int):
            value = float(value)  # as it will be stored
        # `Goal.score` without the calls: this is the hot path.
        score = (value if self._up else -value) if value - value == 0 else -math.inf
        curve = self._curves.get(run)
        if curve is None:
            curve = self._curves[run] = Curve()
            self.population += 1
        before, scores, tops = curve.best, curve.scores, self._tops
        scores.append(score)
        length = len(scores)
        if length > len(tops):
            tops.append(tops[-1] if tops else -math.inf)
            self._holders.append(self._holders[-1] if self._holders else run)
        if score > before:  # else it cannot be above what the field had before either
            curve.best = score
            if score > tops[length - 1]:
                self._raise_top(run, length, score)
        if self._bests is not None and run not in self._outside:
            self._bests.advance(run, length, curve.best, before if length > 1 else None)
        if self._means is not None:
            previous = curve.mean
            curve.average(score)
            self._means.advance(run, length, curve.mean, previous)
        return length

    def follow(
        self,
        reports: Iterable[tuple[int, float, float, Any]],
        share: float,
        amount: float,
        due: Due,
    ) -> int:
        """Add many reports as `report` does, as long as each is near enough to the best.

        Only for a board without fields. It takes a third of the time: there are no calls.

        Args:
            reports: run, value, and two things more.
            share: of the best of all runs: by so much a run's best may be worse.
            amount: by so much more.
            due: the intervals at which it matters.

        Returns:
            How many reports were added: all, or those before the first that is too far away, or
            is not a finite number.
        """
        assert (self._means, self._bests) == (None, None), "fields are kept report by report"
        up, curves, tops = self._up, self._curves, self._tops
        count = 0
        for run, value, _, _ in reports:
            if value - value != 0:
                break
            score = value if up else -value
            curve = curves.get(run) or Curve()
            scores, best = curve.scores, curve.best
            length = len(scores) + 1
            top = tops[length - 1] if length <= len(tops) else tops[-1] if tops else -math.inf
            best = score if score > best else best  # noqa: FURB136 - no calls
            if best < top - abs(top) * share - amount and due(length):
                break
            if length == 1 or length > len(tops):  # where there is more to do
                self.report(run, value)
            else:
                scores.append(score)
                if best == score:
                    curve.best = score
                    if score > top:
                        self._raise_top(run, length, score)
            count += 1
        return count

    def forget(self, run: int) -> None:
        """Take all reports of `run` back: its attempt is void and it may begin again."""
        if run not in self._curves:
            return
        if self._means is not None:
            self._means.withdraw(run, _averages(self.scores(run), Curve()))
        self.exclude(run)
        self._outside.discard(run)
        del self._curves[run]
        self.population -= 1
        self._recount_top(run)

    def exclude(self, run: int) -> None:
        """Take `run` out of the field of best values; its own values stay known."""
        if self._bests is not None and run not in self._outside and run in self._curves:
            self._bests.withdraw(run, enumerate(self.progress(run), 1))
        self._outside.add(run)

    def learn(self, other: Leaderboard) -> None:
        """Add all that another leaderboard knows, of runs that are not known here.

        The fields are sorted once, which is quicker than report by report.
        """
        means, bests, self._means, self._bests = self._means, self._bests, None, None
        for run, curve in other._curves.items():
            for score in curve.scores:
                self.report(run, self.goal.from_score(score))
        self._means, self._bests = means, bests
        if means is not None:
            curves = ((run, self._curves[run]) for run in other._curves)
            means.enter((run, _averages(curve.scores, curve)) for run, curve in curves)
        if bests is not None:
            inside = [run for run in other._curves if run not in self._outside]
            bests.enter((run, enumerate(self.progress(run), 1)) for run in inside)

    # ---- questions --------------------------------------------------------------------

    def interval(self, run: int) -> int:
        """Return how many reports `run` has made."""
        curve = self._curves.get(run)
        return len(curve.scores) if curve is not None else 0

    def scores(self, run: int) -> Sequence[float]:
        """Return the scores of `run` in order. Not to be changed."""
        return self._curves[run].scores

    def progress(self, run: int) -> Iterator[float]:
        """Yield the best score of `run` so far, at each of its reports."""
        return accumulate(self.scores(run), max)

    def best(self, run: int) -> float:
        """Return the best score of `run` so far; minus infinity where it has no finite one."""
        curve = self._curves.get(run)
        return curve.best if curve is not None else -math.inf

    def top(self, interval: int) -> tuple[float, int]:
        """Return the best score of all runs over their first `interval` reports, and whose."""
        place = min(interval, len(self._tops)) - 1
        return self._tops[place], self._holders[place]

    def compare(self, run: int) -> tuple[float, float]:
        """Return the best score of `run`, and the best of all runs over as many reports."""
        curve = self._curves[run]
        return curve.best, self._tops[len(curve.scores) - 1]

    def means(self) -> Standings:
        """Return the field of running averages (scores)."""
        assert self._means is not None, "no policy asked for averages"
        return self._means

    def bests(self) -> Standings:
        """Return the field of best scores; an equal score ranks higher when its run is older."""
        assert self._bests is not None, "no policy asked for best values"
        return self._bests

    # ---- upkeep -----------------------------------------------------------------------

    def _raise_top(self, run: int, length: int, score: float) -> None:
        tops, holders = self._tops, self._holders
        if score > tops[-1]:  # the best of all
            self.leader = run
        for i in range(length - 1, len(tops)):
            if score <= tops[i]:
                break
            tops[i], holders[i] = score, run

    def _recount_top(self, gone: int) -> None:
        """Find new holders for the places that `gone` held; a rare event, so by looking."""
        if self.leader != gone and gone not in self._holders:
            return
        longest = max((len(c.scores) for c in self._curves.values()), default=0)
        self._tops = array("d", [-math.inf]) * longest
        self._holders = array("q", [gone]) * longest
        self.leader = None
        for run, curve in self._curves.items():
            best = -math.inf
            for i in range(longest):
                if i < len(curve.scores):
                    best = max(best, curve.scores[i])
                if best > self._tops[i]:
                    self._tops[i], self._holders[i] = best, run
            if best > -math.inf and (self.leader is None or best > self.best(self.leader)):
                self.leader = run


def _averages(scores: Iterable[float], curve: Curve) -> Iterator[tuple[int, float | None]]:
    """Let scores enter the average of a curve that has none; yield it after each."""
    for length, score in enumerate(scores, 1):
        curve.average(score)
        yield length, curve.mean
