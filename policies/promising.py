"""Stop a run whose chance to come out ahead, by the curves seen so far, is too small."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from operator import mul
from typing import Any, ClassVar

from policies import promising_weights as learnt
from policies.goal import Goal
from policies.leaderboard import Leaderboard
from policies.outlook import Outlook
from policies.policy import EarlyTerminationPolicy, PolicyError, Verdict, after, whole_number
from policies.signs import Signs

SPACING = 1.3
"""From one look to the next, as a ratio: each look is a chance to be wrong."""
FINISHED_RUNS = 6
FEWEST_FINISHED = 4
FAR = 1 << 40
"""No run makes so many reports."""
RISK = 0.0042
LIMIT = 4.0
"""A sign counts up to so many standard deviations from its mean."""


class PromisingPolicy(EarlyTerminationPolicy):
    """Stop a run whose chance to come out ahead is smaller than the risk to take.

    To come out ahead is to end among the best 2 %, better than the next one by 1 % or more of
    what is between the best run and the middle one. Where many runs end equally well, none does,
    and little is lost by a stop.

    The first `finished_runs` runs go to their ends. From then on the chance of a run is estimated
    from where it is among all runs at the same report, and was before; from how far it is behind;
    from what the finished ones gained from there on, and how often one of them that was as far
    behind came out ahead of another; and from its own pace. Runs that ended before its last report
    say nothing of what comes after it: it is judged where so many others came as far.

    Looks are at report 2, 3, 4, 5, 6, 8, 10, 13, ... (times `evaluation_interval`).

    Args:
        finished_runs: whole number, 4 or more.
        risk: between 0 and 1: the chance below which a run is stopped. The less, the fewer stops.
        evaluation_interval: reports from one look to the next possible.
        delay_evaluation: do not look before this many reports.

    Raises:
        PolicyError: an argument is not a number in its bounds.
    """

    wire_name: ClassVar[str] = "Promising"

    def __init__(
        self,
        finished_runs: int = FINISHED_RUNS,
        risk: float = RISK,
        evaluation_interval: int = 1,
        delay_evaluation: int = 0,
    ) -> None:
        super().__init__(evaluation_interval, delay_evaluation)
        self.finished_runs = whole_number("finished_runs", finished_runs)
        if self.finished_runs < FEWEST_FINISHED:
            message = f"expected a whole number >= {FEWEST_FINISHED}, got {finished_runs}"
            raise PolicyError("finished_runs", message)
        if isinstance(risk, bool) or not isinstance(risk, (int, float)) or not 0 < risk < 1:
            raise PolicyError("risk", f"expected a number between 0 and 1, got {risk!r}")
        self.risk = float(risk)
        self._looks = dict.fromkeys(self._all_looks())

    def due(self, interval: int) -> bool:
        """Tell whether a run is looked at: rarely, and more rarely the longer it goes."""
        return interval in self._looks

    def dues(self, before: int, interval: int) -> int:
        """Return how often a run is looked at after report `before` and up to `interval`."""
        return sum(look > before for look in self.looks(interval))

    def looks(self, interval: int) -> list[int]:
        """Return all looks up to an interval."""
        return [*takewhile(lambda look: look <= interval, self._looks)]

    def leaderboard(self, goal: Goal) -> Leaderboard:
        """Ask for what is known of the ends of runs."""
        return Outlook(goal, self)

    def stops(self, board: Leaderboard, run: int) -> bool:
        """Estimate the chance of a run that is behind the best one."""
        assert isinstance(board, Outlook), "the policy's own"
        if board.leader is None or not self.knows(board, run):
            return False
        mine = board.best(run)
        if mine >= board.best(board.leader):
            return False
        return mine == -math.inf or chance(board.signs(run)) < self.risk

    def knows(self, board: Outlook, run: int) -> bool:
        """Tell whether enough runs that are finished have made as many reports."""
        return board.as_long(board.interval(run)) >= self.finished_runs

    def explain(self, board: Leaderboard, run: int) -> Verdict:
        """Name the chance, and what it is estimated from."""
        assert isinstance(board, Outlook), "the policy's own"
        goal, interval, mine = board.goal, board.interval(run), board.best(run)
        best = board.best(board.leader) if board.leader is not None else math.nan
        so_far, stop = f"best {goal.from_score(mine):g} {after(interval)}", False
        if board.count < self.finished_runs:
            reason = (
                f"{board.count} runs are finished; the first {self.finished_runs} go to their ends"
            )
        elif board.leader is None or mine >= best:
            reason = f"{so_far} is not worse than that of any run"
        elif not self.knows(board, run):
            reason = (
                f"{board.as_long(interval)} of {board.count} finished runs made {interval} reports"
                f" or more; {self.finished_runs} are enough"
            )
        elif mine == -math.inf:
            reason, stop = f"no number {after(interval)}, where others have one", True
        else:
            likely, gained = chance(board.signs(run)), board.look(interval).gains[-1]
            ahead, field = board.ahead(run)
            stop = likely < self.risk
            reason = (
                f"{so_far} leaves a chance of {likely:.2%} to come out ahead"
                f" ({self.risk:.2%} is enough): {ahead} of {field} runs were ahead by then,"
                f" and to be the best it has to gain {best - mine:.3g}, where the"
                f" {board.finished().runs} finished runs gained at most {gained:.3g}"
            )
        return Verdict(
            "PromisingPolicy", interval, goal.from_score(mine), goal.from_score(best), stop, reason
        )

    def stopped(self, board: Leaderboard, run: int) -> None:
        """Learn nothing from how it ended."""
        assert isinstance(board, Outlook), "the policy's own"
        board.stop(run)

    def finished(self, board: Leaderboard, run: int) -> None:
        """Learn from it."""
        assert isinstance(board, Outlook), "the policy's own"
        board.finish(run)

    def properties(self) -> dict[str, Any]:
        """Return the arguments in JSON form."""
        return {
            "finished_runs": self.finished_runs,
            "risk": self.risk,
            **super().properties(),
        }

    def _all_looks(self) -> Iterator[int]:
        """Yield all looks, which are about a hundred."""
        step = 1
        while step < FAR:
            step = max(step + 1, round(step * SPACING))
            if step * self.evaluation_interval >= self.delay_evaluation:
                yield step * self.evaluation_interval


@lru_cache(maxsize=1)  # who is stopped is also told why
def chance(signs: Signs) -> float:
    """Return the chance to come out ahead: what a small network makes of the signs."""
    values = [
        min(max((sign - mean) / deviation, -LIMIT), LIMIT)
        for sign, (mean, deviation) in zip(signs, learnt.SCALES.values(), strict=True)
    ]
    *hidden, [(bias, counts)] = learnt.LAYERS
    for layer in hidden:
        sums = [start + sum(map(mul, weights, values)) for start, weights in layer]
        values = [value if value > 0 else 0.0 for value in sums]
    return 1 / (1 + math.exp(-bias - sum(map(mul, counts, values))))
