"""Room made for a figure among others, counted: what is moved does not grow with the sweep."""

from __future__ import annotations

import pytest

from policies import (
    EarlyTerminationPolicy,
    Goal,
    MedianStoppingPolicy,
    TruncationSelectionPolicy,
)
from policies.ranks import MOST, Ranks

POLICIES = [MedianStoppingPolicy(), TruncationSelectionPolicy(20)]


def moved_figures(policy: EarlyTerminationPolicy, runs: int) -> float:
    """Return how many figures lie in the blocks that a report changes, per report."""
    board = policy.leaderboard(Goal.MAXIMIZE)
    for run in range(runs):
        for n in range(4):
            board.report(run, (run * 7919 % runs) / runs + 0.01 * n)
    moved = 0

    class Watched(Ranks):
        __slots__ = ()

        def add(self, figure: float, order: int) -> None:
            nonlocal moved
            number, _ = self._find(figure, order)
            moved += len(self.blocks[min(number, len(self.blocks) - 1)]) if self.blocks else 0
            super().add(figure, order)

        def remove(self, figure: float, order: int) -> None:
            nonlocal moved
            moved += len(self.blocks[self._find(figure, order)[0]])
            super().remove(figure, order)

    field = board._means or board._bests
    assert field is not None
    every = [*field._reached.values(), *(part for nodes in field._shorter for part in nodes)]
    for part in every:
        part.__class__ = Watched
    for run in range(runs, runs + 50):
        for n in range(4):
            board.report(run, (run * 31 % runs) / runs + 0.01 * n)
    return moved / 200


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_figures_moved_per_report_are_bounded(policy):
    few, many = moved_figures(policy, 4 * MOST), moved_figures(policy, 12 * MOST)
    # Two collections on each of two levels of the tree, and the one of the interval.
    assert MOST / 2 < few <= 5 * MOST
    assert many <= 1.5 * few, "three times the runs"
