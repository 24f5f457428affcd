"""What happened. Plain immutable facts.

Every event carries `at`: seconds since the epoch, set by whoever saw it happen. Nothing below
the shell looks at a clock, so a recorded list of events always leads to the same commands.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opened:
    """The sweep begins to be worked on, or begins again after a restart."""

    at: float


@dataclass(frozen=True, slots=True)
class SlotsChanged:
    """The target has `slots` places where one run at a time can execute."""

    at: float
    slots: int


@dataclass(frozen=True, slots=True)
class Started:
    """A run's process is alive."""

    at: float
    run: int


@dataclass(frozen=True, slots=True)
class Reported:
    """A run logged its primary metric; `step` is the script's own count, which nothing uses."""

    at: float
    run: int
    value: float
    step: float | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """A run ended by itself, successfully."""

    at: float
    run: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A run ended by itself with an error, or could not be started."""

    at: float
    run: int
    error: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run that was told to stop is gone, with all its processes."""

    at: float
    run: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A run vanished with its slot, its node, or the engine.

    `counts` tells whether it uses up one of the run's attempts: a run is not to blame for an
    engine that was killed.
    """

    at: float
    run: int
    reason: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """Somebody wants one run, or (None) the whole sweep, to end."""

    at: float
    run: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """Somebody wants the work to cease for now; what runs will run again."""

    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """It is `at` now."""

    at: float


RunEvent = Started | Reported | Completed | Failed | Stopped | Lost
Event = Opened | SlotsChanged | RunEvent | CancelAsked | PauseAsked | TimePassed
