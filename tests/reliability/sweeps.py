"""Reference sweeps: every sampler with every kind of policy, on the target in virtual time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from policies import (
    BanditPolicy,
    EarlyTerminationPolicy,
    Goal,
    MedianStoppingPolicy,
    TruncationSelectionPolicy,
)
from samplers import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
    Sampling,
    choice,
    loguniform,
    uniform,
)
from sweep.core.definition import Limits, SweepDefinition

RUNS = 6
REPORTS = 5
SPACE = {"lr": loguniform(-5, 0), "depth": choice(1, 2, 3)}
SAMPLINGS: dict[str, Sampling] = {
    "random": RandomParameterSampling(SPACE, seed=3),
    "sobol": RandomParameterSampling(SPACE, seed=3, rule="sobol"),
    "grid": GridParameterSampling(
        {"lr": choice(0.9, 0.3, 0.5, 0.1), "depth": choice(3, 1)},
    ),
    "bayesian": BayesianParameterSampling(
        {"lr": uniform(0, 1), "depth": choice(1, 2, 3)},
        seed=4,
        initial_points=4,
    ),
}
POLICIES: dict[str, EarlyTerminationPolicy] = {
    "bandit": BanditPolicy(slack_factor=0.2, delay_evaluation=1),
    "median": MedianStoppingPolicy(1, 2),
    "truncation": TruncationSelectionPolicy(40, 1, 2),
}
SWEEPS = [f"{sampling}/{policy}" for sampling in SAMPLINGS for policy in POLICIES]


def definition(name: str, slots: int = 1) -> SweepDefinition:
    """Return a reference sweep.

    Args:
        name: of a sampling and a policy, with a slash between them.
        slots: how many runs live at one time.
    """
    sampling, policy = name.split("/")
    limits = Limits(RUNS, slots)
    return SweepDefinition(SAMPLINGS[sampling], "m", Goal.MAXIMIZE, limits, POLICIES[policy])


def curve(configuration: Any) -> Iterator[float]:
    """Play a run that learns; some have a report that is no number, and some fail."""
    lr, depth = configuration["lr"], configuration["depth"]
    for n in range(1, REPORTS + 1):
        yield math.nan if (depth, n) == (2, 2) else lr * (1 - 0.6**n) + depth / 100
    if depth == 2 and lr < 0.5:
        raise ValueError("it does not converge")
