"""How a run came to its loss: what of a learning curve a sampler may learn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

SPACING = 1.25
"""From one kept report to the next, as a ratio."""


@dataclass(frozen=True, slots=True)
class Course:
    """The lowest losses of a run on its way.

    Attributes:
        steps: numbers of reports, and the lowest loss by then, in order; the last is the run's.
        whole: whether the run went as far as it would; else a policy stopped it.
    """

    steps: tuple[tuple[int, float], ...]
    whole: bool


def course_of(lowest: Sequence[float], *, whole: bool) -> Course:
    """Return the course of a run whose lowest loss after each report was this.

    It is not finite while no report was.
    """
    found = ((reports, lowest[reports - 1]) for reports in _looks(len(lowest)))
    return Course(tuple((reports, loss) for reports, loss in found if isfinite(loss)), whole)


def _looks(reports: int) -> Iterator[int]:
    """Yield the numbers of reports that are kept: the first, the last, and some between."""
    look = 1
    while look < reports:
        yield look
        look = max(look + 1, round(look * SPACING))
    if reports:
        yield reports
