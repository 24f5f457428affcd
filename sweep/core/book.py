"""The runs of a sweep, what they have reported, and what that has taught."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from policies import Leaderboard, Verdict
from samplers import Configuration, course_of, dice
from sweep.core.definition import SweepDefinition
from sweep.core.events import Event, Lost, Redefined, Reported
from sweep.core.lineup import Lineup, Outcome, guided_otherwise, with_functions_of
from sweep.core.prior import Trial
from sweep.core.replicates import Replicated
from sweep.core.run import TERMINAL, RunRecord, RunState
from sweep.errors import IllegalEvent

AUDIT = "audit"
"""The stream of dice that says which runs are audited."""
RUNNING = RunState.RUNNING  # looked at with every report


class Book:
    """Runs from their first launch to their end.

    Args:
        definition: what is swept.

    Attributes:
        board: the read model of the policy.
        lineup: who runs next.
        runs: every run so far by its number.
        live: those that occupy a slot, in the order of their launch.
        evaluations: how often the policy has judged a run.
    """

    def __init__(self, definition: SweepDefinition) -> None:
        self.definition = definition
        self._policy = definition.policy
        self.board: Leaderboard = definition.policy.leaderboard(definition.goal)
        given = definition.prior.given
        self.lineup = _lineup(definition, given)
        self.runs = self.lineup.runs
        self.live: dict[int, RunRecord] = {}
        self.evaluations = 0
        for number, trial in self._trials():
            for value in trial.values:
                self.board.report(number, value)
        self._learn_from_trials()

    def _trials(self) -> Iterator[tuple[int, Trial]]:
        """Yield the trials of earlier sweeps, under numbers that no run has."""
        yield from ((-place, t) for place, t in enumerate(self.definition.prior.trials, 1))

    def _learn_from_trials(self) -> None:
        policy = self.definition.policy
        for number, trial in self._trials():
            self.lineup.learn(trial.configuration, self._outcome(number, stopped=trial.stopped))
            (policy.stopped if trial.stopped else policy.finished)(self.board, number)

    def record(self, number: int | None, event: Event) -> RunRecord:
        """Return the run that an event speaks of.

        Raises:
            IllegalEvent: there is no such run.
        """
        record = self.runs.get(number) if number is not None else None
        if record is None:
            raise IllegalEvent(f"there is no run {number} for {event}")
        return record

    def report(
        self, run: int, value: float, at: float
    ) -> tuple[RunRecord, str, Verdict | None] | None:
        """Account for a report; return the run if it is to be stopped, why, and the verdict.

        Raises:
            IllegalEvent: the run is not there, or does not run.
        """
        record = self.runs.get(run)
        if record is None or record.state is not RUNNING:
            event = Reported(at, run, value)
            record = self.record(run, event)
            record.state = record.next_state(event)
        board, policy = self.board, self._policy
        record.reports = interval = board.report(run, value)
        record.last, record.reported_at = value, at
        if record.state is not RUNNING:
            return None
        if value - value != 0 and self.definition.limits.stop_diverged:  # it is not finite
            record.kind = "diverged"
            return record, f"diverged: it reported {value} as its primary metric", None
        if not policy.due(interval):
            return None
        self.evaluations += 1
        if not (policy.may_stop(board, run) and policy.stops(board, run)):
            return None
        if policy.audit_fraction and (
            record.audited or self._is_for_audit(run, policy.audit_fraction)
        ):
            record.audited = record.audited or policy.explain(board, run)
            return None
        verdict = policy.explain(board, run)
        policy.stopped(board, run)
        return record, f"{verdict.policy}: {verdict.reason}", verdict

    def _is_for_audit(self, run: int, fraction: float) -> bool:
        """Tell whether chance has it that a run is not stopped: the same after any resume."""
        seed = self.definition.sampling.seed or 0
        return dice.unit(seed, run, AUDIT) < fraction

    # ---- ends -------------------------------------------------------------------------

    def fail(self, record: RunRecord) -> None:
        """Let a run that has failed wait to begin again, if it may."""
        assert record.kind is not None, "what has failed has failed in some way"
        if record.may_begin_again(record.kind, self.definition.limits.attempts):
            record.state = RunState.WAITING

    def lose(self, record: RunRecord, event: Lost) -> None:
        """Let a run that was lost fail, if that was once too often."""
        if record.state is not RunState.WAITING or record.again:
            return
        record.reason = event.reason
        if not event.counts:
            return
        record.kind = event.kind
        if not record.may_begin_again(event.kind, self.definition.limits.attempts):
            record.state = RunState.FAILED
            times = record.failures[event.kind]
            if times > 1:
                record.reason = f"{event.kind} {times} times, the last time: {event.reason}"

    def leave(self, record: RunRecord, at: float) -> None:
        """Free the slot; a run that is over teaches the sampler, another waits its turn."""
        record.ended_at = at
        del self.live[record.number]
        if record.state is RunState.WAITING:
            record.again = False
            self.board.forget(record.number)
            self.lineup.wait(record)
        else:
            self._conclude(record)

    def cancel_waiting(self, record: RunRecord, at: float, reason: str) -> None:
        """End a run that waits to run again."""
        self.lineup.leave(record)
        record.state, record.reason, record.ended_at = RunState.CANCELED, reason, at
        self._conclude(record)

    def forget(self, record: RunRecord) -> None:
        """Take back what a run has reported that is over: nobody has learnt anything from it."""
        self.board.forget(record.number)
        if self.definition.sampling.exact:
            return
        over = (number for number, other in self.runs.items() if other.state in TERMINAL)
        outcomes = {number: self._outcome_of(self.runs[number]) for number in over}
        limits = self.definition.limits
        self.lineup.redefine(self.definition.sampling, limits.runs, outcomes)
        self._learn_from_trials()

    def _conclude(self, record: RunRecord) -> None:
        if record.invalid:
            self.board.forget(record.number)
        self.lineup.conclude(record, self._outcome_of(record))
        self.definition.policy.finished(self.board, record.number)

    def _outcome_of(self, record: RunRecord) -> Outcome:
        # One that won the race against its stop is whole.
        stopped = record.verdict is not None and record.state is RunState.CANCELED
        return self._outcome(record.number, stopped=stopped)

    def _outcome(self, number: int, *, stopped: bool) -> Outcome:
        """Return what a sampler is told: the best so far, and how the run came there."""
        loss = -self.board.best(number)
        if not math.isfinite(loss):
            return None, None
        if self.definition.sampling.exact:  # which learns nothing
            return loss, None
        lowest = [-score for score in self.board.progress(number)]
        # What has diverged would not have come any further.
        diverged = self.board.scores(number)[-1] == -math.inf
        return loss, course_of(lowest, whole=diverged or not stopped)

    # ---- another definition -----------------------------------------------------------

    def redefine(self, event: Redefined) -> None:
        """Adopt another definition, and let runs that are over wait to run again.

        Raises:
            IllegalEvent: a run that is to run again is not over.
        """
        for number in event.rerun:
            record = self.record(number, event)
            if record.state not in TERMINAL:
                raise IllegalEvent(f"run {number} is {record.state.value}: it is not over")
            record.state, record.again, record.failures = RunState.WAITING, False, {}
            self.board.forget(number)
            self.lineup.again(record)
        new = SweepDefinition.from_wire(event.definition)
        sampling = with_functions_of(self.definition.sampling, new.sampling)
        otherwise = guided_otherwise(self.definition.sampling, sampling)
        self.definition = new = replace(new, sampling=sampling, prior=self.definition.prior)
        self._policy = new.policy
        board = new.policy.leaderboard(new.goal)
        board.learn(self.board)
        self.board = board
        outcomes = {}
        for number, record in self.runs.items():
            if record.state in TERMINAL:
                outcomes[number] = self._outcome_of(record)
                told = new.policy.finished if record.verdict is None else new.policy.stopped
                told(board, number)
        self.lineup.redefine(new.sampling, new.limits.runs, outcomes, otherwise=otherwise)
        self._learn_from_trials()


def _lineup(definition: SweepDefinition, given: Sequence[Configuration]) -> Lineup:
    sampling, runs, each = (
        definition.sampling,
        definition.limits.runs,
        definition.limits.replicates,
    )
    return Lineup(sampling, runs, given) if each == 1 else Replicated(sampling, runs, given, each)
