"""The one loop of the project: hear, decide, write down, act."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sweep.compute.target import RunOrder, Target
from sweep.core.commands import (
    Command,
    Finish,
    Launch,
    Quarantine,
    Release,
    Stop,
    SweepStatus,
)
from sweep.core.definition import redefined
from sweep.core.events import (
    CancelAsked,
    ConcurrencySet,
    Event,
    Invalidated,
    LaunchesHeld,
    LaunchesReleased,
    Lost,
    NodeReleased,
    Opened,
    PauseAsked,
    Redefined,
    Reported,
    Stopped,
    TimePassed,
)
from sweep.core.metric_watch import MetricWatch
from sweep.core.replay import replay
from sweep.core.run import RunState
from sweep.core.scheduler import Scheduler
from sweep.engine.disk import Ballast, DiskWatch, Level, Room
from sweep.engine.translate import Translator
from sweep.errors import DiskFull
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
        """Return new wishes.

        They are ("cancel" or "pause", a run or None for all, the reason), ("release", None, a
        node), ("invalidate", a run, the reason) and ("concurrent", how many runs, who says so).
        """
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
        disk: tells how much room there is; None: nobody looks.
        ballast: is let go of when there is none.

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
        self.disk: DiskWatch | None = None
        self.ballast: Ballast | None = None
        self._grace = grace
        self._translator = Translator(
            scheduler.definition.metric,
            scheduler.runs,
            MetricWatch(scheduler.definition.metric),
            seed=scheduler.definition.sampling.seed,
        )
        self._batch = Batch()
        self._commands: list[Command] = []
        self._first = scheduler.definition.to_wire()
        self._redefinition: tuple[Mapping[str, Any], tuple[int, ...]] | None = None
        self.replayed = replay(scheduler, journal.past())
        """How many entries the journal held."""

    def redefine(self, definition: Mapping[str, Any], rerun: Sequence[int] = ()) -> None:
        """Go on otherwise, from `begin` on.

        Args:
            definition: the whole new definition in its stored form.
            rerun: runs that are over and are to run again.
        """
        self._redefinition = (definition, tuple(rerun))

    @property
    def over(self) -> bool:
        """Whether the sweep has ended for good, so that there is nothing to work on."""
        scheduler = self.scheduler
        ended = scheduler.done and scheduler.status is not SweepStatus.PAUSED
        return ended and self._redefinition is None

    def work(self) -> SweepStatus:
        """Work on the sweep until it is done or paused; return how it stands then.

        Raises:
            TargetError: the target is gone; the sweep can be resumed.
            DiskFull: not even a pause can be written down; the sweep can be resumed.
        """
        try:
            self.begin()
            while not self.scheduler.done:
                self.round()
        except DiskFull as error:
            self._target.close()  # first: what it writes would take the room that is made
            self._pause_without_room(str(error))
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

    def _open(self) -> None:
        now = self._target.now()
        alive = self.scheduler.live
        self._batch.sweep["status"] = [SweepStatus.RUNNING.value, ""]
        if self._redefinition is not None:
            definition, rerun = self._redefinition
            self._handle(Redefined(now, definition, rerun))
            self._batch.sweep |= redefined(self.scheduler.definition, self._first)
        self._handle(Opened(now))
        for record in alive:  # they went with the engine that had launched them
            self._handle(Lost(now, record.number, "the engine ended", counts=False))
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
        if self.disk is not None and not self.scheduler.done:
            self._mind_room(now, self.disk.look(now))
        for wish, run, reason in self._wishes.take() if self._wishes else ():
            if not self.scheduler.done:
                self._wish(now, wish, run, reason)

    def _wish(self, now: float, wish: str, run: int | None, reason: str) -> None:
        if wish == "pause":
            self._handle(PauseAsked(now, reason))
        elif wish == "release":
            self._handle(NodeReleased(now, reason))
        elif wish == "concurrent" and run is not None:
            self._handle(ConcurrencySet(now, run))
            self._batch.sweep |= redefined(self.scheduler.definition, self._first)
        elif wish == "invalidate" and run in self.scheduler.runs:
            self._handle(Invalidated(now, run, reason))
        elif wish == "cancel" and (run is None or run in self.scheduler.runs):
            self._handle(CancelAsked(now, run, reason))

    def _mind_room(self, now: float, room: Room) -> None:
        held = self.scheduler.held
        if room.level is Level.CRITICAL:
            self._handle(PauseAsked(now, room.text))
        elif room.level is Level.LOW and not held:
            self._handle(LaunchesHeld(now, room.text))
            self._batch.notices.append((now, None, room.text))
        elif room.level is Level.OK and held:
            self._handle(LaunchesReleased(now))
            self._batch.notices.append((now, None, "there is room on the disk: runs go on"))

    def _pause_without_room(self, reason: str) -> None:
        """Pause a sweep whose runs are all gone, in the room that the ballast has kept."""
        if self.ballast is not None:
            self.ballast.free()
        now = self._target.now()
        self._commands.clear()
        if not self.scheduler.done:
            self._handle(PauseAsked(now, reason))
        for record in self.scheduler.live:
            self._handle(Stopped(now, record.number))
        self._commands.clear()
        self._settle()

    def _handle(self, event: Event) -> None:
        commands = self.scheduler.handle(event)
        self._batch.entries.append((event, commands))
        if type(event) is Reported and not commands:  # the hot path
            self._touch(event.run)
            return
        self._commands += commands
        for run in {getattr(event, "run", None), *(getattr(c, "run", None) for c in commands)}:
            if run is not None:
                self._touch(run)
        for command in commands:
            self._note(event.at, command)

    def _note(self, at: float, command: Command) -> None:
        """Write down what a command makes known beside the state of its run."""
        if isinstance(command, Launch):
            self._translator.launched(command.run, self._batch)
        elif isinstance(command, Stop):
            attempt = self.scheduler.runs[command.run].attempt
            self._translator.stops[command.run, attempt] = at
        elif isinstance(command, Quarantine):
            self._batch.notices.append((at, None, _quarantined(command)))
        elif isinstance(command, Finish):
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
        if "definition" in self._batch.sweep:  # the target may have to grow
            self._target.open(self.scheduler.definition.limits.concurrent)
        commands, self._commands = self._commands, []
        # What was launched last is stopped first: it may wait in a slot for another that is to
        # be stopped as well, and would begin in its place.
        commands.sort(key=lambda c: (1, -c.run) if isinstance(c, Stop) else (0, 0))
        for command in commands:
            if isinstance(command, Launch):
                self._target.launch(self._orders(command))
            elif isinstance(command, Stop):
                attempt = self.scheduler.runs[command.run].attempt
                self._target.stop(command.run, attempt, self._grace)
            elif isinstance(command, Quarantine):
                self._target.quarantine(command.node)
            elif isinstance(command, Release):
                self._target.release(command.node)
        batch, self._batch = self._batch, Batch()
        self.on_round(batch)


def _quarantined(command: Quarantine) -> str:
    return (
        f"node {command.node} is used no longer: {command.reason}; once it is well again:"
        f" sweep node release {command.node}"
    )
