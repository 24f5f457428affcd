"""Grid sampling: every combination once."""

import sys
from itertools import islice, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplers import (
    GridParameterSampling,
    Space,
    SpaceError,
    SpaceWarning,
    choice,
    loguniform,
    normal,
    qnormal,
    quniform,
    randint,
    uniform,
)
from samplers.choices import Branch, Choice, Constant
from tests.samplers.spaces import FINITE, fixed

SIZE = 140


def asked(sampling: GridParameterSampling, count: int) -> list[Any]:
    sampler = sampling.sampler()
    return [sampler.ask(number) for number in range(count)]


def test_the_last_parameter_varies_fastest_and_none_comes_after_the_last() -> None:
    sampling = GridParameterSampling({"a": choice(1, 2), "b": choice("x", "y", "z")})
    combinations = [(1, "x"), (1, "y"), (1, "z"), (2, "x"), (2, "y"), (2, "z")]
    expected = [{"a": a, "b": b} for a, b in combinations]
    assert asked(sampling, 8) == [*expected, None, None]
    assert asked(sampling, 4) == expected[:4]


@pytest.mark.parametrize("shuffle", [False, True])
def test_each_combination_comes_once(shuffle: bool) -> None:
    sampling = GridParameterSampling(FINITE, shuffle=shuffle, seed=3)
    found = asked(sampling, SIZE + 3)
    assert found[SIZE:] == [None] * 3
    assert len({sampling.space.key(configuration) for configuration in found[:SIZE]}) == SIZE


@fixed
@given(st.integers(), st.lists(st.integers(0, SIZE + 5), max_size=8), st.booleans())
def test_configuration_n_depends_on_seed_and_number_only(
    seed: int, numbers: list[int], shuffle: bool
) -> None:
    sampling = GridParameterSampling(FINITE, shuffle=shuffle, seed=seed)
    sampler = sampling.sampler()
    in_this_order = [sampler.ask(number) for number in numbers]
    assert in_this_order == [sampling.sampler().ask(number) for number in numbers]


def test_shuffling_is_opt_in_and_seeded() -> None:
    plain = GridParameterSampling(FINITE)
    assert asked(plain.seeded(1), SIZE) == asked(plain, SIZE)
    assert plain.seeded(1).properties == {}
    orders = [
        asked(GridParameterSampling(FINITE, shuffle=True).seeded(seed), SIZE) for seed in (1, 2)
    ]
    assert orders[0] != orders[1] != asked(plain, SIZE)
    assert GridParameterSampling(FINITE, shuffle=True).seeded(5).properties == {
        "shuffle": True,
        "seed": 5,
    }


def test_nothing_is_listed() -> None:
    huge = {f"n{index}": randint(10**9) for index in range(5)}
    assert asked(GridParameterSampling(huge), 2)[1] == {
        "n0": 0,
        "n1": 0,
        "n2": 0,
        "n3": 0,
        "n4": 1,
    }
    shuffled = asked(GridParameterSampling(huge, shuffle=True, seed=1), 3)
    assert len({configuration["n0"] for configuration in shuffled}) == 3


def test_a_place_on_a_long_axis_is_gone_to_at_once() -> None:
    long = Space({"a": choice(*range(100_000)), "b": choice("x", "y")})
    steps = []
    sys.setprofile(lambda frame, event, _: steps.append(frame) if event == "call" else None)
    try:
        last = long.configuration_at(199_999)
    finally:
        sys.setprofile(None)
    assert last == {"a": 99_999, "b": "y"}
    assert len(steps) < 50


@fixed
@given(st.integers(0, SIZE - 1))
def test_a_combination_is_what_counting_comes_to(number: int) -> None:
    space = Space(FINITE)
    every = product(*(counted(node) for _, node in space.root.entries))
    expected = next(islice(every, number, None))
    assert space.configuration_at(number) == dict(zip(space.names, expected, strict=True))


def counted(node: Any) -> list[Any]:
    """Return the configurations of a node in their order, listed one by one."""
    match node:
        case Constant():
            return [node.value]
        case Branch():
            names = [name for name, _ in node.entries]
            parts = product(*(counted(child) for _, child in node.entries))
            return [dict(zip(names, part, strict=True)) for part in parts]
        case Choice():
            return [one for option in node.options for one in counted(option)]
        case _:
            return [node.value_at(n) for n in range(node.size)]


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        (uniform(0, 1), "uniform(0, 1)"),
        (loguniform(-2, -1), "loguniform(-2, -1)"),
        (normal(0, 1), "normal(0, 1)"),
        (qnormal(0, 1, 1), "qnormal(0, 1, 1)"),
        (choice("x", {"y": uniform(0, 1)}), "uniform(0, 1)"),
    ],
)
def test_infinite_expressions_are_refused(expression: Any, word: str) -> None:
    with pytest.raises(SpaceError) as caught:
        GridParameterSampling({"ok": choice(1), "a": expression})
    assert str(caught.value) == (
        f"a: {word} has no end of values; a grid takes choice, randint, quniform and qloguniform"
    )
    assert caught.value.parameter == "a"


def test_repeated_options_count_once() -> None:
    parameters = {
        "a": choice(1, 2, 1),
        "b": choice(1, True, 1.0),
        "c": choice({"x": choice(3, 3)}),
    }
    with pytest.warns(SpaceWarning, match="leaves out repeated options of a, c$") as caught:
        sampling = GridParameterSampling(parameters)
    assert caught[0].filename == __file__
    found = asked(sampling, 7)
    assert len({sampling.space.key(configuration) for configuration in found[:6]}) == 6
    assert found[6] is None
    assert sampling.space == Space(parameters).distinct()


@pytest.mark.parametrize("shuffle", ["yes", 1, None])
def test_shuffle_is_a_boolean(shuffle: Any) -> None:
    with pytest.raises(SpaceError, match="shuffle is True or False"):
        GridParameterSampling({"a": quniform(0, 1, 1)}, shuffle=shuffle)
