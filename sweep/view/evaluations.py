"""Every judgement of a policy on one run, also each "go on": the sweep's journal played again.

The journal keeps the verdicts that stopped a run. The others need no keeping: the same events lead
to the same decisions whenever they are played.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from policies import (
    AsyncSuccessiveHalvingPolicy,
    EarlyTerminationPolicy,
    Goal,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    PromisingPolicy,
    TruncationSelectionPolicy,
    Verdict,
)
from sweep.core.commands import Command, Stop
from sweep.core.definition import BEGINNING, SweepDefinition, begun_with
from sweep.core.events import Report, Reported
from sweep.core.replay import Past
from sweep.core.run import TERMINAL, RunState
from sweep.core.scheduler import Scheduler
from sweep.errors import SweepError
from sweep.storage.reader import SweepReader

ALONE = "it goes on: no other run had reported yet, and one alone is never stopped"
LEADER = "it goes on: the best of all runs is never stopped"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One judgement.

    Attributes:
        attempt: of the run, which has reported anew in each.
        at: when, in seconds since the epoch.
        verdict: the run's own figure, the cut-off, whether it is to stop, and the reason.
        figure: what the runs are compared by, in words.
        compared: the figure of every run that counted, the judged one included, by its number;
            a number below zero is a run of an earlier sweep.
    """

    attempt: int
    at: float
    verdict: Verdict
    figure: str
    compared: dict[int, float]


def evaluations(reader: SweepReader, run: int) -> list[Evaluation]:
    """Return every judgement on a run, in order.

    Raises:
        SweepError: the journal cannot be played again: it is damaged, or the program has changed.
    """
    start = began(reader)
    if isinstance(start.policy, NoTerminationPolicy) and not reader.get("first_definition", None):
        return []
    return _Again(Scheduler(start), run).play(reader.past())


def began(reader: SweepReader) -> SweepDefinition:
    """Return the definition from which a sweep's journal is played again."""
    return begun_with({name: reader.get(name, None) for name in BEGINNING})


class _Again:
    """A journal played again, with an eye on one run."""

    def __init__(self, scheduler: Scheduler, run: int) -> None:
        self._scheduler = scheduler
        self._run = run
        trials = enumerate(scheduler.definition.prior.trials, 1)
        self._curves = {-place: [*trial.values] for place, trial in trials}
        self._stopped = {
            -n for n, t in enumerate(scheduler.definition.prior.trials, 1) if t.stopped
        }
        self._found: list[Evaluation] = []

    def play(self, past: Iterable[Past]) -> list[Evaluation]:
        """Handle all that has happened."""
        scheduler = self._scheduler
        for reports, entry in past:
            for few in self._pieces(reports):
                rest = few[scheduler.follow(few) :]
                if scheduler.replay_reports(rest) is not None:
                    raise SweepError("what happened leads to other decisions now")
                self._note(few)
                if few[-1][0] == self._run:
                    self._judge(few[-1][2], [])
            if entry is not None:
                event, recorded = entry
                scheduler.replay(event, recorded)
                if isinstance(event, Reported):
                    self._note([(event.run, event.value, event.at, None)])
                    if event.run == self._run:
                        self._judge(event.at, recorded)
                self._stopped |= {
                    c.run for c in recorded if isinstance(c, Stop) and c.verdict is not None
                }
        return self._found

    def _pieces(self, reports: Sequence[Report]) -> Iterator[list[Report]]:
        """Yield reports so that each of the run is the last of a piece."""
        piece: list[Report] = []
        for report in reports:
            piece.append(report)
            if report[0] == self._run:
                yield piece
                piece = []
        if piece:
            yield piece

    def _note(self, reports: Sequence[Report]) -> None:
        """Keep values; those of an attempt that is void are gone from the board, and from here."""
        board = self._scheduler.board
        for number, value, _, _ in reports:
            self._curves.setdefault(number, []).append(value)
        for number in {report[0] for report in reports}:
            curve = self._curves[number]
            del curve[: len(curve) - board.interval(number)]

    def _judge(self, at: float, recorded: Sequence[Command]) -> None:
        scheduler, run = self._scheduler, self._run
        policy, board = scheduler.definition.policy, scheduler.board
        record, interval = scheduler.runs[run], board.interval(run)
        stops = [c for c in recorded if isinstance(c, Stop) and c.run == run]
        verdict = stops[0].verdict if stops else None
        if verdict is None:
            none = isinstance(policy, NoTerminationPolicy) or not policy.due(interval)
            if stops or none or record.state is not RunState.RUNNING:
                return
            verdict = policy.explain(board, run)
            if verdict.stop:  # so it was not asked
                why = LEADER if board.leader == run else ALONE
                verdict = replace(verdict, stop=False, reason=why)
        figure, compared = self._compared(policy, board.goal, interval)
        self._found.append(Evaluation(record.attempt, at, verdict, figure, compared))

    def _compared(
        self, policy: EarlyTerminationPolicy, goal: Goal, interval: int
    ) -> tuple[str, dict[int, float]]:
        board = self._scheduler.board
        there = {n: v[:interval] for n, v in self._curves.items() if n < 0 or board.interval(n)}
        if isinstance(policy, MedianStoppingPolicy):
            means = {n: _mean(values) for n, values in there.items()}
            return "running average", {n: m for n, m in means.items() if not math.isnan(m)}
        there = {n: v for n, v in there.items() if self._counts(policy, n, interval)}
        scores = {
            n: max(map(goal.score, values), default=-math.inf) for n, values in there.items()
        }
        return "best", {n: goal.from_score(s) for n, s in scores.items() if s > -math.inf}

    def _counts(self, policy: EarlyTerminationPolicy, number: int, interval: int) -> bool:
        """Tell whether the policy compares by a run."""
        if number == self._run:
            return True
        over = number < 0 or self._scheduler.runs[number].state in TERMINAL
        match policy:
            case AsyncSuccessiveHalvingPolicy():
                return len(self._curves[number]) >= interval
            case PromisingPolicy():
                return over or len(self._curves[number]) >= interval
            case TruncationSelectionPolicy():
                left_out = over and policy.exclude_finished_jobs
                return number not in self._stopped and not left_out
        return True


def _mean(values: Sequence[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else math.nan
