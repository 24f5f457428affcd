"""What happened. Plain immutable facts.

Every event carries `at`: seconds since the epoch, set by whoever saw it happen. Nothing below
the shell looks at a clock, so a recorded list of events always leads to the same commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweep.core.failure import Kind


@dataclass(frozen=True, slots=True)
class Opened:
    """The sweep begins to be worked on, or begins again after a restart."""

    at: float


@dataclass(frozen=True, slots=True)
class SlotsChanged:
    """The target has `slots` places where one run at a time can execute, on `nodes` machines.

    `ahead` more runs may be launched, to wait in the slots: they are that short. A sampler that
    learns from every outcome does not use it.
    """

    at: float
    slots: int
    nodes: int = 1
    ahead: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """A run's process is alive, on a node of that name."""

    at: float
    run: int
    node: str = ""


@dataclass(slots=True)  # not frozen: there are millions, and that takes three times as long
class Reported:
    """A run logged its primary metric; `step` is the script's own count, which nothing uses."""

    at: float
    run: int
    value: float
    step: float | None = None


Report = tuple[int, float, float, Any]
"""A report in the fewest parts: run, value, time, and something that nothing uses."""


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
    kind: Kind = "error"


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
    kind: Kind = "lost"


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
class LaunchesHeld:
    """Nothing new is to be launched for now: what it needs is short."""

    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class LaunchesReleased:
    """What was short is there again."""

    at: float


@dataclass(frozen=True, slots=True)
class NodeReleased:
    """Somebody wants a node to be used again that was quarantined."""

    at: float
    node: str


@dataclass(frozen=True, slots=True)
class Redefined:
    """Somebody wants a sweep that nobody works on to go on otherwise.

    `definition` is the whole new one in its stored form; `rerun` are runs that are over and
    are to run again.
    """

    at: float
    definition: Mapping[str, Any]
    rerun: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Amendment:
    """Somebody changes something in a sweep, whether it is worked on or not; see its kinds."""

    at: float


@dataclass(frozen=True, slots=True)
class Invalidated(Amendment):
    """What a run has reported is wrong: it is as if it had reported nothing."""

    run: int
    reason: str


@dataclass(frozen=True, slots=True)
class ConcurrencySet(Amendment):
    """From now on so many runs may live at one time."""

    concurrent: int


@dataclass(frozen=True, slots=True)
class TimePassed:
    """It is `at` now."""

    at: float


RunEvent = Started | Reported | Completed | Failed | Stopped | Lost
Event = (
    Opened
    | SlotsChanged
    | RunEvent
    | CancelAsked
    | PauseAsked
    | TimePassed
    | LaunchesHeld
    | LaunchesReleased
    | NodeReleased
    | Redefined
    | Invalidated
    | ConcurrencySet
)
