"""What the curves of a sweep say of how a run may end: the read model of `PromisingPolicy`."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple, Protocol

from policies.goal import Goal
from policies.leaderboard import Leaderboard
from policies.ranks import Ranks
from policies.signs import BEST, TINY, Look, Signs

MOST = 48
"""So many finished runs are looked at: the latest. A decision costs the same in any sweep."""
AMONG = 4
"""The lead of the best finished runs is taken over so many of them."""
FAR, WIDE, NEAR = 20.0, 5.0, 0.02
"""Ratios count up to here, or from here on: what is beyond is all the same."""


class Looks(Protocol):
    """Says at which intervals runs are looked at.

    Attributes:
        finished_runs: so many go to their ends before any is stopped.
    """

    finished_runs: int

    def due(self, interval: int) -> bool:
        """Tell whether a run is looked at."""

    def looks(self, interval: int) -> Sequence[int]:
        """Return all looks up to an interval."""


class Finished(NamedTuple):
    """How runs that were not stopped have ended.

    Attributes:
        runs: how many are looked at.
        best: the best score of all that have ended.
        middle: the score of the middle one of the first.
        length: how many reports the middle one made.
        tops: the places of the best of those that are looked at, the best first.
        apart: by how much the best few are better than the next one, on average.
    """

    runs: int
    best: float
    middle: float
    length: float
    tops: list[int]
    apart: float


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
        self._lengths: list[int] = []  # of the finished ones, sorted
        self._order: list[int] = []  # of the finished ones, by number
        self._leading: list[
            tuple[float, int]
        ] = []  # the best of them: minus the score, and number
        self._finished: Finished | None = None
        self._learnt: dict[int, Look] = {}
        self._seen: dict[int, Signs] = {}  # since anything has changed

    def report(self, run: int, value: float) -> int:
        """Add one report of `run` and return how many it has made."""
        self._seen = {}
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
        self._seen = {}
        self._over.discard(run)
        self._stopped.discard(run)
        if (life := self._lives.pop(run, None)) is not None:
            self._lengths.remove(len(life))
            self._order.remove(run)
            self._leading = sorted((-life[-1], n) for n, life in self._lives.items())[: AMONG + 1]
            self._learn_anew()

    def stop(self, run: int) -> None:
        """Note that a run was stopped: how it would have ended is not known."""
        self._stopped.add(run)

    def finish(self, run: int) -> None:
        """Note that a run is over."""
        if run in self._over or not self.interval(run):
            return
        self._over.add(run)
        self._seen = {}
        for look, there in self._at.items():
            if look > self.interval(run):
                there.add(self.best(run), -run)
        if run not in self._stopped:
            self._lives[run] = array("d", self.progress(run))
            insort(self._order, run)
            insort(self._lengths, self.interval(run))
            insort(self._leading, (-self.best(run), run))
            del self._leading[AMONG + 1 :]
            self._learn_anew()

    def as_long(self, interval: int) -> int:
        """Return how many runs came to their ends at or after a report."""
        return len(self._lengths) - bisect_left(self._lengths, interval)

    @property
    def count(self) -> int:
        """How many runs are over that were not stopped."""
        return len(self._lives)

    def finished(self) -> Finished:
        """Return how runs have ended; some have."""
        if self._finished is None:
            runs, best = self._looked_at(), [-score for score, _ in self._leading]
            among = min(AMONG, len(self._lives) // 2)
            apart = math.inf
            if best[among] > -math.inf:
                apart = sum(end - best[among] for end in best[:among]) / max(1, among)
            self._finished = Finished(
                len(runs),
                best[0],
                self._middle(),
                self._usual_length(runs),
                [runs.index(run) for _, run in self._leading[:BEST]],
                apart,
            )
        return self._finished

    def look(self, interval: int) -> Look:
        """Return what the finished runs tell of a look."""
        if interval not in self._learnt:
            half = self._half(self._policy.looks(interval))
            tops = self.finished().tops
            lives = [self._lives[run] for run in self._looked_at()]
            self._learnt[interval] = Look(interval, half, lives, tops)
        return self._learnt[interval]

    def lead(self) -> float:
        """Return how far the best of all runs is from the middle one of the first finished."""
        assert self.leader is not None, "some have finished"
        return max(self.best(self.leader) - self.finished().middle, TINY)

    def ahead(self, run: int) -> tuple[int, int]:
        """Return how many runs were ahead of one by then, and of how many."""
        there = self._at[self.interval(run)]
        return there.size - there.upto(self.best(run)), there.size

    def signs(self, run: int) -> Signs:
        """Return what there is to see of a run that is worse than the best one."""
        if run not in self._seen:
            self._seen[run] = self._look_at(run)
        return self._seen[run]

    def _look_at(self, run: int) -> Signs:
        assert self.leader is not None, "some have finished"
        ended, bests, lead = self.finished(), [*self.progress(run)], self.lead()
        interval, now = len(bests), bests[-1]
        looks = self._policy.looks(interval)
        there, look = self._at[interval], self.look(interval)
        need, best = max(self.best(self.leader) - now, TINY), self.best(self.leader)
        odds = [self._odds(one, bests[one - 1]) for one in looks]
        half, before = self._half(looks), bests[looks[-2] - 1] if len(looks) > 1 else -math.inf
        since = next(one for one in looks if bests[one - 1] == now)
        rest = max(0.0, ended.length - interval)
        pace = (now - before) / (interval - looks[-2]) * rest if before > -math.inf else 0.0
        late = now - bests[half - 1] if half and bests[half - 1] > -math.inf else 0.0
        made_up, of_those = look.made_up(there.blocks[-1][-1] - now)
        enough = len(look.gains) - bisect_left(look.gains, need)
        apart = ended.apart + max(0.0, best - ended.best) / AMONG
        return Signs(
            odds=odds[-1],
            place=min(odds),
            trend=odds[-1] - odds[looks.index(half)] if half else 0.0,
            distance=math.log(min(max(need / lead, 0.003), FAR)),
            beaten=bisect_left(look.ends, now) / len(look.ends),
            level=sum(value <= now for value in look.best) / len(look.best),
            enough=math.log((enough + 0.5) / (ended.runs + 1)),
            gain=math.log(min(max(look.gains[-1] / need, NEAR), WIDE)),
            slope=math.log(NEAR + min(max(late * look.later / need, 0.0), WIDE)),
            pace=math.log(NEAR + min(pace / need, FAR)),
            idle=(interval - since) / interval,
            age=math.log(min(interval / ended.length, 1.0)),
            left=math.log(NEAR + rest / ended.length),
            apart=math.log(min(max(apart / lead, 0.001), 1.0)),
            behind=look.behind,
            mobile=look.mobile,
            made_up=made_up,
            of_those=of_those,
            to_best=look.made_up(look.middle_best - now)[0],
            over=math.log(len(self._over)),
            finished=math.log(ended.runs),
            beside=math.log(1 + len(self._curves) - len(self._over)),
            field=math.log(there.size),
            longest=math.log(min(len(self._tops) / ended.length, FAR)),
        )

    def _odds(self, look: int, figure: float) -> float:
        there = self._at[look]
        ahead = there.size - there.upto(figure)
        return math.log((ahead + 0.5) / (there.size - ahead + 0.5))

    @staticmethod
    def _half(looks: Sequence[int]) -> int:
        """Return the look at half of the last one's reports, or the first; 0: it is the first."""
        if len(looks) < 2:
            return 0
        return max((look for look in looks if 2 * look <= looks[-1]), default=looks[0])

    def _usual_length(self, runs: Sequence[int]) -> float:
        """Return the middle length of the runs, without those that ended early."""
        lengths = [len(self._lives[run]) for run in runs]
        return median(length for length in lengths if 2 * length >= max(lengths))

    def _middle(self) -> float:
        ends = [self._lives[run][-1] for run in self._order[: self._policy.finished_runs]]
        middle = median(ends)
        if middle > -math.inf:
            return middle
        return min((end for end in ends if end > middle), default=-self._leading[0][0])

    def _looked_at(self) -> list[int]:
        """Return the latest finished runs, and the best ones, by number."""
        return sorted({*self._order[-MOST:], *(run for _, run in self._leading)})

    def _learn_anew(self) -> None:
        self._finished, self._learnt = None, {}
