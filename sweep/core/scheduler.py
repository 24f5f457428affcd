"""The whole engine, without a clock, a thread, a socket or a die.

`handle` is the only way in and its return value the only way out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from policies import Leaderboard, Verdict
from sweep.core.amendment import amend
from sweep.core.book import Book
from sweep.core.commands import Command, Finish, Launch, Release, Stop, SweepStatus
from sweep.core.definition import SweepDefinition
from sweep.core.events import (
    Amendment,
    CancelAsked,
    Completed,
    Event,
    Failed,
    LaunchesHeld,
    LaunchesReleased,
    Lost,
    NodeReleased,
    Opened,
    PauseAsked,
    Redefined,
    Report,
    Reported,
    RunEvent,
    SlotsChanged,
    Started,
    TimePassed,
)
from sweep.core.following import follow
from sweep.core.mishaps import Mishaps
from sweep.core.overdue import overdue
from sweep.core.run import RunRecord, RunState
from sweep.core.timetable import Timetable
from sweep.errors import IllegalEvent


class Scheduler:
    """Turn events into commands.

    Attributes:
        status: how the sweep stands, with `reason`.
        held: why nothing is launched for now; empty when it is.
    """

    def __init__(self, definition: SweepDefinition) -> None:
        self._book = Book(definition)
        self.status = SweepStatus.RUNNING
        self.reason = ""
        self._slots, self._nodes, self._ahead, self.held = 0, 1, 0, ""
        self._closing: Finish | None = None
        self._times = Timetable(definition.limits.duration_minutes * 60)
        self._mishaps = Mishaps(definition.limits.consecutive_failures)

    # ---- what others may know ---------------------------------------------------------

    @property
    def definition(self) -> SweepDefinition:
        """What is swept, and within which limits."""
        return self._book.definition

    @property
    def board(self) -> Leaderboard:
        """The read model of the policy."""
        return self._book.board

    @property
    def runs(self) -> dict[int, RunRecord]:
        """Every run so far by its number."""
        return self._book.runs

    @property
    def evaluations(self) -> int:
        """How often the policy has judged a run."""
        return self._book.evaluations

    @property
    def done(self) -> bool:
        """Whether nothing runs and nothing more will be launched."""
        return self.status is not SweepStatus.RUNNING

    @property
    def live(self) -> list[RunRecord]:
        """Runs that occupy a slot, in the order of their launch."""
        return [*self._book.live.values()]

    @property
    def next_deadline(self) -> float:
        """The time at which the passing of time alone makes a difference."""
        run = self._times.first_run(self._due)
        end = math.inf if self._closing else self._times.sweep_end
        return min(run[0], end) if run else end

    # ---- the one way in ---------------------------------------------------------------

    def handle(self, event: Event) -> list[Command]:
        """Account for one event and return what to do about it, in order.

        Raises:
            IllegalEvent: the event does not fit the state of its run, or of the sweep.
        """
        if type(event) is Reported:  # the hot path
            stop = self._book.report(event.run, event.value, event.at)
            self._times.note(event.at)
            return [] if stop is None else [self._stop(*stop)]
        if self.done and not isinstance(event, (Opened, Redefined, Amendment)):
            raise IllegalEvent(f"the sweep is {self.status.value} and cannot take {event}")
        commands = [*self._account(event)]
        if self.done:  # nobody works on the sweep, and no time of its passes
            return commands
        self._times.note(event.at)
        return [*commands, *self._fill(event.at), *self._finish()]

    def replay(self, event: Event, recorded: Sequence[Command]) -> list[Command]:
        """Handle an event of the past whose commands are known, and decide anew.

        Only what a sampler that learns proposed then is adopted.
        """
        lineup = self._book.lineup
        lineup.recorded = {c.run: c.configuration for c in recorded if isinstance(c, Launch)}
        try:
            return self.handle(event)
        finally:
            lineup.recorded = None

    def follow(self, reports: Sequence[Report]) -> int:
        """Handle such reports many at once, as far as that goes; return how many."""
        count, latest = follow(self._book, reports)
        self._times.note(latest)
        return count

    def replay_reports(self, reports: Iterable[Report]) -> tuple[Event, list[Command]] | None:
        """Handle reports that led to nothing; return the first that does now, and to what."""
        report, note = self._book.report, self._times.note
        for run, value, at, _ in reports:
            note(at)
            if (stop := report(run, value, at)) is not None:
                return Reported(at, run, value), [self._stop(*stop)]
        return None

    # ---- account ----------------------------------------------------------------------

    def _account(self, event: Event) -> Iterator[Command]:
        match event:
            case Opened(at):
                self._open(at)
            case SlotsChanged(_, slots, nodes, ahead):
                self._slots, self._nodes, self._ahead = slots, nodes, ahead
            case LaunchesHeld() | LaunchesReleased():
                self.held = event.reason if isinstance(event, LaunchesHeld) else ""
            case NodeReleased(_, node):
                self._mishaps.release(node)
                yield Release(node)
            case CancelAsked():
                yield from self._cancel(event)
            case PauseAsked(at, reason):
                yield from self._close(SweepStatus.PAUSED, reason, at)
            case TimePassed(at):
                yield from self._pass_time(at)
            case Redefined():
                self._redefine(event)
            case Amendment():
                yield from amend(self._book, event, self._stop)
            case _:
                yield from self._run_event(event)

    def _open(self, at: float) -> None:
        if self.status is SweepStatus.PAUSED:
            self.status, self.reason = SweepStatus.RUNNING, ""
        if self.done:
            raise IllegalEvent(f"the sweep is {self.status.value} and cannot be opened again")
        if self._closing and self._closing.status is SweepStatus.PAUSED:
            self._closing = None  # but what was to end ends
        self._slots, self._nodes, self._ahead, self.held = 0, 1, 0, ""
        self._mishaps.forget_nodes()
        self._times.open(at)

    def _redefine(self, event: Redefined) -> None:
        """Adopt another definition; the sweep can be opened afterwards."""
        before = self.definition.limits
        self._book.redefine(event)
        now = self.definition.limits
        self._times.extend((now.duration_minutes - before.duration_minutes) * 60)
        self._mishaps = Mishaps(now.consecutive_failures)
        self.status, self.reason, self._closing = SweepStatus.PAUSED, "redefined", None

    def _run_event(self, event: RunEvent) -> Iterator[Command]:
        record = self._book.record(event.run, event)
        record.state = record.next_state(event)
        match event:
            case Started(at, _, node):
                record.started_at, record.node = at, node
                self._watch(record)
            case Failed(_, _, error, kind) if record.state is RunState.FAILED:
                if record.kind is None:  # else it was told to stop, and that is the reason
                    record.reason, record.kind = error, kind
            case Lost():
                self._book.lose(record, event)
            case Completed():
                record.kind = None
        if record.live:
            return
        if record.state is RunState.FAILED and not isinstance(event, Lost) and not self._closing:
            self._book.fail(record)
        self._book.leave(record, event.at)
        yield from self._mind_mishaps(record, event.at)

    def _mind_mishaps(self, record: RunRecord, at: float) -> Iterator[Command]:
        """Leave a node alone that is broken; end a sweep whose script is."""
        if self._closing:
            return
        if quarantine := self._mishaps.node_is_broken(record, at, self._nodes - 1):
            yield quarantine
        if reason := self._mishaps.script_is_broken(record):
            yield from self._close(SweepStatus.FAILED, reason, at)

    # ---- stop -------------------------------------------------------------------------

    def _cancel(self, event: CancelAsked) -> Iterator[Command]:
        if event.run is None:
            yield from self._close(SweepStatus.CANCELED, event.reason, event.at)
            return
        record = self._book.record(event.run, event)
        if record.state in (RunState.QUEUED, RunState.RUNNING):
            yield self._stop(record, event.reason)
        elif record.state is RunState.STOPPING:
            record.again = False
        elif record.state is RunState.WAITING:
            self._book.cancel_waiting(record, event.at, event.reason)

    def _stop(
        self, record: RunRecord, reason: str, verdict: Verdict | None = None, again: bool = False
    ) -> Stop:
        record.state = RunState.STOPPING
        record.reason, record.verdict, record.again = reason, verdict, again
        return Stop(record.number, reason, verdict)

    def _pass_time(self, at: float) -> Iterator[Command]:
        limits = self.definition.limits
        while (run := self._times.first_run(self._due)) and run[0] <= at:
            record = self.runs[run[1]]
            _, record.kind, reason = overdue(record, limits)
            yield self._stop(record, reason)
        if not self._closing and self._times.sweep_end <= at:
            reason = f"timeout: the sweep's {limits.duration_minutes:g} minutes are over"
            yield from self._close(SweepStatus.COMPLETED, reason, at)

    def _watch(self, record: RunRecord) -> None:
        until = self._due(record.number, record.attempt)
        if until is not None and until < math.inf:
            self._times.watch(until, record.number, record.attempt)

    def _due(self, number: int, attempt: int) -> float | None:
        """Return when an attempt's time is over; None when it is no longer going on."""
        record = self.runs[number]
        if record.state is not RunState.RUNNING or record.attempt != attempt:
            return None
        return overdue(record, self.definition.limits)[0]

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
        for record in [] if again else self._book.lineup.waiting:
            self._book.cancel_waiting(record, at, reason)

    # ---- fill and finish --------------------------------------------------------------

    def _fill(self, at: float) -> Iterator[Command]:
        ahead = self._ahead if self.definition.sampling.exact else 0
        capacity = min(self._slots, self.definition.limits.concurrent) + ahead
        while not (self._closing or self.held) and len(self._book.live) < capacity:
            if (record := self._book.lineup.next()) is None:
                return
            record.begin(at)
            self._book.live[record.number] = record
            yield Launch(record.number, record.attempt, record.configuration, record.place)

    def _finish(self) -> Iterator[Command]:
        if self._book.live or not (self._closing or self._book.lineup.spent):
            return
        if self._closing is None:
            self._closing = Finish(SweepStatus.COMPLETED, "")
            if self.runs and all(r.state is RunState.FAILED for r in self.runs.values()):
                self._closing = Finish(SweepStatus.FAILED, "every run has failed")
        self.status, self.reason = self._closing.status, self._closing.reason
        yield self._closing
