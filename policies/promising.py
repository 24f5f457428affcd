"""Stop what none of the runs that came out well had been as far behind as."""

from __future__ import annotations

import math
from array import array
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

from policies.goal import Goal
from policies.leaderboard import Leaderboard
from policies.policy import EarlyTerminationPolicy, PolicyError, Verdict, after, whole_number

MOST = 96
"""So many finished runs are looked at: the latest. A decision costs the same in any sweep."""
SPACING = 1.3
"""From one look to the next, as a ratio: each look is a chance to be wrong."""
FEWEST_FINISHED = 4


class Look(NamedTuple):
    """What the finished runs say of one interval.

    Attributes:
        cutoff: the lowest score that one of the best had by then.
        best: how many the best are.
        finished: of how many.
        agreement: the least that the rank correlation, with the order at the end, is likely to be,
            at this look and each later one.
    """

    cutoff: float
    best: int
    finished: int
    agreement: float


class Finishers(Leaderboard):
    """A leaderboard that also knows how the runs that were not stopped have come to their ends."""

    def __init__(self, goal: Goal, policy: PromisingPolicy) -> None:
        super().__init__(goal)
        self._policy = policy
        self._stopped: set[int] = set()
        self._lives: dict[int, array[float]] = {}  # best so far at each interval
        self._looks: dict[int, Look] = {}

    def forget(self, run: int) -> None:
        """Take all reports of `run` back."""
        super().forget(run)
        self._stopped.discard(run)
        if self._lives.pop(run, None) is not None:
            self._looks = {}

    def stop(self, run: int) -> None:
        """Note that a run was stopped: how it would have ended is not known."""
        self._stopped.add(run)

    def finish(self, run: int) -> None:
        """Note that a run is over."""
        if run not in self._stopped and self.interval(run):
            self._lives[run] = array("d", self.progress(run))
            self._looks = {}

    @property
    def finished(self) -> int:
        """How many runs are over that were not stopped."""
        return len(self._lives)

    def look(self, interval: int) -> Look:
        """Return what finished runs say of an interval; there are some."""
        if not self._looks:
            self._look_at_all()
        return self._looks.get(interval) or self._looks[max(self._looks)]

    def _look_at_all(self) -> None:
        lives = [*self._lives.values()][-MOST:]
        lives.sort(key=lambda life: -life[-1])
        best = max(2, math.ceil(len(lives) * self._policy.best_share))
        ends, agreement = ranks([life[-1] for life in lives]), 1.0
        longest = max(map(len, lives))
        for interval in reversed([n for n in range(1, longest + 2) if self._policy.due(n)]):
            then = [life[min(interval, len(life)) - 1] for life in lives]
            agreement = min(agreement, likely_agreement(ranks(then), ends))
            self._looks[interval] = Look(min(then[:best]), best, len(lives), agreement)
        if not self._looks:  # all ended before the first look
            self._looks[longest] = Look(-math.inf, best, len(lives), 0.0)


class PromisingPolicy(EarlyTerminationPolicy):
    """Stop a run that is behind where each of the best finished runs was at the same report.

    The first `finished_runs` runs go to their ends. From then on the best `best_share` of all
    runs that ended by themselves show how far behind a run may be and still come out well: one
    that is worse than every one of them was by then is stopped. That is done only while the order
    at that report, and at each later look, has had to do with the order at the end: the rank
    correlation over the finished runs, less its standard error (on Fisher's scale), is at least
    `agreement`. So where late starters win, nobody is stopped early.

    Looks are at report 2, 3, 4, 5, 7, 9, 12, ... (times `evaluation_interval`).

    Args:
        finished_runs: whole number, 4 or more.
        best_share: between 0 and 1.
        agreement: between 0 and 1.
        evaluation_interval: reports from one look to the next possible.
        delay_evaluation: do not look before this many reports.

    Raises:
        PolicyError: an argument is not a number in its bounds.
    """

    wire_name: ClassVar[str] = "Promising"

    def __init__(
        self,
        finished_runs: int = 8,
        best_share: float = 0.34,
        agreement: float = 0.5,
        evaluation_interval: int = 1,
        delay_evaluation: int = 0,
    ) -> None:
        super().__init__(evaluation_interval, delay_evaluation)
        self.finished_runs = whole_number("finished_runs", finished_runs)
        if self.finished_runs < FEWEST_FINISHED:
            message = f"expected a whole number >= {FEWEST_FINISHED}, got {finished_runs}"
            raise PolicyError("finished_runs", message)
        self.best_share = _share("best_share", best_share)
        self.agreement = _share("agreement", agreement)

    def due(self, interval: int) -> bool:
        """Tell whether a run is looked at: rarely, and more rarely the longer it goes."""
        if not super().due(interval):
            return False
        number = interval // self.evaluation_interval
        step = 2
        while step < number:
            step = max(step + 1, round(step * SPACING))
        return step == number

    def dues(self, before: int, interval: int) -> int:
        """Return how often a run is looked at after report `before` and up to `interval`."""
        return sum(map(self.due, range(before + 1, interval + 1)))

    def leaderboard(self, goal: Goal) -> Leaderboard:
        """Ask for the lives of finished runs."""
        return Finishers(goal, self)

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Compare with those that came out well."""
        assert isinstance(board, Finishers), "the policy's own"
        if board.finished < self.finished_runs:
            return False
        look = board.look(board.interval(run))
        return board.best(run) < look.cutoff and look.agreement >= self.agreement

    def explain(self, board: Leaderboard, run: int) -> Verdict:
        """Name whom the run is compared with, and what that is worth."""
        assert isinstance(board, Finishers), "the policy's own"
        goal, interval = board.goal, board.interval(run)
        mine, cutoff = goal.from_score(board.best(run)), math.nan
        if board.finished < self.finished_runs:
            reason = (
                f"{board.finished} runs are finished;"
                f" the first {self.finished_runs} go to their ends"
            )
        else:
            look = board.look(interval)
            cutoff, behind = goal.from_score(look.cutoff), board.best(run) < look.cutoff
            so_far = "worse than" if behind else "not worse than"
            reason = (
                f"best {mine:g} {after(interval)} is {so_far} {cutoff:g}, the least that any of"
                f" the best {look.best} of {look.finished} finished runs had by then"
                f" (their order from here on agreed with that at the end: at least"
                f" {look.agreement:.2f}, {self.agreement:g} is enough)"
            )
        stop = self.stops(board, run)
        return Verdict("PromisingPolicy", interval, mine, cutoff, stop, reason)

    def stopped(self, board: Leaderboard, run: int) -> None:
        """Learn nothing from it."""
        assert isinstance(board, Finishers), "the policy's own"
        board.stop(run)

    def finished(self, board: Leaderboard, run: int) -> None:
        """Learn from it."""
        assert isinstance(board, Finishers), "the policy's own"
        board.finish(run)

    def properties(self) -> dict[str, Any]:
        """Return the arguments in JSON form."""
        return {
            "finished_runs": self.finished_runs,
            "best_share": self.best_share,
            "agreement": self.agreement,
            **super().properties(),
        }


def ranks(figures: list[float]) -> list[float]:
    """Return the place of each figure, smallest first; equal ones share the middle of theirs."""
    order = sorted(range(len(figures)), key=figures.__getitem__)
    firsts = [n for n in range(len(order)) if not n or figures[order[n]] > figures[order[n - 1]]]
    found = [0.0] * len(order)
    for first, end in pairwise([*firsts, len(order)]):
        for place in range(first, end):
            found[order[place]] = (first + end - 1) / 2
    return found


def likely_agreement(one: list[float], other: list[float]) -> float:
    """Return Spearman's correlation of ranks less one standard error; 0 where there is none.

    Source: R. A. Fisher's transformation, with standard error 1 / sqrt(n - 3).
    """
    middle = (len(one) - 1) / 2
    both = math.fsum((a - middle) * (b - middle) for a, b in zip(one, other, strict=True))
    mine = math.fsum((a - middle) ** 2 for a in one)
    theirs = math.fsum((b - middle) ** 2 for b in other)
    if mine <= 0 or theirs <= 0:
        return 0.0
    correlation = min(both / math.sqrt(mine * theirs), 0.999)
    error = 1 / math.sqrt(max(1, len(one) - 3))
    return math.tanh(math.atanh(max(correlation, 0.0)) - error)


def _share(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
        raise PolicyError(key, f"expected a number between 0 and 1, got {value!r}")
    return float(value)
