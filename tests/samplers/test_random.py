"""Random sampling: what is drawn, and that it does not matter when."""

import math
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from samplers import (
    RandomParameterSampling,
    Space,
    SpaceError,
    choice,
    lognormal,
    loguniform,
    normal,
    uniform,
)
from tests.samplers.spaces import NESTED, TEN, fixed

COUNT = 2000

DRAWN = RandomParameterSampling(TEN, seed=11).sampler()
DRAWS = [DRAWN.ask(number) for number in range(COUNT)]


def column(name: str) -> list[Any]:
    return [draw[name] for draw in DRAWS if draw]


def rounded(law: Any, q: float, values: list[float], *, ends: bool = False) -> list[float]:
    """Return the probabilities of `values`, multiples of `q`, by the law that is rounded."""
    edges = [law.cdf(value - q / 2) for value in values] + [law.cdf(values[-1] + q / 2)]
    if ends:
        edges[0], edges[-1] = 0.0, 1.0
    return [high - low for low, high in pairwise(edges)]


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("uniform", stats.uniform(-1, 4)),
        ("loguniform", stats.loguniform(math.exp(-6), math.exp(-1))),
        ("normal", stats.norm(10, 3)),
        ("lognormal", stats.lognorm(1)),
    ],
)
def test_continuous_laws(name: str, law: Any) -> None:
    assert stats.kstest(column(name), law.cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("name", "law", "q", "values", "ends"),
    [
        ("quniform", stats.uniform(1, 9), 2, [2, 4, 6, 8, 10], True),
        ("qloguniform", stats.loguniform(1, math.exp(3)), 2, list(range(2, 21, 2)), True),
        ("qnormal", stats.norm(10, 3), 1, list(range(3, 18)), False),
        ("qlognormal", stats.lognorm(1), 0.5, [0.5 * step for step in range(9)], False),
        ("randint", stats.uniform(-0.5, 7), 1, list(range(7)), True),
    ],
)
def test_rounded_laws(name: str, law: Any, q: float, values: list[float], ends: bool) -> None:
    counts = Counter(column(name))
    seen = [counts[value] for value in values]
    expected = [COUNT * share for share in rounded(law, q, values, ends=ends)]
    rest = COUNT - sum(seen), COUNT - sum(expected)
    if not ends:
        seen, expected = [*seen, rest[0]], [*expected, rest[1]]
    assert rest[0] == 0 or not ends
    assert stats.chisquare(seen, expected).pvalue > 0.01


def test_choices_are_all_alike() -> None:
    counts = Counter(map(repr, column("choice")))
    assert set(counts) == {"'a'", "1", "2.5", "None", "True", "[1, 2]"}
    assert stats.chisquare(list(counts.values())).pvalue > 0.01


def test_parameters_are_drawn_independently() -> None:
    one, other = column("uniform"), column("normal")
    assert abs(stats.spearmanr(one, other).statistic) < 3 / math.sqrt(COUNT)


def test_branches_are_all_alike() -> None:
    sampler = RandomParameterSampling(NESTED, seed=2).sampler()
    drawn = [(sampler.ask(number) or {})["model"] for number in range(400)]
    kinds = Counter(model if isinstance(model, str) else model["kind"] for model in drawn)
    assert (
        stats.chisquare([kinds[kind] for kind in ("none", "tree", "net", "fixed")]).pvalue > 0.01
    )


RULES: dict[str, Callable[[int], RandomParameterSampling]] = {
    "random": lambda seed: RandomParameterSampling(NESTED, seed=seed),
    "sobol": lambda seed: RandomParameterSampling(NESTED, seed=seed, rule="sobol"),
}


@pytest.mark.parametrize("rule", RULES)
class TestConfigurationN:
    @fixed
    @given(st.integers(0, 2**40), st.lists(st.integers(0, 3000), max_size=8))
    def test_depends_on_seed_and_number_only(
        self, rule: str, seed: int, numbers: list[int]
    ) -> None:
        sampler = RULES[rule](seed).sampler()
        in_this_order = [sampler.ask(number) for number in numbers]
        assert in_this_order == [RULES[rule](seed).sampler().ask(number) for number in numbers]

    def test_does_not_depend_on_what_was_told(self, rule: str) -> None:
        one, other = RULES[rule](1).sampler(), RULES[rule](1).sampler()
        for number in range(5):
            configuration = one.ask(number)
            assert configuration is not None
            one.tell(configuration, 0.5 * number)
            assert other.ask(number, pending=[configuration]) == configuration

    def test_changes_with_the_seed(self, rule: str) -> None:
        drawn = [RULES[rule](seed).sampler().ask(3) for seed in range(20)]
        assert len({str(configuration) for configuration in drawn}) == 20

    def test_another_parameter_changes_nothing(self, rule: str) -> None:
        def ask(parameters: dict[str, Any]) -> list[Any]:
            sampler = RandomParameterSampling(parameters, seed=4, rule=rule).sampler()
            return [(sampler.ask(number) or {})["a"] for number in range(20)]

        assert ask({"a": uniform(0, 1)}) == ask({"a": uniform(0, 1), "b": normal(0, 1)})


def test_sobol_covers_a_choice_evenly() -> None:
    space = {"a": choice(*range(8)), "b": choice(*"xy")}
    sampler = RandomParameterSampling(space, seed=5, rule="sobol").sampler()
    counts = Counter(str(sampler.ask(number)) for number in range(64))
    assert sorted(counts.values()) == [4] * 16


def test_repeats_are_possible() -> None:
    sampler = RandomParameterSampling({"--penalty": choice(0.5, 1, 1.5)}, seed=1).sampler()
    assert len({str(sampler.ask(number)) for number in range(8)}) <= 3


class TestSettings:
    def test_defaults(self) -> None:
        sampling = RandomParameterSampling({"a": choice(1)})
        assert (sampling.seed, sampling.rule, sampling.logbase) == (None, "random", "e")
        assert sampling.properties == {}
        assert sampling.exact

    def test_no_seed_counts_as_zero(self) -> None:
        space = {"a": uniform(0, 1)}
        one, other = (RandomParameterSampling(space, seed=seed) for seed in (None, 0))
        assert one.sampler().ask(0) == other.sampler().ask(0)

    def test_properties_are_settings(self) -> None:
        sampling = RandomParameterSampling({"a": choice(1)}, {"seed": 3, "Rule": "SOBOL"})
        assert (sampling.seed, sampling.rule) == (3, "sobol")
        assert sampling.properties == {"seed": 3, "rule": "sobol"}

    def test_seeded(self) -> None:
        sampling = RandomParameterSampling(
            {"a": loguniform(-3, -1)}, rule="sobol", logbase=10
        ).seeded(5)
        assert sampling.properties == {"seed": 5, "rule": "sobol", "logbase": 10}
        assert sampling.space == Space({"a": loguniform(-3, -1)}).rebased(10)

    @pytest.mark.parametrize(("logbase", "middle"), [(10, 0.01), (2.0, 0.25), ("E", math.exp(-2))])
    def test_bases(self, logbase: Any, middle: float) -> None:
        parameters = {"a": loguniform(-3, -1), "b": lognormal(-2, 0), "c": uniform(-3, -1)}
        sampling = RandomParameterSampling(parameters, logbase=logbase)
        drawn = sampling.space.decode([0.5, 0.5, 0.5])
        assert drawn == {"a": pytest.approx(middle), "b": pytest.approx(middle), "c": -2}

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"rule": "Halton"}, "'Halton' is not a rule of random sampling"),
            ({"rule": "sobel"}, "did you mean 'sobol'"),
            ({"properties": {"sed": 1}}, "'sed' is not a property .*; did you mean 'seed'"),
            ({"seed": 1.5}, "a seed is a whole number, got 1.5"),
            ({"logbase": 1}, "logbase must be e or a number > 1, got 1"),
            ({"logbase": 0.5}, "logbase must be e or a number > 1, got 0.5"),
            ({"logbase": "10"}, "logbase must be a number, got the text '10'; write 10.0"),
            ({"logbase": True}, "logbase must be a number, got True"),
        ],
    )
    def test_bad_settings(self, settings: dict[str, Any], message: str) -> None:
        with pytest.raises(SpaceError, match=message):
            RandomParameterSampling({"a": choice(1)}, **settings)

    def test_bounds_out_of_reach_in_the_base(self) -> None:
        with pytest.raises(SpaceError, match="exponents of 10"):
            RandomParameterSampling({"a": loguniform(1, 300)}, logbase=10)
