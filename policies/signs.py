"""What is seen of a run that is behind the best: figures without units that say how it may end."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

PAIRS = 24
"""Of so many finished runs, any two are compared: who was ahead, and who was in the end."""
BEST = 3
"""So many of the best finished runs are looked at."""
TINY = 1e-12


class Signs(NamedTuple):
    """Of a run at a look; none has units, and most are logarithms.

    Attributes:
        odds: that another run is ahead at the same report.
        place: the odds by its best place at any look so far.
        trend: how much the odds have changed since half of its reports.
        distance: to the best of all runs, in leads: from the middle one of the first runs.
        beaten: the share of finished runs whose ends it is past.
        level: the share of the best finished runs that were not ahead of it at this report.
        enough: the share of finished runs that gained as much from here on as it needs.
        gain: the most that any of them gained, as a share of what it needs.
        slope: what it gained of late, times what others gained later for each such gain, as a
            share of what it needs.
        pace: what it gains until the end if it goes on as now, as a share of that.
        idle: for which share of its reports it has not become better.
        age: its reports, as a share of those of the middle finished run.
        left: the share that is left.
        apart: how far the best finished runs are from each other, in leads.
        behind: the share of finished runs that were ahead of the best one at this report.
        mobile: the odds that of two finished runs the one behind at this report came out ahead.
        made_up: the share of all pairs in which it did so from as far behind as this run is
            behind the first at this report.
        of_those: the same, as a share of the pairs that were as far apart.
        to_best: as `made_up`, but from the best finished runs at this report.
        over: how many runs are over.
        finished: how many of them were not stopped.
        beside: how many are not over.
        field: how many have been at this look.
        longest: the reports of the longest run so far, as a share of those of the middle finished.
    """

    odds: float
    place: float
    trend: float
    distance: float
    beaten: float
    level: float
    enough: float
    gain: float
    slope: float
    pace: float
    idle: float
    age: float
    left: float
    apart: float
    behind: float
    mobile: float
    made_up: float
    of_those: float
    to_best: float
    over: float
    finished: float
    beside: float
    field: float
    longest: float


class Look:
    """What the finished runs tell of one look: made once for all decisions until another ends.

    Args:
        interval: of the look.
        half: the look at half of it; 0 for none.
        lives: the finished runs: best so far at each report.
        best: the places of the best of them in `lives`, the best first.
    """

    def __init__(
        self, interval: int, half: int, lives: Sequence[array[float]], best: Sequence[int]
    ) -> None:
        self.ends = sorted(life[-1] for life in lives)
        then = [life[interval - 1] if interval <= len(life) else life[-1] for life in lives]
        gains = [
            life[-1] - value if value > -math.inf else 0.0
            for life, value in zip(lives, then, strict=True)
        ]
        self.gains = sorted(gains)
        self.best = [then[place] for place in best]
        known = [value for value in self.best if value > -math.inf]
        self.middle_best = sum(known) / len(known) if known else -math.inf
        ahead = sum(value > self.best[0] for value in then)
        self.behind = math.log((ahead + 0.5) / (len(then) + 1))
        self.later = _later(then, half, lives) if half else 0.0
        self._compare([(v, life[-1]) for v, life in zip(then, lives, strict=True)][-PAIRS:])

    def _compare(self, runs: list[tuple[float, float]]) -> None:
        """Note by how much runs were behind, and by how much those that came out ahead."""
        pairs = [
            (distance, end > its)
            for (value, end), (other, its) in combinations(sorted(runs), 2)
            if end != its and (distance := other - value) == distance  # no NaN: both have none
        ]
        pairs.sort()
        self.apart = apart = [distance for distance, _ in pairs]
        self.overtaken = overtaken = [distance for distance, ahead in pairs if ahead]
        kept = len(apart) - len(overtaken)
        self.mobile = math.log((len(overtaken) + 0.5) / (kept + 0.5))

    def made_up(self, distance: float) -> tuple[float, float]:
        """Return how often such a distance was made up: of all pairs, of those as far apart."""
        count = len(self.overtaken) - bisect_left(self.overtaken, distance) + 0.5
        as_far = len(self.apart) - bisect_left(self.apart, distance)
        return math.log(count / (len(self.apart) + 1)), math.log(count / (as_far + 2))


def _later(then: list[float], half: int, lives: Sequence[array[float]]) -> float:
    """Return what finished runs gained from a look on for each gain since half of it."""
    before = after = 0.0
    for life, value in zip(lives, then, strict=True):
        start = life[half - 1] if half <= len(life) else life[-1]
        if start > -math.inf:
            after += life[-1] - value
            before += value - start
    return after / before if before > 0 else 0.0
