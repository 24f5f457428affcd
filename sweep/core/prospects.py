"""What of a sweep cannot have an effect, as far as its definition says."""

from __future__ import annotations

from collections.abc import Iterator

from policies import EarlyTerminationPolicy, NoTerminationPolicy, PromisingPolicy
from samplers import BayesianParameterSampling
from sweep.core.definition import SweepDefinition
from sweep.core.words import counted

RUNS_PER_PARAMETER = 10
"""A model of fewer runs knows little more than chance."""
ROUNDS = 5
"""So many times all slots should be filled anew with what the model has learnt meanwhile."""
FAR = 100_000
"""Reports until a policy's first judgement are looked for up to here."""


def prospects(definition: SweepDefinition, reports: int | None) -> Iterator[str]:
    """Yield a sentence for each thing that can have no effect, or hardly any.

    Args:
        definition: of the sweep.
        reports: how often a run is likely to report; None if not known.
    """
    yield from _of_policy(definition, reports)
    sampling, limits = definition.sampling, definition.limits
    if not isinstance(sampling, BayesianParameterSampling):
        return
    count = len(sampling.space.leaves)
    if limits.runs < RUNS_PER_PARAMETER * count:
        yield (
            f"Bayesian sampling of {counted(count, 'hyperparameter')} needs"
            f" {RUNS_PER_PARAMETER * count} runs or more to be better than random:"
            f" max_total_runs is {limits.runs}"
        )
    if limits.concurrent > 1 and limits.concurrent * ROUNDS > limits.runs:
        yield (
            f"{limits.concurrent} runs at a time of {limits.runs} leave Bayesian sampling little"
            f" to learn from: {max(1, limits.runs // ROUNDS)} or fewer at a time are better"
        )


def first_judged(policy: EarlyTerminationPolicy) -> int | None:
    """Return after how many reports a run is judged first; None: never."""
    if isinstance(policy, NoTerminationPolicy):
        return None
    start = max(1, policy.delay_evaluation)
    return next((n for n in range(start, start + FAR) if policy.due(n)), None)


def _of_policy(definition: SweepDefinition, reports: int | None) -> Iterator[str]:
    policy, limits = definition.policy, definition.limits
    first, name = first_judged(policy), type(policy).__name__
    if isinstance(policy, NoTerminationPolicy):
        return
    if limits.runs < 2:
        yield f"{name} never acts: a run alone is never stopped"
    elif reports is not None and (first is None or first >= reports):
        after = f"{name} judges a run first after {first or FAR} reports"
        what = "it never acts" if first != reports else "a stop then saves nothing"
        yield f"{after}, and a run may make {counted(reports, 'report')}: {what}"
    elif isinstance(policy, PromisingPolicy) and policy.finished_runs >= limits.runs:
        yield (
            f"{name} never acts: the first {policy.finished_runs} runs go to their ends"
            f" (finished_runs), and there are {limits.runs}"
        )
