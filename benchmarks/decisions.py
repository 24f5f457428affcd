"""The time of one policy decision: a report is taken in, and the policy asked about its run.

A run that is to stop is given its verdict with the reason, which is timed with the decision.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.figures import SERIES, Figure, measure, percentile

INTERVALS = 100
JUDGED = 200
"""Runs whose decisions are timed, after all others have ended."""
SIZES = (100, 1_000, 10_000, 100_000)
POLICIES = ("Bandit", "median", "truncation")
FIGURES = [
    figure
    for name in POLICIES
    for figure in (
        *(
            Figure(f"{name}, {size:,} runs, p50", "µs", at_most=20 if size == 10_000 else None)
            for size in SIZES
        ),
        *(
            Figure(f"{name}, {size:,} runs, p99", "µs", at_most=200 if size == 10_000 else None)
            for size in SIZES
        ),
        Figure(f"{name}, 100,000 runs ÷ 1,000 runs, p50", "times", at_most=2),
        Figure(f"{name}, 100,000 runs, decisions timed", ""),
    )
]
OURS, OURS_UP_TO = "promising", 10_000
"""A policy that looks at some reports only, and does more there: for comparison, all its looks."""
FIGURES += [
    Figure(f"{OURS}, {size:,} runs, a look, {part}", "µs")
    for part in ("p50", "p99")
    for size in SIZES
    if size <= OURS_UP_TO
]


def once(scale: float) -> dict[str, Any]:
    """Every policy at every size; a small scale leaves the largest out."""
    from policies import BanditPolicy, Goal, MedianStoppingPolicy, TruncationSelectionPolicy

    policies = {
        "Bandit": BanditPolicy(slack_factor=1),
        "median": MedianStoppingPolicy(),
        "truncation": TruncationSelectionPolicy(20),
    }
    values: dict[str, Any] = {}
    series: dict[str, list[list[float]]] = {name: [] for name in POLICIES}
    for size in SIZES:
        if size > 1000 and size > SIZES[-1] * scale:
            continue
        judged = min(JUDGED, size // 2)
        ended = recorded(size - judged)
        for name, policy in policies.items():
            board = policy.leaderboard(Goal.MAXIMIZE)
            board.learn(ended)
            took = decisions(policy, board, range(size - judged, size))
            del board
            values[f"{name}, {size:,} runs, p50"] = percentile(took, 0.5)
            values[f"{name}, {size:,} runs, p99"] = percentile(took, 0.99)
            values[f"{name}, {size:,} runs, decisions timed"] = len(took)
            series[name].append([size, percentile(took, 0.5)])
        if size <= OURS_UP_TO:
            took = looks(size, judged)
            values[f"{OURS}, {size:,} runs, a look, p50"] = percentile(took, 0.5)
            values[f"{OURS}, {size:,} runs, a look, p99"] = percentile(took, 0.99)
    for name in POLICIES:
        if (largest := f"{name}, 100,000 runs, p50") in values:
            growth = values[largest] / values[f"{name}, 1,000 runs, p50"]
            values[f"{name}, 100,000 runs ÷ 1,000 runs, p50"] = growth
    return {**values, SERIES: series}


def curve(dice: random.Random) -> Iterator[float]:
    """Yield values that rise to some level, with noise."""
    level = dice.random()
    for n in range(INTERVALS):
        yield level * (1 - 0.9**n) + 0.01 * dice.random()


def recorded(runs: int) -> Any:
    """Return a leaderboard that knows so many runs that have ended."""
    from policies import Goal, Leaderboard

    board, dice = Leaderboard(Goal.MAXIMIZE), random.Random(0)
    for run in range(runs):
        for value in curve(dice):
            board.report(run, value)
    return board


def decisions(policy: Any, board: Any, runs: range) -> list[float]:
    """Return the µs of every decision on some runs that report in turn until they are stopped."""
    took = []
    dice = random.Random(1)
    left = {run: curve(dice) for run in runs}
    gc.collect()
    while left:
        for run, values in [*left.items()]:
            if (value := next(values, None)) is None:
                del left[run]
                continue
            begun = time.perf_counter_ns()
            interval = board.report(run, value)
            if policy.due(interval) and policy.may_stop(board, run) and policy.stops(board, run):
                policy.explain(board, run)
                policy.stopped(board, run)
                del left[run]
            took.append((time.perf_counter_ns() - begun) / 1000)
    return took


def looks(size: int, judged: int) -> list[float]:
    """Return the µs of every look of `PromisingPolicy` at the last runs of a sweep.

    All others have ended before, one of ten by themselves; the last report in turn, and end.
    """
    from policies import Goal, PromisingPolicy

    policy, dice, took = PromisingPolicy(), random.Random(0), []
    board = policy.leaderboard(Goal.MAXIMIZE)
    for run in range(size - judged):
        for value in curve(dice):
            board.report(run, value)
        if run % 10:
            policy.stopped(board, run)
        policy.finished(board, run)
    gc.collect()
    left = {run: curve(dice) for run in range(size - judged, size)}
    while left:
        for run, values in [*left.items()]:
            value = next(values, None)
            if value is None:
                del left[run]
                policy.finished(board, run)
                continue
            begun = time.perf_counter_ns()
            interval = board.report(run, value)
            stop = False
            if policy.due(interval):
                stop = policy.may_stop(board, run) and policy.stops(board, run)
                if stop:
                    policy.explain(board, run)
                    policy.stopped(board, run)
                took.append((time.perf_counter_ns() - begun) / 1000)
            if stop:
                policy.finished(board, run)
                del left[run]
    return took


if __name__ == "__main__":
    measure(
        f"Policy decisions: one report taken in and judged, {INTERVALS} intervals a run",
        "benchmarks.decisions",
        FIGURES,
        once,
    )
