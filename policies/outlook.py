"""What the curves of a sweep say of how a run may end: the read model of `PromisingPolicy`."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple, Protocol

from policies.goal import Goal
from policies.leaderboard import Leaderboard
from policies.ranks import Ranks

MOST = 96
"""So many finished runs are looked at: the latest. A decision costs the same in any sweep."""
FAR, WIDE = 20.0, 5.0
"""Ratios count up to here: what is beyond is all the same."""


class Looks(Protocol):
    """Says at which intervals runs are looked at."""

    def due(self, interval: int) -> bool:
        """Tell whether a run is looked at."""

    def looks(self, interval: int) -> Sequence[int]:
        """Return all looks up to an interval."""


class Finished(NamedTuple):
    """How runs that were not stopped have ended.

    Attributes:
        runs: how many are looked at.
        best: the best score of all that have ended.
        spread: from the middle one of them to the best.
        length: how many reports the middle one made.
    """

    runs: int
    best: float
    spread: float
    length: float


class Signs(NamedTuple):
    """Of how a run that is behind the best may end; none of them has units.

    Attributes:
        ahead: how many runs were better by then, of `field`.
        field: of how many that have come so far or ended before.
        odds: the logarithm of the odds that a run is better.
        place: the least share of runs that was ahead at any look so far.
        distance: to the best finished run, in spreads of the finished ones.
        enough: the share of finished runs that gained as much as this one needs from here on.
        gain: the most that any of them gained, as a share of that.
        pace: what it will have gained by the end, as it does now, as a share of that.
        idle: for which share of its reports it has not become better.
    """

    ahead: int
    field: int
    odds: float
    place: float
    distance: float
    enough: float
    gain: float
    pace: float
    idle: float


class Outlook(Leaderboard):
    """A leaderboard that also knows who was where at each look, and how runs came to their ends.

    Args:
        goal: which direction is better.
        policy: says when runs are looked at.
    """

    def __init__(self, goal: Goal, policy: Looks) -> None:
        super().__init__(goal)
        self._policy = policy
        self._at: dict[int, Ranks] = {}  # by look; a run that has ended before counts with its end
        self._over: set[int] = set()
        self._stopped: set[int] = set()
        self._lives: dict[int, array[float]] = {}  # best so far at each interval
        self._best = -math.inf
        self._finished: Finished | None = None
        self._gains: dict[int, list[float]] = {}

    def report(self, run: int, value: float) -> int:
        """Add one report of `run` and return how many it has made."""
        interval = super().report(run, value)
        if self._policy.due(interval):
            if (there := self._at.get(interval)) is None:
                before = [n for n in self._over if self.interval(n) < interval]
                there = self._at[interval] = Ranks((self.best(n), -n) for n in before)
            there.add(self.best(run), -run)
        return interval

    def forget(self, run: int) -> None:
        """Take all reports of `run` back."""
        bests = [*self.progress(run)] if self.interval(run) else []
        for look, there in self._at.items():
            if bests and (look <= len(bests) or run in self._over):
                there.remove(bests[min(look, len(bests)) - 1], -run)
        super().forget(run)
        self._over.discard(run)
        self._stopped.discard(run)
        if self._lives.pop(run, None) is not None:
            self._best = max((life[-1] for life in self._lives.values()), default=-math.inf)
            self._learn_anew()

    def stop(self, run: int) -> None:
        """Note that a run was stopped: how it would have ended is not known."""
        self._stopped.add(run)

    def finish(self, run: int) -> None:
        """Note that a run is over."""
        if run in self._over or not self.interval(run):
            return
        self._over.add(run)
        for look, there in self._at.items():
            if look > self.interval(run):
                there.add(self.best(run), -run)
        if run not in self._stopped:
            self._lives[run] = array("d", self.progress(run))
            self._best = max(self._best, self.best(run))
            self._learn_anew()

    @property
    def count(self) -> int:
        """How many runs are over that were not stopped."""
        return len(self._lives)

    def finished(self) -> Finished:
        """Return how runs have ended; some have."""
        if self._finished is None:
            lives = self._latest()
            ends = [life[-1] for life in lives]
            middle = median(ends)
            if middle == -math.inf:
                middle = min((end for end in ends if end > middle), default=self._best)
            spread = max(self._best - middle, 1e-12)
            self._finished = Finished(len(lives), self._best, spread, median(map(len, lives)))
        return self._finished

    def gains(self, interval: int) -> list[float]:
        """Return what each finished run gained from an interval on, smallest first."""
        if interval not in self._gains:
            found = []
            for life in self._latest():
                then = life[min(interval, len(life)) - 1]
                found.append(life[-1] - then if then > -math.inf else 0.0)
            self._gains[interval] = sorted(found)
        return self._gains[interval]

    def signs(self, run: int) -> Signs:
        """Return what there is to see of a run that is worse than the best finished one."""
        ended, bests = self.finished(), [*self.progress(run)]
        interval, now = len(bests), bests[-1]
        looks = self._policy.looks(interval)
        need, gains = ended.best - now, self.gains(interval)
        there = self._at[interval]
        ahead = there.size - there.upto(now)
        left = ended.length - interval
        pace, before = 0.0, bests[looks[-2] - 1] if len(looks) > 1 else -math.inf
        if before > -math.inf and left > 0:
            pace = (now - before) / need * left / (interval - looks[-2])
        since = next(look for look in looks if bests[look - 1] == now)
        return Signs(
            ahead,
            there.size,
            math.log((ahead + 0.5) / (there.size - ahead)),
            min(self._share_ahead(look, bests[look - 1]) for look in looks),
            min(need / ended.spread, FAR),
            sum(gain >= need for gain in gains) / len(gains),
            min(gains[-1] / need, WIDE),
            min(pace, FAR),
            (interval - since) / interval,
        )

    def _share_ahead(self, look: int, figure: float) -> float:
        there = self._at[look]
        return (there.size - there.upto(figure) + 0.5) / (there.size + 0.5)

    def _latest(self) -> list[array[float]]:
        return [*self._lives.values()][-MOST:]

    def _learn_anew(self) -> None:
        self._finished, self._gains = None, {}
