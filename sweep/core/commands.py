"""What to do about it. Plain immutable orders, carried out by the shell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from policies import Verdict
from samplers import Configuration


class SweepStatus(str, Enum):
    """How a sweep stands; the words are HyperDrive's."""

    RUNNING = "Running"
    PAUSED = "Paused"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"


@dataclass(frozen=True, slots=True)
class Launch:
    """Start a run; `attempt` counts from 1. `place` is the record's."""

    run: int
    attempt: int
    configuration: Configuration
    place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """End a run. `verdict` is there when a policy wants it."""

    run: int
    reason: str
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing is left to do."""

    status: SweepStatus
    reason: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Use a node no longer."""

    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """Use a node again."""

    node: str


Command = Launch | Stop | Finish | Quarantine | Release
