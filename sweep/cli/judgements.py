"""The judgements of a policy on one run, as lines of text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sweep.core.words import counted, number

if TYPE_CHECKING:
    from policies import Goal
    from sweep.view.evaluations import Evaluation

MOST = 12
"""So many judgements are shown: the latest."""
NEAREST = 6
"""So many of the runs that it was compared with are named."""


def judgements(
    judged: Sequence[Evaluation], run: int, goal: Goal, most: int | None
) -> Iterator[str]:
    """Yield each judgement, then what the last one compared the run with.

    Args:
        judged: all of them.
        run: the one that was judged.
        goal: which direction is better.
        most: only so many; None: all.
    """
    if not judged:
        return
    shown = judged if most is None else judged[-most:]
    left_out = f", the last {len(shown)} of them" if len(shown) < len(judged) else ""
    yield f"  judged {counted(len(judged), 'time')}{left_out}:"
    rows = [
        (
            str(one.verdict.interval) + (f" (attempt {one.attempt})" if one.attempt > 1 else ""),
            number(one.verdict.value),
            number(one.verdict.cutoff),
            str(len(one.compared)),
            "stop" if one.verdict.stop else "go on",
        )
        for one in shown
    ]
    names = ("report", "own value", "cut-off", "runs", "")
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    for row in (names, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        yield f"    {'  '.join([*cells, row[-1]])}".rstrip()
    last = shown[-1]
    if not last.verdict.stop:
        yield f"  the last one: {last.verdict.reason}"
    yield from _compared(last, run, goal)


def _compared(one: Evaluation, me: int, goal: Goal) -> Iterator[str]:
    """Say whom the run was compared with: the best, and those around the cut-off."""
    order = sorted(one.compared.items(), key=lambda item: (-goal.score(item[1]), item[0]))
    if len(order) < 2:
        return
    cutoff = goal.score(one.verdict.cutoff) if math.isfinite(one.verdict.cutoff) else None
    place = sum(goal.score(v) >= cutoff for _, v in order) if cutoff is not None else 0
    first = min(max(1, place - NEAREST // 2), max(1, len(order) - NEAREST + 1))
    named = [0, *range(first, min(len(order), first + NEAREST - 1))]
    words, before = [], -1
    for n in named:
        if n > before + 1:
            words.append(f"… {n - before - 1} more …")
        run, value = order[n]
        whose = "an earlier sweep's" if run < 0 else "this run" if run == me else f"run {run}"
        words.append(f"{whose} {number(value)}")
        before = n
    if (rest := len(order) - 1 - before) > 0:
        words.append(f"… {rest} more")
    interval = one.verdict.interval
    reports = "report" if interval == 1 else counted(interval, "report")
    yield f"  compared by the {one.figure} of their first {reports}:"
    yield f"    {', '.join(words).replace(', …', ' …').replace('…,', '…')}"
