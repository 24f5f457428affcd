"""Bayesian sampling."""

import math
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from samplers import (
    BayesianParameterSampling,
    RandomParameterSampling,
    Sampler,
    Sampling,
    Space,
    SpaceError,
    choice,
    normal,
    quniform,
    randint,
    uniform,
)
from samplers.bayesian import first_points
from samplers.one_thread import one_thread
from samplers.outcomes import standardised
from tests.samplers.spaces import FINITE, NESTED, TEN

BOWL = {"x": uniform(0, 1), "y": uniform(-3, 3), "k": choice("a", "b", "c")}


def bowl(configuration: Any) -> float:
    x, y, k = configuration["x"], configuration["y"], configuration["k"]
    return (x - 0.3) ** 2 + ((y + 1) / 3) ** 2 + {"a": 0.3, "b": 0.0, "c": 0.5}[k]


def best_of(sampling: Sampling, runs: int) -> float:
    sampler = sampling.sampler()
    losses = []
    for number in range(runs):
        configuration = sampler.ask(number)
        assert configuration is not None
        losses.append(bowl(configuration))
        sampler.tell(configuration, losses[-1])
    return min(losses)


def told(sampler: Sampler, count: int, loss: Any = None) -> list[Any]:
    """Ask and tell `count` times; return the configurations."""
    found = []
    for number in range(count):
        found.append(sampler.ask(number))
        sampler.tell(found[-1], loss(found[-1]) if loss else float(number % 5))
    return found


def test_better_than_random() -> None:
    seeds = range(2)
    model = np.mean([best_of(BayesianParameterSampling(BOWL, seed=seed), 25) for seed in seeds])
    chance = np.mean([best_of(RandomParameterSampling(BOWL, seed=seed), 25) for seed in range(30)])
    assert model < chance / 3


def test_no_runs_are_spent_right_beside_known_ones() -> None:
    """Where a loss has steps, a model that takes them for noise would try the same again."""

    def steps(values: Any) -> float:
        whole, part = round(20 * values["x"]), round(6 * values["y"])
        return abs(whole - 7) + (part - 1) ** 2 + 3 * math.sin(5 * whole) * math.cos(9 * part)

    sampling = BayesianParameterSampling({"x": uniform(0, 1), "y": uniform(-3, 3)}, seed=4)
    found = told(sampling.sampler(), 40, steps)
    places = np.array([[one["x"], (one["y"] + 3) / 6] for one in found])
    gaps = np.abs(places[:, None] - places).max(axis=2) + np.eye(40)
    assert np.sum(np.tril(gaps < 0.003)) <= 2


@pytest.mark.parametrize("estimator", ["GP", "ET", "RF", "GBRT"])
def test_other_models_propose_too(estimator: str) -> None:
    sampling = BayesianParameterSampling(BOWL, seed=1, initial_points=5, estimator=estimator)
    assert len({str(configuration) for configuration in told(sampling.sampler(), 7, bowl)}) == 7


@pytest.mark.parametrize("acquisition", ["PI", "LCB"])
def test_other_scores_propose_too(acquisition: str) -> None:
    sampling = BayesianParameterSampling(BOWL, seed=1, initial_points=5, acquisition=acquisition)
    assert len({str(configuration) for configuration in told(sampling.sampler(), 7, bowl)}) == 7


@pytest.mark.parametrize("parameters", [TEN, NESTED], ids=["ten", "nested"])
def test_all_expressions_and_branches(parameters: dict[str, Any]) -> None:
    space = Space(parameters)
    found = told(BayesianParameterSampling(space, seed=1).sampler(), 14)
    assert len({space.key(configuration) for configuration in found}) == 14
    for configuration in found:
        space.encode(configuration)


class TestTheFirstPoints:
    def test_there_are_ten_at_least(self) -> None:
        assert [first_points(leaves) for leaves in (1, 9, 15, 90)] == [10, 10, 16, 50]

    @pytest.mark.parametrize(("settings", "count"), [({}, 10), ({"initial_points": 4}, 4)])
    def test_then_outcomes_matter(self, settings: dict[str, Any], count: int) -> None:
        one, other = (
            BayesianParameterSampling({"a": uniform(0, 1)}, seed=1, **settings).sampler()
            for _ in range(2)
        )
        for number in range(count):
            configuration = one.ask(number)
            assert configuration == other.ask(number)
            assert configuration is not None
            one.tell(configuration, configuration["a"])
            other.tell(configuration, -configuration["a"])
        ours, theirs = ([s.ask(count), s.ask(count + 1)] for s in (one, other))
        assert ours != theirs

    def test_they_are_even(self) -> None:
        found = told(BayesianParameterSampling({"a": uniform(0, 1)}, seed=1).sampler(), 8)
        assert sorted(int(configuration["a"] * 8) for configuration in found) == list(range(8))

    def test_they_come_while_nothing_is_known(self) -> None:
        sampler = BayesianParameterSampling(BOWL, seed=1, initial_points=3).sampler()
        pending: list[Any] = []
        for number in range(12):
            pending.append(sampler.ask(number, pending))
        assert len({str(configuration) for configuration in pending}) == 12

    @pytest.mark.parametrize(("known", "enough"), [(9, False), (10, True)])
    def test_pending_ones_do_not_count(self, known: int, enough: bool) -> None:
        """What a few outcomes say is worth less than that many more even points."""
        one, other = (BayesianParameterSampling(BOWL, seed=1).sampler() for _ in range(2))
        for number in range(known):
            configuration = one.ask(number)
            assert configuration is not None
            one.tell(configuration, bowl(configuration))
            other.tell(configuration, -bowl(configuration))
        pending = [{"x": 0.1 * number, "y": 0.0, "k": "a"} for number in range(8)]
        assert (one.ask(known + 8, pending) != other.ask(known + 8, pending)) is enough

    def test_earlier_outcomes_replace_them(self) -> None:
        before = told(BayesianParameterSampling(BOWL, seed=1).sampler(), 10)
        samplers = [BayesianParameterSampling(BOWL, seed=2).sampler() for _ in range(2)]
        for configuration in before:
            samplers[0].tell(configuration, bowl(configuration))
        assert samplers[0].ask(0) != samplers[1].ask(0)

    @pytest.mark.parametrize("count", [0, -1, 2.0, True, "3"])
    def test_their_number_is_a_whole_number(self, count: Any) -> None:
        with pytest.raises(SpaceError, match="initial_points is a whole number > 0"):
            BayesianParameterSampling(BOWL, initial_points=count)


class TestFiniteSpaces:
    @pytest.mark.parametrize(
        "outcome", [lambda number: number % 7, lambda _: None, lambda _: math.nan]
    )
    def test_all_configurations_come_once_and_then_none(self, outcome: Any) -> None:
        space = Space({"a": choice(*"xyz"), "m": choice(1, {"k": randint(3)})})
        sampler = BayesianParameterSampling(space, seed=3, initial_points=4).sampler()
        keys = set()
        for number in range(12):
            configuration = sampler.ask(number)
            assert configuration is not None
            keys.add(space.key(configuration))
            sampler.tell(configuration, outcome(number))
        assert len(keys) == space.size == 12
        assert [sampler.ask(number) for number in (12, 13, 0)] == [None] * 3

    def test_pending_configurations_count(self) -> None:
        sampler = BayesianParameterSampling({"a": randint(3)}, seed=3).sampler()
        pending: list[Any] = []
        for number in range(3):
            pending.append(sampler.ask(number, pending))
        assert sorted(configuration["a"] for configuration in pending) == [0, 1, 2]
        assert sampler.ask(3, pending) is None
        assert sampler.ask(3, pending[:2]) == pending[2]

    def test_repeated_options_and_overlapping_branches(self) -> None:
        space = {"a": choice(1, 1, 1), "m": choice({"k": randint(3)}, {"k": randint(2)})}
        sampler = BayesianParameterSampling(space, seed=3, initial_points=1).sampler()
        assert sorted(configuration["m"]["k"] for configuration in told(sampler, 3)) == [0, 1, 2]
        assert sampler.ask(3) is None

    def test_a_single_configuration(self) -> None:
        sampler = BayesianParameterSampling({"a": choice("x")}, initial_points=1).sampler()
        assert told(sampler, 1) == [{"a": "x"}]
        assert sampler.ask(1) is None

    def test_large_ones(self) -> None:
        space = Space({"a": randint(10**149), "b": randint(10**149), "c": choice(*"xyz")})
        found = told(BayesianParameterSampling(space, seed=3, initial_points=3).sampler(), 5)
        assert len({space.key(configuration) for configuration in found}) == 5

    def test_a_number_is_known_in_either_type(self) -> None:
        sampler = BayesianParameterSampling({"a": quniform(0, 2, 1)}, seed=1).sampler()
        sampler.tell({"a": 0}, 1.0)
        sampler.tell({"a": 1.0}, 1.0)
        assert sampler.ask(0) == {"a": 2}


def test_an_endless_space_of_one_value_repeats() -> None:
    # Bounds so near to each other that all numbers between them round to one.
    sampler = BayesianParameterSampling({"a": uniform(1, 1 + 2**-52)}, seed=1).sampler()
    assert None not in told(sampler, 5)


class TestPending:
    def test_another_place_while_one_is_pending(self) -> None:
        sampler = BayesianParameterSampling(BOWL, seed=1).sampler()
        told(sampler, 12, bowl)
        pending: list[Any] = []
        for number in range(12, 16):
            pending.append(sampler.ask(number, pending))
        places = [(one["x"], one["y"] / 6, ord(one["k"])) for one in pending]
        gaps = [math.dist(a, b) for i, a in enumerate(places) for b in places[:i]]
        assert min(gaps) > 0.001

    def test_asking_changes_nothing(self) -> None:
        one, other = (BayesianParameterSampling(BOWL, seed=1).sampler() for _ in range(2))
        told(one, 11, bowl)
        told(other, 11, bowl)
        first = one.ask(11)
        assert first is not None
        assert one.ask(12, [first]) != first
        assert one.ask(11) == first == other.ask(11)


class TestOutcomes:
    def test_the_worst_stands_for_what_is_not_finite(self) -> None:
        losses = standardised([1.0, math.nan, 3.0, math.inf, 2.0, -math.inf])
        assert losses == pytest.approx(standardised([1, 3, 3, 3, 2, 3]))
        assert losses.mean() == pytest.approx(0)
        assert losses.std() == pytest.approx(1)

    @pytest.mark.parametrize(
        "losses", [[0, 0, 0], [0.1] * 10, [1e308, -1e308, 0], [5e-324, 0], [1e6, 1e6 + 1e-4]]
    )
    def test_any_size_will_do(self, losses: list[float]) -> None:
        assert np.isfinite(standardised(losses)).all()
        assert np.abs(standardised([0.1] * 10)).max() < 1e-12

    def test_bad_regions_are_left(self) -> None:
        def loss(configuration: Any) -> float:
            return math.nan if configuration["x"] > 0.5 else bowl(configuration)

        found = told(BayesianParameterSampling(BOWL, seed=2).sampler(), 18, loss)
        assert sum(configuration["x"] > 0.5 for configuration in found[10:]) <= 2

    def test_nothing_finite_is_nothing_known(self) -> None:
        sampler = BayesianParameterSampling(BOWL, seed=1, initial_points=2).sampler()
        found = told(sampler, 5, lambda _: math.nan)
        assert len({str(configuration) for configuration in found}) == 5

    def test_strangers_are_refused(self) -> None:
        sampler = BayesianParameterSampling(BOWL).sampler()
        with pytest.raises(SpaceError, match="k: 'z' is not an option"):
            sampler.tell({"x": 0.5, "y": 0.0, "k": "z"}, 1.0)


def test_the_settings_can_be_read() -> None:
    sampling = BayesianParameterSampling({"a": normal(0, 1)}, seed=3, estimator="gbrt")
    assert (sampling.estimator, sampling.acquisition, sampling.initial_points) == (
        "GBRT",
        "EI",
        None,
    )
    assert not sampling.exact
    assert sampling.seeded(5).properties == {"seed": 5, "estimator": "GBRT"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"estimator": "GRBT"}, "'GRBT' is not an estimator; did you mean 'GBRT'?"),
        ({"acquisition": "UCB"}, "'UCB' is not an acquisition; did you mean 'LCB'?"),
        ({"seed": "1"}, "a seed is a whole number"),
    ],
)
def test_bad_settings(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceError, match=message.replace("?", r"\?")):
        BayesianParameterSampling(FINITE, **settings)


def test_a_model_starts_no_threads_and_leaves_their_number_alone() -> None:
    sampler = BayesianParameterSampling(BOWL, seed=1).sampler()
    told(sampler, 11, bowl)
    before = threadpool_info()
    with one_thread():
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        assert {pool["num_threads"] for pool in pools} == {1}
    sampler.ask(11)
    assert threadpool_info() == before
