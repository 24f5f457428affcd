"""What of a sweep cannot have an effect, as far as its definition says."""

from __future__ import annotations

from collections.abc import Iterator

from policies import (
    EarlyTerminationPolicy,
    NoTerminationPolicy,
    PromisingPolicy,
    TruncationSelectionPolicy,
)
from samplers import BayesianParameterSampling, OptunaParameterSampling
from sweep.core.definition import SweepDefinition
from sweep.core.words import counted

RUNS_PER_PARAMETER = 10
"""A model of fewer runs knows little more than chance."""
ROUNDS = 5
"""So many times all slots should be filled anew with what the model has learnt meanwhile."""
NO_MODELS = ("RandomSampler", "QMCSampler", "GridSampler", "BruteForceSampler")
"""Samplers of Optuna that learn nothing."""
FAR = 100_000
"""Reports until a policy's first judgement are looked for up to here."""


def prospects(
    definition: SweepDefinition, reports: int | None, known: int = 0, slots: int | None = None
) -> Iterator[str]:
    """Yield a sentence for each thing that can have no effect, or hardly any.

    Args:
        definition: of the sweep.
        reports: how often a run is likely to report; None if not known.
        known: runs of earlier sweeps that it learns from.
        slots: how many runs there can be at one time where it will run; None if not known.
    """
    limits = definition.limits
    concurrent = limits.concurrent if slots is None else min(slots, limits.concurrent)
    yield from _of_policy(definition, reports, known, concurrent)
    if (name := _model(definition)) is None:
        return
    count = len(definition.sampling.space.leaves)
    configurations = limits.runs // limits.replicates
    if configurations + known < RUNS_PER_PARAMETER * count:
        yield (
            f"{name} of {counted(count, 'hyperparameter')} needs"
            f" {RUNS_PER_PARAMETER * count} runs or more to be better than random:"
            f" max_total_runs is {limits.runs}"
            + (f", {limits.replicates} of each configuration" if limits.replicates > 1 else "")
        )
    if concurrent > 1 and concurrent * ROUNDS > limits.runs:
        most = limits.runs // ROUNDS
        yield (
            f"{concurrent} runs at a time of {limits.runs} leave {name} little to learn from:"
            f" {f'{most} or fewer' if most > 1 else 'one'} at a time"
            f" {'are' if most > 1 else 'is'} better"
        )


def first_judged(policy: EarlyTerminationPolicy) -> int | None:
    """Return after how many reports a run is judged first; None: never."""
    if isinstance(policy, NoTerminationPolicy):
        return None
    start = max(1, policy.delay_evaluation)
    return next((n for n in range(start, start + FAR) if policy.due(n)), None)


def _model(definition: SweepDefinition) -> str | None:
    """Return what a sampling that learns is called; None for one that does not."""
    sampling = definition.sampling
    if isinstance(sampling, BayesianParameterSampling):
        return "Bayesian sampling"
    if isinstance(sampling, OptunaParameterSampling) and sampling.sampler_class not in NO_MODELS:
        return f"sampling by Optuna's {sampling.sampler_class}"
    return None


def _of_policy(
    definition: SweepDefinition, reports: int | None, known: int, concurrent: int
) -> Iterator[str]:
    policy, runs = definition.policy, definition.most_runs
    first, name = first_judged(policy), type(policy).__name__
    if isinstance(policy, NoTerminationPolicy):
        return
    if runs < 2 and not known:
        yield f"{name} never acts: a run alone is never stopped"
    elif reports is not None and (first is None or first >= reports):
        after = f"{name} judges a run first after {counted(first or FAR, 'report')}"
        what = "it never acts" if first != reports else "a stop then saves nothing"
        yield f"{after}, and a run may make {counted(reports, 'report')}: {what}"
    elif isinstance(policy, PromisingPolicy) and policy.finished_runs >= runs + known:
        yield (
            f"{name} never acts: the first {policy.finished_runs} runs go to their ends"
            f" (finished_runs), and there are {runs + known}"
        )
    elif isinstance(policy, TruncationSelectionPolicy):
        yield from _of_truncation(policy, concurrent, runs + known)
    if policy.audit_fraction == 1:
        yield f"{name} never acts: audit_fraction 1 lets all runs go on that it would stop"


def _of_truncation(policy: TruncationSelectionPolicy, concurrent: int, runs: int) -> Iterator[str]:
    """Yield that its tail is always empty, which is rounded down to whole runs."""
    percentage, only_running = policy.truncation_percentage, policy.exclude_finished_jobs
    field = min(concurrent, runs) if only_running else runs
    if field * percentage < 100:
        yield (
            f"TruncationSelectionPolicy never acts: {percentage} % of {counted(field, 'run')}"
            f"{' at a time (exclude_finished_jobs)' if only_running else ''} is less than one run"
        )
