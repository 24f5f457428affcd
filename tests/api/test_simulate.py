"""`simulate`: sweeps over curves, in virtual time."""

from __future__ import annotations

import pytest

from sweep import (
    BanditPolicy,
    ConfigError,
    GridParameterSampling,
    MedianStoppingPolicy,
    RandomParameterSampling,
    choice,
    simulate,
    uniform,
)
from sweep.core.commands import SweepStatus
from sweep.core.run import RunState


def curve(configuration):
    return [configuration["x"] * n / 10 for n in range(1, 11)]


def test_what_it_comes_to():
    sampling = GridParameterSampling({"x": choice(1, 2, 3, 4)})
    done = simulate(curve, sampling=sampling, max_total_runs=4, slots=2)
    assert done.status is SweepStatus.COMPLETED
    assert [run.configuration["x"] for run in done.runs] == [1, 2, 3, 4]
    assert done.seconds == 20, "four runs of ten reports, a second each, two at a time"
    assert (done.reports, done.evaluations, done.stopped) == (40, 0, [])
    assert done.best is done.runs[3]
    assert done.best_value(done.best) == 4


def test_a_policy_saves_reports():
    space = {"x": uniform(0, 1)}
    free = simulate(curve, space=space, max_total_runs=50, seed=1)
    policed = simulate(
        curve, space=space, max_total_runs=50, seed=1, policy=BanditPolicy(slack_factor=0.1)
    )
    assert [r.configuration for r in free.runs] == [r.configuration for r in policed.runs]
    assert policed.reports < free.reports / 2
    assert policed.evaluations > 0
    assert all(run.state is RunState.CANCELED for run in policed.stopped)
    assert policed.best.configuration == free.best.configuration


def test_the_same_seed_is_the_same_sweep():
    space = {"x": uniform(0, 1)}
    one, two, other = (
        simulate(
            curve,
            space=space,
            max_total_runs=20,
            seed=seed,
            policy=MedianStoppingPolicy(),
            slots=slots,
        )
        for seed, slots in ((3, 4), (3, 4), (4, 4))
    )
    assert one.runs == two.runs
    assert one.runs != other.runs


def test_a_sampling_keeps_its_own_seed():
    sampling = RandomParameterSampling({"x": uniform(0, 1)}, {"seed": 9})
    one, two = (simulate(curve, sampling=sampling, max_total_runs=5, seed=None) for _ in range(2))
    assert one.runs == two.runs


def test_reports_may_take_their_time():
    done = simulate(
        lambda c: [(60.0, c["x"]), (30.0, c["x"])],
        space={"x": choice(5)},
        sampling="grid",
        max_total_runs=1,
    )
    assert done.seconds == 90


def test_time_may_be_over():
    done = simulate(
        curve, space={"x": uniform(0, 1)}, max_total_runs=9, slots=1, max_duration_minutes=0.5
    )
    assert done.status is SweepStatus.COMPLETED
    assert done.seconds == 30
    assert len(done.runs) == 3 or done.runs[-1].state is RunState.CANCELED


def test_failures_do_not_end_it():
    def failing(configuration):
        yield configuration["x"]
        raise ValueError("no")

    done = simulate(failing, space={"x": choice(1, 2)}, sampling="grid", max_total_runs=2)
    assert [run.reason for run in done.runs] == ["ValueError: no"] * 2
    assert done.best_value(done.runs[0]) == 1


def test_without_a_value_there_is_no_best():
    done = simulate(lambda _: [float("nan")], space={"x": choice(1)}, max_total_runs=1)
    assert done.best is None
    assert done.best_value(done.runs[0]) is None


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_a_table(goal):
    space = {"--x": choice(1, 2), "status": choice("a"), "deep": choice({"a": 1})}
    done = simulate(
        lambda c: [c["--x"], 9 - c["--x"]],
        space=space,
        sampling="grid",
        max_total_runs=9,
        goal=goal,
    )
    frame = done.to_dataframe()
    assert list(frame.columns) == [
        *("number", "status", "x", "hyperparameter_status", "deep"),
        *("metric", "reports", "reason", "started", "ended"),
    ]
    assert list(frame["x"]) == [1, 2]
    assert list(frame["metric"]) == ([8, 7] if goal == "maximize" else [1, 2])
    assert list(frame["status"]) == ["Completed", "Completed"]
    assert list(frame["deep"]) == ['{"a": 1}'] * 2


def test_several_runs_of_each_configuration():
    def lucky(configuration, seed):
        return [configuration["x"] + (seed % 100) / 50]

    space, seen = {"x": choice(1, 2, 3)}, {}
    done = simulate(
        lucky, space=space, sampling="grid", max_total_runs=10, replicates=3, slots=2, seed=5
    )
    assert [run.configuration["x"] for run in done.runs] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert [run.place for run in done.runs[:4]] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    for run in done.runs:
        seen.setdefault(run.place[1], set()).add(
            round(done.best_value(run) - run.configuration["x"], 9)
        )
    assert all(len(luck) == 1 for luck in seen.values()), "configurations have the same luck"
    assert len(set.union(*seen.values())) == 3, "and replicates another"
    of_last = [done.best_value(run) for run in done.runs[6:]]
    assert done.mean_value(done.runs[6]) == pytest.approx(sum(of_last) / 3)
    assert done.best in done.runs[6:]
    assert done.best_value(done.best) == max(of_last)
    frame = done.to_dataframe()
    assert list(frame["configuration_number"]) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert list(frame["replicate"]) == [0, 1, 2] * 3
    assert list(frame["metric_mean"])[6:] == pytest.approx([sum(of_last) / 3] * 3)


def test_one_lucky_run_is_not_the_best():
    luck = iter([1, 1, 9, 0, 2, 2, 5, float("nan")])
    done = simulate(
        lambda _: [next(luck)],
        space={"x": choice(1, 2, 3, 4)},
        sampling="grid",
        max_total_runs=8,
        replicates=2,
        slots=1,
    )
    assert [done.mean_value(run) for run in done.runs] == [1, 1, 4.5, 4.5, 2, 2, None, None]
    assert done.best is done.runs[2]
    luckier = iter([4, 4, 9, -9])
    done = simulate(
        lambda _: [next(luckier)],
        space={"x": choice(1, 2)},
        sampling="grid",
        max_total_runs=4,
        replicates=2,
        slots=1,
    )
    assert done.best is done.runs[0], "the mean of its configuration counts"


def test_a_curve_is_given_a_seed_only_where_it_has_no_other():
    def own(configuration, seed=7):
        return [seed]

    space = {"x": uniform(0, 1)}
    done = simulate(own, space=space, max_total_runs=2, replicates=2)
    assert [done.best_value(run) for run in done.runs] == [7, 7]
    done = simulate(lambda c, *, seed: [seed], space=space, max_total_runs=3)
    assert len({done.best_value(run) for run in done.runs}) == 1, "each is the first of its kind"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"replicates": 2}, "replicates: expected at most 1, max_total_runs, got 2"),
        ({"slots": 0}, "slots: expected a whole number >= 1, got 0"),
        ({"slots": 1.5}, "slots: expected a whole number >= 1, got 1.5"),
        ({"max_total_runs": 0}, "max_total_runs: expected a whole number >= 1"),
        ({"space": None}, "space: what is to be searched?"),
        ({"policy": 3}, "policy: expected a policy"),
    ],
)
def test_what_makes_no_sense(given, words):
    with pytest.raises(ConfigError, match=words):
        simulate(curve, **{"space": {"x": choice(1)}, "max_total_runs": 1, **given})
