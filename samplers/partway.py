"""Runs that were stopped partway, for a model: how far a run has gone is one more column.

What a stopped run had come to is no loss of a whole run, only of a run that goes as far. So each
loss is seen at the share of the way at which it was the lowest so far, by the logarithm of the
number of reports; and what is asked is the loss at the end, where the share is 1. What the runs
that went on gained on their way tells what the others would have. (Swersky, Snoek & Adams 2014,
"Freeze-thaw Bayesian optimization", model curves for the same; here a curve is what the kernel
makes of a column.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import NamedTuple

import numpy as np

from samplers.columns import Array
from samplers.course import Course
from samplers.gaussian import Process

QUANTILES = (0.0, 0.5, 1.0)
"""Of the ways that the stopped runs went: how far the others had come by then is seen as well."""


class Observations(NamedTuple):
    """Losses, and where they were seen: the last column is the share of the way."""

    points: Array
    losses: Array


def is_partway(course: Course | None) -> bool:
    """Tell whether a run was stopped."""
    return course is not None and not course.whole


def observed(
    points: Array, losses: Sequence[float], courses: Sequence[Course | None], most: int
) -> Observations:
    """Return the ends of runs, and where those that went further were before.

    Args:
        points: of the runs (n x d).
        losses: what they came to (n).
        courses: how (n); None for one that is whole and of which no more is known.
        most: bound on the observations besides the ends; those of the latest runs are taken.
    """
    ends = [_end(course) for course in courses]
    longest = log(max(2, *ends)) if ends else 1.0
    stops = sorted(end for end, course in zip(ends, courses, strict=True) if is_partway(course))
    levels = sorted({stops[int(q * (len(stops) - 1))] for q in QUANTILES}) if stops else []
    rows, shares, values = [*range(len(losses))], [], [*losses]
    for course, end in zip(courses, ends, strict=True):
        shares.append(log(end) / longest if is_partway(course) else 1.0)
    for run in reversed(range(len(losses))):
        for reports, loss in _before(courses[run], levels):
            if len(rows) - len(losses) < most:
                rows.append(run)
                shares.append(log(reports) / longest)
                values.append(loss)
    return Observations(np.column_stack([points[rows], shares]), np.array(values, dtype=float))


@dataclass(frozen=True, slots=True)
class AtTheEnd:
    """A process that knows of the share of the way, asked for losses at the end.

    Attributes:
        process: the same.
        best: the lowest loss that is expected at the end of any run.
    """

    process: Process
    best: float

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Return the mean and the standard deviation (n, n) of the loss at `points` (n x d)."""
        return self.process.predict(_whole(points))

    def believing(self, points: Array) -> AtTheEnd:
        """Return the model as if the loss at `points` were what it expects there."""
        mean, _ = self.predict(points)
        return AtTheEnd(self.process.believing(_whole(points)), min(self.best, float(mean.min())))


def at_the_end(process: Process) -> AtTheEnd:
    """Return the model, of a process that has seen runs on their way."""
    mean, _ = process.predict(_whole(process.points[:, :-1]))
    return AtTheEnd(process, float(mean.min()))


def _whole(points: Array) -> Array:
    return np.column_stack([points, np.ones(len(points))])


def _end(course: Course | None) -> int:
    return course.steps[-1][0] if course is not None and course.steps else 1


def _before(course: Course | None, levels: Sequence[int]) -> list[tuple[int, float]]:
    """Return the steps of a course, before its end, that are the nearest to these levels."""
    if course is None or len(course.steps) < 2:
        return []
    steps = course.steps[:-1]
    near = {
        min(steps, key=lambda step: abs(log(step[0] / level)))
        for level in levels
        if level < course.steps[-1][0]
    }
    return sorted(near)
