"""The configurations of a sweep that runs each several times, as its readers see them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from policies import Goal
from sweep.core.replicates import Aggregate, Place, aggregated
from sweep.core.run import INVALID

if TYPE_CHECKING:
    from sweep.storage.reader import RunRow


def place_of(row: RunRow) -> Place | None:
    """Return the number of a run's configuration and which replicate it is; None for neither."""
    number, which = row.facts.get("configuration_number"), row.facts.get("replicate")
    return (number, which) if isinstance(number, int) and isinstance(which, int) else None


def configurations_in(rows: Sequence[RunRow]) -> dict[int, Aggregate]:
    """Return what the configurations of runs come to, by their numbers."""
    return aggregated(
        (place[0], row.number, _value(row)) for row in rows if (place := place_of(row)) is not None
    )


def means_of(rows: Sequence[RunRow]) -> dict[int, Aggregate]:
    """Return what the configuration of each run comes to, by the numbers of the runs."""
    return {n: one for one in configurations_in(rows).values() for n in one.runs}


def by_configuration(rows: Sequence[RunRow], every: Sequence[RunRow], goal: Goal) -> list[RunRow]:
    """Return runs, those of the best configuration first; each has a value.

    Args:
        rows: the runs; those whose configuration has no value come last.
        every: all runs of the sweep, which say what configurations come to.
        goal: which direction is better.
    """
    means = means_of(every)

    def order(row: RunRow) -> tuple[float, int, float, int]:
        one, own = means.get(row.number), -goal.score(row.best or 0.0)
        if one is None or one.value is None:
            return math.inf, row.number, own, row.number
        return -goal.score(one.value), one.number, own, row.number

    return sorted(rows, key=order)


def _value(row: RunRow) -> float | None:
    if row.reason.startswith(INVALID):
        return None
    return math.nan if row.best is None and row.reports else row.best
