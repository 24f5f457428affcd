"""What the audit of a policy has found: how often its stops are wrong, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from policies import Goal
from sweep.core.replay import replay
from sweep.core.scheduler import Scheduler
from sweep.storage.reader import SweepReader
from sweep.view.evaluations import began

TOP = 0.05
"""A stop was wrong if the run would have come among so large a share of all runs."""
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Audit:
    """What has become of runs that were to be stopped and were not.

    Attributes:
        audited: how many have come to their end.
        wrong: how many of them came among the best 5 % of all runs.
        interval: of the rate at which stops are wrong, at 95 % (Clopper and Pearson).
        gain: by how much the best audited run is better than all others, in units of the metric;
            0: it is not.
        reports: how many the audited runs made after they were to be stopped.
    """

    audited: int
    wrong: int
    interval: tuple[float, float]
    gain: float
    reports: int


def audit(reader: SweepReader) -> Audit:
    """Play a sweep's journal again and return what its audit has found.

    Raises:
        SweepError: the journal cannot be played again.
    """
    scheduler = Scheduler(began(reader))
    replay(scheduler, reader.past())
    rows = reader.runs()
    ended = {row.number: row.reports for row in rows if row.status == "Completed"}
    audited = {n: r.audited for n, r in scheduler.runs.items() if n in ended}
    over = {n: verdict.interval for n, verdict in audited.items() if verdict is not None}
    bests = {row.number: row.best for row in rows if row.best is not None}
    reports = sum(ended[n] - interval for n, interval in over.items())
    return found(over, bests, scheduler.definition.goal, reports)


def found(over: Iterable[int], bests: Mapping[int, float], goal: Goal, reports: int) -> Audit:
    """Return what an audit has found.

    Args:
        over: the audited runs that have come to their end.
        bests: the best value of each run that has one, stopped ones included.
        goal: which direction is better.
        reports: how many reports the audit has cost.
    """
    audited = set(over)
    scores = {run: goal.score(best) for run, best in bests.items()}
    ordered = sorted(scores.values(), reverse=True)
    line = ordered[max(1, round(TOP * len(ordered))) - 1] if ordered else math.inf
    wrong = sum(scores.get(run, -math.inf) >= line for run in audited)
    others = max((s for run, s in scores.items() if run not in audited), default=-math.inf)
    best = max((scores.get(run, -math.inf) for run in audited), default=-math.inf)
    gain = best - others if -math.inf < others < best else 0.0
    return Audit(len(audited), wrong, clopper_pearson(wrong, len(audited)), gain, reports)


def clopper_pearson(hits: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval for a rate of which so many hits were seen in so many trials.

    Source: C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in
    the case of the binomial", Biometrika 26, 1934.
    """
    tail = (1 - level) / 2
    low = _rate(lambda p: 1 - _upto(hits - 1, trials, p) > tail) if hits else 0.0
    high = _rate(lambda p: _upto(hits, trials, p) < tail) if hits < trials else 1.0
    return low, high


def _rate(beyond: Callable[[float], bool]) -> float:
    """Return where, from 0 to 1, something becomes true."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return high


def _upto(hits: int, trials: int, rate: float) -> float:
    """Return the chance of at most so many hits."""
    return math.fsum(
        math.comb(trials, n) * rate**n * (1 - rate) ** (trials - n) for n in range(hits + 1)
    )
