"""What a sweep is: a space and its sampling, a policy, a metric, limits.

The stored form is HyperDrive's own JSON description of a sweep, with a few keys of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policies import EarlyTerminationPolicy, Goal, NoTerminationPolicy, policy_from_wire
from samplers import (
    GridParameterSampling,
    Sampling,
    configurations,
    sampling_from_wire,
    sampling_wire,
)
from sweep.core.failure import Attempts
from sweep.core.prior import NOTHING, Prior
from sweep.core.single import SINGLE, Single

DEFAULT_DURATION_MINUTES = 10080.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a sweep may do.

    Attributes:
        runs: upper bound on the number of runs.
        concurrent: upper bound on runs that live at one time.
        duration_minutes: time the sweep may be worked on; running runs are cancelled then.
        run_seconds: time one run may take; it is cancelled then. None: no bound.
        idle_seconds: time a run may go without reporting the primary metric; it has failed
            then. None: no bound.
        first_report_seconds: the same until its first report. None: as `idle_seconds`.
        consecutive_failures: end the sweep when this many of the first runs fail and nothing
            else has ended before them. None: never.
        attempts: how often a run may be started, by the way in which it ends.
        stop_diverged: whether a run fails when its primary metric is no finite number; else it
            goes on, and the value counts as the worst.
        replicates: how many runs each configuration has.
    """

    runs: int
    concurrent: int
    duration_minutes: float = DEFAULT_DURATION_MINUTES
    run_seconds: float | None = None
    idle_seconds: float | None = None
    first_report_seconds: float | None = None
    consecutive_failures: int | None = 3
    attempts: Attempts = field(default_factory=Attempts)
    stop_diverged: bool = False
    replicates: int = 1


@dataclass(frozen=True, slots=True)
class SweepDefinition:
    """One sweep, before it runs; `prior`, which may be large, is kept beside its stored form."""

    sampling: Sampling
    metric: str
    goal: Goal
    limits: Limits
    policy: EarlyTerminationPolicy = field(default_factory=NoTerminationPolicy)
    prior: Prior = NOTHING

    @property
    def most_runs(self) -> int:
        """How many runs there can be: a grid may have fewer configurations than are allowed."""
        limits, sampling = self.limits, self.sampling
        if not isinstance(sampling, GridParameterSampling):
            return limits.runs
        size = (configurations(sampling) or 0) + sampling.duplicates * len(sampling.guide.points)
        return min(limits.runs, size * limits.replicates)

    def to_wire(self) -> dict[str, Any]:
        """Return HyperDrive's JSON description of the sweep, with our limits beside it."""
        limits = self.limits
        extra = {
            "max_idle_seconds": limits.idle_seconds,
            "max_first_report_seconds": limits.first_report_seconds,
            "on_non_finite": "stop" if limits.stop_diverged else None,
            "replicates": limits.replicates if limits.replicates > 1 else None,
        }
        return {
            "generator_config": {"name": SINGLE}
            if isinstance(self.sampling, Single)
            else sampling_wire(self.sampling),
            "policy_config": self.policy.to_wire(),
            "primary_metric_config": {"name": self.metric, "goal": self.goal.value},
            "max_total_jobs": limits.runs,
            "max_concurrent_jobs": limits.concurrent,
            "max_duration_minutes": _plain(limits.duration_minutes),
            "max_run_duration_seconds": limits.run_seconds,
            "max_consecutive_failures": limits.consecutive_failures,
            "max_attempts": limits.attempts.to_wire(),
            **{key: value for key, value in extra.items() if value},
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> SweepDefinition:
        """Rebuild a sweep from `to_wire`'s form.

        Raises:
            KeyError, ValueError: the description is incomplete or wrong.
        """
        generator = wire["generator_config"]
        metric = wire["primary_metric_config"]
        single = generator["name"] == SINGLE
        return cls(
            sampling=Single() if single else sampling_from_wire(**generator),
            policy=policy_from_wire(wire["policy_config"]),
            metric=metric["name"],
            goal=Goal(metric["goal"]),
            limits=Limits(
                runs=wire["max_total_jobs"],
                concurrent=wire["max_concurrent_jobs"],
                duration_minutes=wire.get("max_duration_minutes", DEFAULT_DURATION_MINUTES),
                run_seconds=wire.get("max_run_duration_seconds"),
                consecutive_failures=wire.get("max_consecutive_failures", 3),
                attempts=Attempts.from_wire(wire.get("max_attempts", 3)),
                idle_seconds=wire.get("max_idle_seconds"),
                first_report_seconds=wire.get("max_first_report_seconds"),
                stop_diverged=wire.get("on_non_finite") == "stop",
                replicates=int(wire.get("replicates", 1)),
            ),
        )


BEGINNING = ("definition", "first_definition", "prior")
"""The facts that `begun_with` takes."""


def begun_with(facts: Mapping[str, Any]) -> SweepDefinition:
    """Return the definition from which a sweep's journal is replayed.

    Args:
        facts: what is kept of the sweep: its `definition`, and, if it went on with another, the
            `first_definition`; the events say what became of that. And its `prior`, if any.
    """
    first = SweepDefinition.from_wire(facts.get("first_definition") or facts["definition"])
    return replace(first, prior=Prior.from_wire(facts.get("prior")))


def redefined(definition: SweepDefinition, first: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a sweep that goes on with another definition.

    Args:
        definition: the present one.
        first: the stored form of that from which its journal is replayed.
    """
    return {"definition": definition.to_wire(), "first_definition": first}


def _plain(number: float) -> float:
    """Return an integral number as an int: it reads better in JSON and in messages."""
    return int(number) if float(number).is_integer() else number
