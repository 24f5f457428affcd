"""The whole engine, without a clock, a thread, a socket or a die.

`handle` is the only way in and its return value the only way out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from policies import Leaderboard, Verdict
from sweep.core.commands import Command, Finish, Launch, Stop, SweepStatus
from sweep.core.definition import SweepDefinition
from sweep.core.events import (
    CancelAsked,
    Event,
    Failed,
    Lost,
    Opened,
    PauseAsked,
    Reported,
    RunEvent,
    SlotsChanged,
    Started,
    TimePassed,
)
from sweep.core.lineup import Lineup
from sweep.core.run import TERMINAL, RunRecord, RunState
from sweep.core.timetable import Timetable
from sweep.errors import IllegalEvent


class Scheduler:
    """Turn events into commands.

    Attributes:
        definition: what is swept, and within which limits.
        runs: every run so far by its number.
        board: the read model of the policy.
        evaluations: how often the policy has judged a run.
        status: how the sweep stands, with `reason`.
    """

    def __init__(self, definition: SweepDefinition) -> None:
        self.definition = definition
        self.board: Leaderboard = definition.policy.leaderboard(definition.goal)
        self.evaluations = 0
        self.status = SweepStatus.RUNNING
        self.reason = ""
        self._lineup = Lineup(definition.sampling, definition.limits.runs)
        self.runs = self._lineup.runs
        self._slots = 0
        self._live: dict[int, RunRecord] = {}
        self._closing: Finish | None = None
        self._times = Timetable(definition.limits.duration_minutes * 60)
        self._failures_in_a_row = 0

    # ---- what others may know ---------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether nothing runs and nothing more will be launched."""
        return self.status is not SweepStatus.RUNNING

    @property
    def live(self) -> Sequence[RunRecord]:
        """Runs that occupy a slot, in the order of their launch."""
        return list(self._live.values())

    @property
    def next_deadline(self) -> float:
        """The time at which the passing of time alone makes a difference."""
        run = self._times.first_run(self._is_timed)
        end = math.inf if self._closing else self._times.sweep_end
        return min(run[0], end) if run else end

    # ---- the one way in ---------------------------------------------------------------

    def handle(self, event: Event) -> list[Command]:
        """Account for one event and return what to do about it, in order.

        Raises:
            IllegalEvent: the event does not fit the state of its run, or of the sweep.
        """
        if type(event) is Reported:  # the hot path
            return [*self._reported(event)]
        if self.done and not isinstance(event, Opened):
            raise IllegalEvent(f"the sweep is {self.status.value} and cannot take {event}")
        commands = [*self._account(event)]
        self._times.note(event.at)
        return [*commands, *self._fill(event.at), *self._finish()]

    def replay(self, event: Event, recorded: Sequence[Command]) -> list[Command]:
        """Handle an event of the past whose commands are known, and decide anew.

        Only what a sampler that learns proposed then is adopted.
        """
        self._lineup.recorded = {c.run: c.configuration for c in recorded if isinstance(c, Launch)}
        try:
            return self.handle(event)
        finally:
            self._lineup.recorded = None

    # ---- account ----------------------------------------------------------------------

    def _account(self, event: Event) -> Iterator[Command]:
        match event:
            case Opened(at):
                self._open(at)
            case SlotsChanged(_, slots):
                self._slots = slots
            case CancelAsked(at, None, reason):
                yield from self._close(SweepStatus.CANCELED, reason, at)
            case CancelAsked(at, run, reason):
                yield from self._cancel(at, self._record(run, event), reason)
            case PauseAsked(at, reason):
                yield from self._close(SweepStatus.PAUSED, reason, at)
            case TimePassed(at):
                yield from self._pass_time(at)
            case _:
                yield from self._run_event(event)

    def _open(self, at: float) -> None:
        if self.status is SweepStatus.PAUSED:
            self.status, self.reason = SweepStatus.RUNNING, ""
        if self.done:
            raise IllegalEvent(f"the sweep is {self.status.value} and cannot be opened again")
        self._closing = None
        self._slots = 0
        self._times.open(at)

    def _reported(self, event: Reported) -> Iterator[Command]:
        record = self._record(event.run, event)
        record.state = record.next_state(event)
        record.reports = interval = self.board.report(event.run, event.value)
        record.last = event.value
        self._times.note(event.at)
        policy = self.definition.policy
        if record.state is not RunState.RUNNING or not policy.due(interval):
            return
        self.evaluations += 1
        if policy.may_stop(self.board, event.run) and policy.stops(self.board, event.run):
            verdict = policy.explain(self.board, event.run)
            policy.stopped(self.board, event.run)
            yield self._stop(record, f"{verdict.policy}: {verdict.reason}", verdict)

    def _run_event(self, event: RunEvent) -> Iterator[Command]:
        record = self._record(event.run, event)
        record.state = record.next_state(event)
        match event:
            case Started(at):
                record.started_at = at
                if seconds := self.definition.limits.run_seconds:
                    self._times.allow(record.number, record.attempt, at + seconds)
            case Failed(_, _, error) if record.state is RunState.FAILED:
                record.reason = error
            case Lost():
                self._lose(record, event)
        if not record.live:
            self._leave(record, event.at)
            yield from self._mind_failures(record, event.at)

    def _lose(self, record: RunRecord, event: Lost) -> None:
        record.losses += event.counts
        if record.state is RunState.WAITING and not record.again:
            record.reason = event.reason
            if record.losses >= self.definition.limits.attempts:
                record.state = RunState.FAILED
                record.reason = f"lost {record.losses} times, the last time: {event.reason}"

    def _leave(self, record: RunRecord, at: float) -> None:
        """Free the slot; a run that is over teaches the sampler, another waits its turn."""
        record.ended_at = at
        del self._live[record.number]
        if record.state is RunState.WAITING:
            record.again = False
            self.board.forget(record.number)
            self._lineup.wait(record)
            return
        self._conclude(record)

    def _conclude(self, record: RunRecord) -> None:
        loss = -self.board.best(record.number)
        self._lineup.conclude(record, loss if math.isfinite(loss) else None)
        self.definition.policy.finished(self.board, record.number)

    def _mind_failures(self, record: RunRecord, at: float) -> Iterator[Command]:
        """End a sweep whose first runs have all failed: the script is broken."""
        limit = self.definition.limits.consecutive_failures
        if record.state is not RunState.FAILED:
            if record.state in TERMINAL:
                self._failures_in_a_row = -1  # something has worked
            return
        if self._failures_in_a_row < 0 or limit is None or self._closing:
            return
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= limit:
            reason = f"the first {limit} runs all failed; run {record.number}: {record.reason}"
            yield from self._close(SweepStatus.FAILED, reason, at)

    # ---- stop -------------------------------------------------------------------------

    def _cancel(self, at: float, record: RunRecord, reason: str) -> Iterator[Command]:
        if record.state in (RunState.QUEUED, RunState.RUNNING):
            yield self._stop(record, reason)
        elif record.state is RunState.STOPPING:
            record.again = False
        elif record.state is RunState.WAITING:
            self._lineup.leave(record)
            self._cancel_waiting(record, at, reason)

    def _cancel_waiting(self, record: RunRecord, at: float, reason: str) -> None:
        record.state, record.reason, record.ended_at = RunState.CANCELED, reason, at
        self._conclude(record)

    def _stop(
        self, record: RunRecord, reason: str, verdict: Verdict | None = None, again: bool = False
    ) -> Stop:
        record.state = RunState.STOPPING
        record.reason, record.verdict, record.again = reason, verdict, again
        return Stop(record.number, reason, verdict)

    def _pass_time(self, at: float) -> Iterator[Command]:
        limits = self.definition.limits
        while (run := self._times.first_run(self._is_timed)) and run[0] <= at:
            reason = f"timeout: it ran for {limits.run_seconds:g} s, the most a run may take"
            yield self._stop(self.runs[run[1]], reason)
        if not self._closing and self._times.sweep_end <= at:
            reason = f"timeout: the sweep's {limits.duration_minutes:g} minutes are over"
            yield from self._close(SweepStatus.COMPLETED, reason, at)

    def _is_timed(self, number: int, attempt: int) -> bool:
        record = self.runs[number]
        return record.state is RunState.RUNNING and record.attempt == attempt

    def _close(self, status: SweepStatus, reason: str, at: float) -> Iterator[Command]:
        """Launch nothing more, stop what runs, and finish with `status`."""
        again = status is SweepStatus.PAUSED
        if self._closing and again:
            return  # a pause does not undo a decision to end
        self._closing = Finish(status, reason)
        for record in self.live:
            if record.state is not RunState.STOPPING:
                yield self._stop(record, reason, again=again)
            elif not again:
                record.again = False
        if not again:
            for record in self._lineup.waiting:
                self._lineup.leave(record)
                self._cancel_waiting(record, at, reason)

    # ---- fill and finish --------------------------------------------------------------

    def _fill(self, at: float) -> Iterator[Command]:
        capacity = min(self._slots, self.definition.limits.concurrent)
        while not self._closing and len(self._live) < capacity:
            record = self._lineup.next()
            if record is None:
                return
            record.begin(at)
            self._live[record.number] = record
            yield Launch(record.number, record.attempt, record.configuration)

    def _finish(self) -> Iterator[Command]:
        if self._live:
            return
        if self._closing is None:
            if not self._lineup.spent:
                return
            everything_failed = all(r.state is RunState.FAILED for r in self.runs.values())
            if self.runs and everything_failed:
                self._closing = Finish(SweepStatus.FAILED, "every run has failed")
            else:
                self._closing = Finish(SweepStatus.COMPLETED, "")
        self.status, self.reason = self._closing.status, self._closing.reason
        yield self._closing

    def _record(self, number: int | None, event: Event) -> RunRecord:
        record = self.runs.get(number) if number is not None else None
        if record is None:
            raise IllegalEvent(f"there is no run {number} for {event}")
        return record
