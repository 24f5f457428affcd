"""What a policy is, when it is asked, and what it answers."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from policies.goal import Goal
from policies.leaderboard import Leaderboard

if TYPE_CHECKING:
    from typing_extensions import Self

MINIMUM_POPULATION = 2
"""Runs with data before any policy acts: one curve is no comparison."""


class PolicyError(ValueError):
    """A policy was given a value it cannot work with.

    Attributes:
        key: the argument at fault.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key


@dataclass(frozen=True, slots=True)
class Verdict:
    """One evaluation of one run, with everything that led to it.

    Attributes:
        policy: name of the policy's class.
        interval: reports the run had made.
        value: the run's own figure, in units of the metric.
        cutoff: the figure it was measured against, in units of the metric.
        stop: whether the run is to be stopped.
        reason: one sentence with the numbers.
    """

    policy: str
    interval: int
    value: float
    cutoff: float
    stop: bool
    reason: str


class EarlyTerminationPolicy(ABC):
    """Judge one run against all others; *when* to do so is the same for every policy.

    A policy is applied to a run whose count of reports is a multiple of `evaluation_interval`
    and at least `delay_evaluation`. An interval of 0 or less counts as 1, a negative delay
    as 0.

    `stops` is quick and asked at every due report; `explain` gives the same answer with its
    numbers and is asked when somebody wants to know.

    Raises:
        PolicyError: an argument is not a whole number.
    """

    wire_name: ClassVar[str]
    audit_fraction: float = 0.0
    """Of the runs that are to be stopped, so many go on to their end nevertheless: by chance."""

    def __init__(self, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        self.evaluation_interval = max(1, whole_number("evaluation_interval", evaluation_interval))
        self.delay_evaluation = max(0, whole_number("delay_evaluation", delay_evaluation))

    def due(self, interval: int) -> bool:
        """Tell whether a run that has made `interval` reports is to be judged."""
        return interval >= self.delay_evaluation and interval % self.evaluation_interval == 0

    def dues(self, before: int, interval: int) -> int:
        """Return how often a run is judged after report `before` and up to report `interval`."""
        before = max(before, self.delay_evaluation - 1)
        return max(0, interval // self.evaluation_interval - before // self.evaluation_interval)

    def may_stop(self, board: Leaderboard, run: int) -> bool:
        """Tell whether any policy may stop `run`: not one alone, and never the best of all."""
        return board.population >= MINIMUM_POPULATION and board.leader != run

    def leaderboard(self, goal: Goal) -> Leaderboard:
        """Return an empty leaderboard that can answer what this policy asks."""
        return Leaderboard(goal)

    @abstractmethod
    def stops(self, board: Leaderboard, run: int) -> bool:
        """Tell whether `run` is to be stopped at its latest report."""

    def margin(self, goal: Goal) -> tuple[float, float] | None:  # noqa: ARG002 - may be overridden
        """Return a distance from the best within which no run is ever stopped.

        At any interval, that is a share of the best of all scores by then, and an amount; None:
        there is no such distance.
        """
        return None

    @abstractmethod
    def explain(self, board: Leaderboard, run: int) -> Verdict:
        """Give the verdict on `run` at its latest report with its reason."""

    def stopped(self, board: Leaderboard, run: int) -> None:  # noqa: B027 - optional to override
        """Take note that this policy has stopped `run`."""

    def finished(self, board: Leaderboard, run: int) -> None:  # noqa: B027 - as above
        """Take note that `run` has ended by itself or by somebody's hand."""

    def with_audit(self, fraction: float) -> Self:
        """Return the same policy, of whose stops a random share is not carried out.

        What these runs come to tells how often the policy is wrong.

        Args:
            fraction: from 0, none, to 1, all.

        Raises:
            PolicyError: it is not such a number.
        """
        number = isinstance(fraction, (int, float)) and not isinstance(fraction, bool)
        if not (number and math.isfinite(fraction) and 0 <= fraction <= 1):
            message = f"expected a number from 0 to 1, got {fraction!r}"
            raise PolicyError("audit_fraction", message)
        audited = copy.copy(self)
        audited.audit_fraction = float(fraction)
        return audited

    def arguments(self) -> dict[str, Any]:
        """Return the properties, and the share that is audited if there is one."""
        audit = {"audit_fraction": self.audit_fraction} if self.audit_fraction else {}
        return {**self.properties(), **audit}

    def properties(self) -> dict[str, Any]:
        """Return the arguments in HyperDrive's JSON form."""
        return {
            "evaluation_interval": self.evaluation_interval,
            "delay_evaluation": self.delay_evaluation,
        }

    def to_wire(self) -> dict[str, Any]:
        """Return the policy in HyperDrive's JSON form."""
        return {"name": self.wire_name, "properties": self.arguments()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EarlyTerminationPolicy) and self.to_wire() == other.to_wire()

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{k}={v!r}" for k, v in self.arguments().items())
        return f"{type(self).__name__}({arguments})"


def whole_number(key: str, value: object) -> int:
    """Return `value` as an int.

    Raises:
        PolicyError: it is not a whole number.
    """
    if not isinstance(value, int):
        raise PolicyError(key, f"expected a whole number, got {value!r}")
    return int(value)


def tolerance(value: float) -> float:
    """Return how far apart two values may be and still count as equal.

    0.8 - 0.2 is 0.6000000000000001; a run at 0.6 stands on that cut-off, not beyond it.
    """
    return 1e-12 * value if value > 1 else 1e-12 * -value if value < -1 else 1e-12


def after(interval: int) -> str:
    """Return the words for "after so many reports"."""
    return f"after {interval} report{'' if interval == 1 else 's'}"
