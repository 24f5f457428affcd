"""Curves that were recorded before, played again under any policy, in virtual time."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from policies import EarlyTerminationPolicy, Goal, Verdict
from samplers import dice
from sweep.core.book import AUDIT


@dataclass(frozen=True, slots=True)
class Recording:
    """What one run has reported.

    Attributes:
        number: of the run.
        values: the primary metric, in order.
        seconds: what each report took since the one before it; None: one second each.
    """

    number: int
    values: Sequence[float]
    seconds: Sequence[float] | None = None


@dataclass(slots=True)
class Played:
    """What a policy has made of recordings.

    Attributes:
        reports: how many each run has made, by its number.
        stopped: the verdict on each run that was stopped before its last report.
        seconds: virtual time until the last run had ended.
        evaluations: how often a run was judged.
        audited: the first verdict on each run that was to be stopped and went on nevertheless.
    """

    reports: dict[int, int] = field(default_factory=dict)
    stopped: dict[int, Verdict] = field(default_factory=dict)
    seconds: float = 0.0
    evaluations: int = 0
    audited: dict[int, Verdict] = field(default_factory=dict)


def play(
    recordings: Sequence[Recording],
    policy: EarlyTerminationPolicy,
    goal: Goal,
    slots: int,
    seed: int = 0,
) -> Played:
    """Play recordings against a policy: in their order, so many at a time, each until its end.

    A run that reports is judged as the engine judges it. One that is to be stopped at its last
    report has ended anyway and does not count as stopped. The seed says what is audited.
    """
    board, played = policy.leaderboard(goal), Played()
    waiting = iter(recordings)
    events: list[tuple[float, int, Recording, int]] = []  # time, tie-break, whose, which report
    begun = 0

    def begin(now: float) -> None:
        nonlocal begun
        for one in waiting:
            begun += 1
            if len(one.values):
                heapq.heappush(events, (now + _seconds(one, 0), begun, one, 1))
                return
            played.reports[one.number] = 0

    for _ in range(slots):
        begin(0.0)
    while events:
        now, _, one, interval = heapq.heappop(events)
        run = one.number
        board.report(run, one.values[interval - 1])
        over, stop = interval == len(one.values), False
        if policy.due(interval):
            played.evaluations += 1
            stop = policy.may_stop(board, run) and policy.stops(board, run)
        if stop and not over and dice.unit(seed, run, AUDIT) < policy.audit_fraction:
            played.audited.setdefault(run, policy.explain(board, run))
            stop = False
        if not (stop or over):
            begun += 1
            heapq.heappush(events, (now + _seconds(one, interval), begun, one, interval + 1))
            continue
        if stop and not over:
            played.stopped[run] = policy.explain(board, run)
            policy.stopped(board, run)
        policy.finished(board, run)
        played.reports[run], played.seconds = interval, now
        begin(now)
    return played


def _seconds(one: Recording, place: int) -> float:
    return 1.0 if one.seconds is None else one.seconds[place]
