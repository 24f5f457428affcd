"""The specification's policies, written a second time: slow, plain, from whole curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median

Curves = Mapping[int, Sequence[float]]


def finite(values: Sequence[float]) -> list[float]:
    return [v for v in values if math.isfinite(v)]


def best(values: Sequence[float], maximize: bool) -> float:
    """Best finite value; the worst thinkable where there is none."""
    good = finite(values)
    if maximize:
        return max(good, default=-math.inf)
    return min(good, default=math.inf)


def worse(a: float, b: float, maximize: bool) -> bool:
    return a < b if maximize else a > b


def tolerance(value: float) -> float:
    return 1e-12 * max(1.0, abs(value))


def bandit(
    curves: Curves, run: int, maximize: bool, factor: float | None, amount: float | None
) -> bool:
    n = len(curves[run])
    bests = [best(c[:n], maximize) for c in curves.values() if c]
    top = max(bests) if maximize else min(bests)
    if not math.isfinite(top):
        return False
    mine, eps = best(curves[run], maximize), tolerance(top)
    if maximize:
        limit = top - abs(top) * (1 - 1 / (1 + factor)) if factor is not None else top - amount
        return mine < limit - eps
    limit = top + abs(top) * factor if factor is not None else top + amount
    return mine > limit + eps


def median_stopping(curves: Curves, run: int, maximize: bool) -> bool:
    n = len(curves[run])
    heads = [finite(c[:n]) for c in curves.values()]
    averages = []
    for head in heads:
        if head:
            total = 0.0
            for value in head:
                total += value
            averages.append(total / len(head))
    if not averages:
        return False
    middle, mine = median(averages), best(curves[run], maximize)
    if not math.isfinite(mine):
        return True
    eps = tolerance(mine)
    return mine + eps < middle if maximize else mine - eps > middle


def truncation(
    curves: Curves, run: int, maximize: bool, percentage: int, outside: set[int]
) -> bool:
    n = len(curves[run])
    field = [r for r, c in curves.items() if c and r not in outside]

    def place(r: int) -> tuple[float, int]:
        value = best(curves[r][:n], maximize)
        return (-value if maximize else value, r)

    ranked = sorted(field, key=place)
    tail = math.floor(len(ranked) * percentage / 100)
    return run in ranked[len(ranked) - tail :]


def leader(history: Sequence[tuple[int, float]], maximize: bool) -> int | None:
    """The run that was first to report the best finite value."""
    found: tuple[float, int] | None = None
    for run, value in history:
        if math.isfinite(value) and (found is None or worse(found[0], value, maximize)):
            found = (value, run)
    return found[1] if found else None
