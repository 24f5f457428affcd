"""The one loop of the project: hear, decide, write down, act."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from sweep.compute.target import RunOrder, Target
from sweep.core.commands import Command, Finish, Launch, Stop, SweepStatus
from sweep.core.events import CancelAsked, Event, Lost, Opened, PauseAsked, TimePassed
from sweep.core.metric_watch import MetricWatch
from sweep.core.run import RunState
from sweep.core.scheduler import Scheduler
from sweep.engine.translate import Translator
from sweep.errors import Diverged, SweepError
from sweep.storage.journal import Batch, Journal

GRACE = 10.0
"""Seconds a run is given to end by itself when it is told to."""
WAIT = 3600.0
"""Longest wait for a target when nothing is due; targets come back sooner by themselves."""

Orders = Callable[[Launch], RunOrder]
"""Makes a launch into something that a target can start."""


class Wishes(Protocol):
    """Where what people want of a running sweep comes from."""

    def take(self) -> Sequence[tuple[str, int | None, str]]:
        """Return new wishes: ("cancel" or "pause", a run or None for all, the reason)."""
        ...


class Engine:
    """One sweep at work.

    Args:
        scheduler: decides.
        target: executes.
        journal: remembers; what it holds is replayed first.
        orders: makes launches into orders for the target.
        wishes: what people want; None for nobody.
        grace: seconds between asking a run to end and making it.

    Attributes:
        on_round: called after every round with the batch that has become durable.

    Raises:
        Diverged: the journal was not written by this definition.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        target: Target,
        journal: Journal,
        orders: Orders,
        *,
        wishes: Wishes | None = None,
        grace: float = GRACE,
    ) -> None:
        self.scheduler = scheduler
        self._target = target
        self._journal = journal
        self._orders = orders
        self._wishes = wishes
        self.on_round: Callable[[Batch], None] = lambda _: None
        self._grace = grace
        self._translator = Translator(
            scheduler.definition.metric,
            scheduler.runs,
            MetricWatch(scheduler.definition.metric),
        )
        self._batch = Batch()
        self._commands: list[Command] = []
        self.replayed = self._replay()
        """How many entries the journal held."""

    def work(self) -> SweepStatus:
        """Work on the sweep until it is done or paused; return how it stands then.

        Raises:
            TargetError: the target is gone; the sweep can be resumed.
        """
        try:
            self.begin()
            while not self.scheduler.done:
                self.round()
        finally:
            self._target.close()
        return self.scheduler.status

    def begin(self) -> None:
        """Open the target and the sweep."""
        self._target.open(self.scheduler.definition.limits.concurrent)
        self._open()

    def round(self) -> None:
        """Hear what is new, decide, write it down, act."""
        self._hear()
        self._settle()

    # ---- the past ---------------------------------------------------------------------

    def _replay(self) -> int:
        entries = 0
        for event, recorded in self._journal.replay():
            try:
                decided = self.scheduler.replay(event, recorded)
            except SweepError as error:
                raise Diverged(f"entry {entries + 1} of the journal, {event}: {error}") from None
            if decided != recorded and repr(decided) != repr(recorded):  # NaN is not NaN
                raise Diverged(
                    f"entry {entries + 1} of the journal, {event}, led to {recorded} but leads to"
                    f" {decided} now: the sweep's definition or this program has changed"
                )
            entries += 1
        return entries

    def _open(self) -> None:
        now = self._target.now()
        alive = self.scheduler.live
        self._handle(Opened(now))
        for record in alive:  # they went with the engine that had launched them
            self._handle(Lost(now, record.number, "the engine ended", counts=False))
        self._batch.sweep["status"] = [SweepStatus.RUNNING.value, ""]
        self._settle()

    # ---- a round ----------------------------------------------------------------------

    def _hear(self) -> None:
        deadline = self.scheduler.next_deadline
        wait = WAIT if deadline == math.inf else max(0.0, deadline - self._target.now())
        for message in self._target.poll(min(wait, WAIT)):
            if self.scheduler.done:
                break  # nothing that is said now matters any more
            for event in self._translator.events(message, self._target.now(), self._batch):
                self._handle(event)
        now = self._target.now()
        if not self.scheduler.done and self.scheduler.next_deadline <= now:
            self._handle(TimePassed(now))
        self._translator.time(now, self._batch)
        for wish, run, reason in self._wishes.take() if self._wishes else ():
            if not self.scheduler.done:
                self._wish(now, wish, run, reason)

    def _wish(self, now: float, wish: str, run: int | None, reason: str) -> None:
        if wish == "pause":
            self._handle(PauseAsked(now, reason))
        elif wish == "cancel" and (run is None or run in self.scheduler.runs):
            self._handle(CancelAsked(now, run, reason))

    def _handle(self, event: Event) -> None:
        commands = self.scheduler.handle(event)
        self._batch.entries.append((event, commands))
        self._commands += commands
        for run in {getattr(event, "run", None), *(getattr(c, "run", None) for c in commands)}:
            if run is not None:
                self._touch(run)
        for command in commands:
            if isinstance(command, Finish):
                self._batch.sweep["status"] = [command.status.value, command.reason]
                self._batch.sweep["evaluations"] = self.scheduler.evaluations
                for number, record in self.scheduler.runs.items():
                    if record.state is RunState.CANCELED:
                        self._touch(number)

    def _touch(self, run: int) -> None:
        record = self.scheduler.runs[run]
        self._batch.records[run] = record
        self._batch.bests[run] = self.scheduler.board.best(run)

    def _settle(self) -> None:
        """Write down first, act afterwards."""
        if self._batch:
            self._journal.write(self._batch)
        commands, self._commands = self._commands, []
        for command in commands:
            if isinstance(command, Launch):
                self._target.launch(self._orders(command))
            elif isinstance(command, Stop):
                attempt = self.scheduler.runs[command.run].attempt
                self._target.stop(command.run, attempt, self._grace)
        batch, self._batch = self._batch, Batch()
        self.on_round(batch)
