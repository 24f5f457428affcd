"""The time of one policy decision: a report is taken in, and the policy asked about its run."""

from __future__ import annotations

import random
import time
from typing import Any

from benchmarks.figures import SERIES, Figure, measure, percentile

INTERVALS = 100
JUDGED = 100
"""Runs whose decisions are timed, after all others."""
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
    )
]


def once(scale: float) -> dict[str, Any]:
    """Every policy at every size; a small scale leaves the largest out."""
    from policies import BanditPolicy, MedianStoppingPolicy, TruncationSelectionPolicy

    policies = {
        "Bandit": BanditPolicy(slack_factor=0.1),
        "median": MedianStoppingPolicy(),
        "truncation": TruncationSelectionPolicy(20),
    }
    values: dict[str, Any] = {}
    series: dict[str, list[list[float]]] = {name: [] for name in POLICIES}
    for name, policy in policies.items():
        for size in SIZES:
            if size > 1000 and size > SIZES[-1] * scale:
                continue
            took = decisions(policy, size)
            values[f"{name}, {size:,} runs, p50"] = percentile(took, 0.5)
            values[f"{name}, {size:,} runs, p99"] = percentile(took, 0.99)
            series[name].append([size, percentile(took, 0.5)])
        if (largest := f"{name}, 100,000 runs, p50") in values:
            growth = values[largest] / values[f"{name}, 1,000 runs, p50"]
            values[f"{name}, 100,000 runs ÷ 1,000 runs, p50"] = growth
    return {**values, SERIES: series}


def decisions(policy: Any, size: int) -> list[float]:
    """Return the µs of every decision on the last runs of a sweep of this size."""
    from policies import Goal

    board, dice = policy.leaderboard(Goal.MAXIMIZE), random.Random(0)
    judged = min(JUDGED, size // 2)
    for run in range(size - judged):
        level = dice.random()
        for n in range(INTERVALS):
            board.report(run, level * (1 - 0.9**n) + 0.01 * dice.random())
    took = []
    levels = [dice.random() for _ in range(judged)]
    for n in range(INTERVALS):
        for place, level in enumerate(levels):
            run = size - judged + place
            value = level * (1 - 0.9**n) + 0.01 * dice.random()
            begun = time.perf_counter_ns()
            interval = board.report(run, value)
            if policy.due(interval) and policy.may_stop(board, run):
                policy.stops(board, run)
            took.append((time.perf_counter_ns() - begun) / 1000)
    return took


if __name__ == "__main__":
    measure(
        f"Policy decisions: one report taken in and judged, {INTERVALS} intervals a run",
        "benchmarks.decisions",
        FIGURES,
        once,
    )
