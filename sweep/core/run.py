"""The life of one run: a table, and nothing that is not in the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from policies import Verdict
from samplers import Configuration
from sweep.core.events import Completed, Failed, Lost, Reported, RunEvent, Started, Stopped
from sweep.core.failure import Attempts, Kind
from sweep.errors import IllegalEvent


class RunState(str, Enum):
    """Where a run is in its life; the words are HyperDrive's."""

    WAITING = "NotStarted"
    """It has a configuration and waits for a slot: it was lost or paused."""
    QUEUED = "Queued"
    """It has been given to a slot."""
    RUNNING = "Running"
    STOPPING = "CancelRequested"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"


INVALID = "invalidated: "
"""How the reason of a run begins whose reports are not to count."""

LIVE = frozenset({RunState.QUEUED, RunState.RUNNING, RunState.STOPPING})
"""States in which a run occupies a slot."""

TERMINAL = frozenset({RunState.COMPLETED, RunState.FAILED, RunState.CANCELED})
OVER = frozenset(state.value for state in TERMINAL)
"""The same as HyperDrive's words; sweeps end with them too."""

TRANSITIONS: dict[tuple[RunState, type[RunEvent]], RunState] = {
    (RunState.QUEUED, Started): RunState.RUNNING,
    (RunState.QUEUED, Failed): RunState.FAILED,
    (RunState.QUEUED, Lost): RunState.WAITING,
    (RunState.RUNNING, Reported): RunState.RUNNING,
    (RunState.RUNNING, Completed): RunState.COMPLETED,
    (RunState.RUNNING, Failed): RunState.FAILED,
    (RunState.RUNNING, Lost): RunState.WAITING,
    # A run that was told to stop may still be starting or speaking, or may win the race.
    (RunState.STOPPING, Started): RunState.STOPPING,
    (RunState.STOPPING, Reported): RunState.STOPPING,
    (RunState.STOPPING, Completed): RunState.COMPLETED,
    (RunState.STOPPING, Failed): RunState.CANCELED,
    (RunState.STOPPING, Stopped): RunState.CANCELED,
    (RunState.STOPPING, Lost): RunState.CANCELED,
}


@dataclass(slots=True)
class RunRecord:
    """One run and all that is known about it.

    Attributes:
        number: its place in the order of sampling, from 0.
        configuration: the values of its hyperparameters.
        state: see `RunState`.
        attempt: how often it has been launched.
        failures: how many of these attempts ended in each way that counts.
        reports: how often the present attempt has logged the primary metric.
        last: the latest of these values.
        launched_at, started_at, reported_at, ended_at: seconds since the epoch, of the present
            attempt.
        node: where the present attempt runs.
        reason: why it was told to stop, why it failed, or why it was lost.
        verdict: the policy's verdict, where a policy stopped it.
        audited: its first verdict to stop, where the run goes on to see how it ends.
        kind: in which way it has failed, or will have once it has stopped.
        again: whether it goes back to WAITING, not to CANCELED, once it has stopped.
        invalid: whether the reports of the present attempt are not to count.
        place: the number of its configuration, and which of its replicates it is, both from 0;
            None where each configuration is run once.
    """

    number: int
    configuration: Configuration
    state: RunState = RunState.WAITING
    attempt: int = 0
    failures: dict[Kind, int] = field(default_factory=dict)
    reports: int = 0
    last: float | None = None
    launched_at: float | None = None
    started_at: float | None = None
    reported_at: float | None = None
    ended_at: float | None = None
    reason: str = ""
    verdict: Verdict | None = None
    audited: Verdict | None = None
    node: str = ""
    kind: Kind | None = None
    again: bool = False
    invalid: bool = False
    place: tuple[int, int] | None = None

    @property
    def live(self) -> bool:
        """Whether it occupies a slot."""
        return self.state in LIVE

    def begin(self, at: float) -> None:
        """Enter a new attempt."""
        self.state, self.invalid = RunState.QUEUED, False
        self.attempt += 1
        self.reports, self.last, self.reason = 0, None, ""
        self.verdict, self.audited, self.kind, self.node = None, None, None, ""
        self.launched_at, self.started_at, self.reported_at, self.ended_at = at, None, None, None

    def next_state(self, event: RunEvent) -> RunState:
        """Return the state after `event`.

        Raises:
            IllegalEvent: the table has no such transition.
        """
        state = TRANSITIONS.get((self.state, type(event)))
        if state is None:
            raise IllegalEvent(
                f"run {self.number} is {self.state.value} in attempt {self.attempt}"
                f" and cannot take {event}"
            )
        if state is RunState.CANCELED:
            if self.again:
                return RunState.WAITING
            if self.kind is not None:
                return RunState.FAILED
        return state

    def may_begin_again(self, kind: Kind, attempts: Attempts) -> bool:
        """Count an attempt that ended in some way; tell whether there may be another."""
        self.failures[kind] = self.failures.get(kind, 0) + 1
        return self.failures[kind] < attempts.of(kind)
