"""What can have no effect is said before a sweep begins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies import (
    AsyncSuccessiveHalvingPolicy,
    BanditPolicy,
    Goal,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    PromisingPolicy,
    TruncationSelectionPolicy,
)
from samplers import (
    BayesianParameterSampling,
    GridParameterSampling,
    OptunaParameterSampling,
    RandomParameterSampling,
    choice,
    uniform,
)
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.prospects import first_judged, prospects

SPACE = {"--x": uniform(0, 1), "--y": uniform(0, 1)}
RANDOM, BAYESIAN = RandomParameterSampling(SPACE), BayesianParameterSampling(SPACE)
BANDIT = BanditPolicy(slack_factor=0.1, delay_evaluation=5)
GRID = GridParameterSampling({"--x": choice(1, 2, 3)})
NOBODY, PROMISING = NoTerminationPolicy(), PromisingPolicy(8)
TAIL, RUNNING_TAIL = TruncationSelectionPolicy(10), TruncationSelectionPolicy(20, 1, 0, True)


@pytest.mark.parametrize(
    ("policy", "first"),
    [
        (BANDIT, 5),
        (MedianStoppingPolicy(4, 5), 8),
        (MedianStoppingPolicy(), 1),
        (AsyncSuccessiveHalvingPolicy(3), 3),
        (PromisingPolicy(evaluation_interval=5), 10),
        (NoTerminationPolicy(), None),
    ],
    ids=repr,
)
def test_when_a_run_is_judged_first(policy, first) -> None:
    assert first_judged(policy) == first


@pytest.mark.parametrize(
    ("sampling", "policy", "runs", "concurrent", "reports", "said"),
    [
        (RANDOM, BANDIT, 20, 4, 20, []),
        (RANDOM, BANDIT, 20, 4, None, []),
        (RANDOM, NoTerminationPolicy(), 1, 1, 1, []),
        (RANDOM, BANDIT, 20, 4, 4, ["first after 5 reports, and a run may make 4 reports: it n"]),
        (RANDOM, BANDIT, 20, 4, 5, ["may make 5 reports: a stop then saves nothing"]),
        (
            RANDOM,
            MedianStoppingPolicy(),
            20,
            4,
            1,
            ["first after 1 report, and a run may make 1 re"],
        ),
        (RANDOM, BANDIT, 1, 1, 20, ["BanditPolicy never acts: a run alone is never stopped"]),
        (RANDOM, PromisingPolicy(8), 8, 4, 20, ["the first 8 runs go to their ends"]),
        (BAYESIAN, NoTerminationPolicy(), 40, 8, None, []),
        (BAYESIAN, NoTerminationPolicy(), 19, 1, None, ["of 2 hyperparameters needs 20 runs"]),
        (
            BAYESIAN,
            NoTerminationPolicy(),
            20,
            5,
            None,
            [
                "5 runs at a time of 20 leave",
            ],
        ),
        (BAYESIAN, NOBODY, 9, 2, None, ["needs 20 runs", "learn from: one at a time is better"]),
        (BAYESIAN, BANDIT, 10, 5, 3, ["first after 5", "needs 20 runs", "2 or fewer at a time"]),
    ],
)
def test_what_is_said(sampling, policy, runs, concurrent, reports, said) -> None:
    limits = Limits(runs=runs, concurrent=concurrent)
    definition = SweepDefinition(sampling, "accuracy", Goal.MAXIMIZE, limits, policy)
    found = [*prospects(definition, reports)]
    assert len(found) == len(said)
    assert all(part in text for part, text in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("sampling", "policy", "runs", "concurrent", "known", "said"),
    [
        (RANDOM, TAIL, 9, 4, 0, ["TruncationSelectionPolicy never acts: 10 % of 9 runs is less"]),
        (RANDOM, TAIL, 10, 4, 0, []),
        (RANDOM, TAIL, 9, 4, 1, []),
        (RANDOM, RUNNING_TAIL, 50, 4, 0, ["20 % of 4 runs at a time (exclude_finished_jobs) is"]),
        (RANDOM, RUNNING_TAIL, 50, 5, 0, []),
        (
            GRID,
            PROMISING,
            50,
            4,
            0,
            ["the first 8 runs go to their ends (finished_runs), and the"],
        ),
        (GRID, TAIL, 50, 4, 0, ["10 % of 3 runs is less than one run"]),
        (GridParameterSampling({"--x": choice(1)}), BANDIT, 50, 4, 0, ["a run alone is never"]),
        (RANDOM, PROMISING, 8, 4, 20, []),
        (RANDOM, BANDIT, 1, 1, 20, []),
        (RANDOM, BANDIT.with_audit(1), 20, 4, 0, ["audit_fraction 1 lets all runs go on that"]),
        (RANDOM, BANDIT.with_audit(0.5), 20, 4, 0, []),
        (BAYESIAN, NOBODY, 10, 1, 9, ["of 2 hyperparameters needs 20 runs or more"]),
        (BAYESIAN, NOBODY, 10, 1, 10, []),
        (
            *(OptunaParameterSampling(SPACE), NOBODY, 10, 5, 0),
            ["by Optuna's TPESampler of 2 hyperparameters needs 20", "5 runs at a time of 10"],
        ),
        (OptunaParameterSampling(SPACE, sampler_class="RandomSampler"), NOBODY, 10, 5, 0, []),
    ],
)
def test_what_is_said_of_each_policy_and_sampler(
    sampling, policy, runs, concurrent, known, said
) -> None:
    limits = Limits(runs=runs, concurrent=concurrent)
    definition = SweepDefinition(sampling, "accuracy", Goal.MAXIMIZE, limits, policy)
    found = [*prospects(definition, 20, known)]
    assert len(found) == len(said), found
    assert all(part in text for part, text in zip(said, found, strict=True))


def test_the_slots_there_are_count():
    limits = Limits(runs=30, concurrent=30)
    for sampling, policy, slots, said in (
        (BAYESIAN, NOBODY, 6, ""),
        (BAYESIAN, NOBODY, 7, "7 runs at a time of 30 leave Bayesian sampling little"),
        (BAYESIAN, NOBODY, None, "30 runs at a time of 30 leave"),
        (BAYESIAN, NOBODY, 90, "30 runs at a time of 30 leave"),
        (RANDOM, RUNNING_TAIL, 4, "20 % of 4 runs at a time"),
        (RANDOM, RUNNING_TAIL, 5, ""),
    ):
        definition = SweepDefinition(sampling, "m", Goal.MAXIMIZE, limits, policy)
        assert said in "".join(prospects(definition, None, 0, slots))
        assert bool(said) == bool([*prospects(definition, None, 0, slots)])


def test_how_many_runs_there_can_be():
    grid = GridParameterSampling({"a": choice(1, 2, 3)}, refuse={"a": 2})
    limits = Limits(10, 10)
    for sampling, each, runs in (
        (grid, 1, 2),
        (grid, 3, 6),
        (grid, 9, 10),
        (RandomParameterSampling({"a": choice(1)}), 3, 10),
        (
            GridParameterSampling(
                {"a": choice(1, 2, 3)}, points_to_evaluate=[{"a": 1}], duplicates=True
            ),
            *(2, 8),
        ),
    ):
        definition = SweepDefinition(
            sampling, "m", Goal.MAXIMIZE, replace(limits, replicates=each)
        )
        assert definition.most_runs == runs
