"""The words for numbers: what they take, what they refuse, and the numbers they yield."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from samplers import (
    lognormal,
    loguniform,
    normal,
    qlognormal,
    qloguniform,
    qnormal,
    quniform,
    randint,
    uniform,
)
from samplers.errors import SpaceError, SpaceWarning


@pytest.mark.parametrize(
    ("expression", "wire"),
    [
        (uniform(0.1, 1), ["uniform", [0.1, 1]]),
        (quniform(1, 10, 2), ["quniform", [1, 10, 2]]),
        (loguniform(-6, -1), ["loguniform", [-6, -1]]),
        (qloguniform(0, 3, 2.0), ["qloguniform", [0, 3, 2.0]]),
        (normal(10, 3), ["normal", [10, 3]]),
        (qnormal(10, 3, 1), ["qnormal", [10, 3, 1]]),
        (lognormal(0, 1), ["lognormal", [0, 1]]),
        (qlognormal(0, 1, 0.5), ["qlognormal", [0, 1, 0.5]]),
        (randint(5), ["randint", [5]]),
    ],
)
def test_the_wire_form_has_the_arguments_as_given(expression: Any, wire: list[Any]) -> None:
    assert expression.wire() == wire
    assert [type(value) for value in expression.wire()[1]] == [type(value) for value in wire[1]]
    assert expression.word == wire[0]
    assert repr(expression) == f"{wire[0]}({', '.join(map(str, wire[1]))})"


# Draws of the underlying law, and what they become. The rounding is Python's: halves go to the
# even multiple. What would be rounded out of bounds goes to the last multiple within.
@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (
            quniform(1, 10, 2),
            {1: 2, 1.99: 2, 2.99: 2, 3: 4, 3.01: 4, 5: 4, 9: 8, 9.999: 10, 10: 10},
        ),
        (quniform(0, 12, 5), {0: 0, 2.4: 0, 2.5: 0, 2.6: 5, 7.5: 10, 12: 10}),
        (quniform(1, 1.5, 2), {1: 0, 1.5: 2}),  # no multiple within, so the formula stands
        (quniform(0, 0.3, 0.1), {0: 0.0, 0.14: 0.1, 0.26: 0.3, 0.3: 0.3}),
        (qloguniform(0, 3, 2), {0: 2, 0.5: 2, 1: 2, 2: 8, 3: 20}),
        (qnormal(10, 3, 1), {7.0: 7, 11.5: 12, 11.0: 11, 14.5: 14}),
        (qlognormal(0, 1, 1), {-2: 0, -0.7: 0, 0: 1, 1: 3, 2: 7}),
        (
            loguniform(-6, -1),
            {-6: 0.0024787521766663585, -3.5: 0.0301973834223185, -1: 0.36787944117144233},
        ),
    ],
)
def test_what_a_draw_becomes(expression: Any, values: dict[float, float]) -> None:
    assert {x: expression.at(x) for x in values} == values
    assert [type(expression.at(x)) for x in values] == [type(value) for value in values.values()]


def test_the_ends_of_the_unit_interval() -> None:
    assert loguniform(-6, -1).quantile(0) == 0.0024787521766663585
    assert uniform(1, 10).quantile(0) == 1.0
    assert type(uniform(1, 10).quantile(0)) is float
    assert uniform(0.1, 0.3).quantile(1) == 0.3
    assert randint(5).quantile(1) == 4
    for unbounded in (normal(0, 1), lognormal(0, 1), lognormal(0, 1000), qnormal(0, 1, 0.1)):
        assert all(math.isfinite(unbounded.quantile(u)) for u in (0, 5e-324, 1 - 2**-53, 1))
    assert lognormal(0, 1000).quantile(0) > 0


def test_moments_of_a_lognormal_law() -> None:
    expression = lognormal(0, 1)
    assert expression.quantile(0.5) == 1
    middles = (np.arange(20_000) + 0.5) / 20_000
    mean = sum(expression.quantile(u) for u in middles) / len(middles)
    assert mean == pytest.approx(1.6487212707001282, rel=1e-2)


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        (quniform(0, 10, 2), int),
        (quniform(0.0, 10.5, 2.0), int),
        (qlognormal(0, 1, 1), int),
        (quniform(0, 1, 0.5), float),
        (uniform(0, 10), float),
        (normal(0, 0), float),
    ],
)
def test_whole_steps_make_ints(expression: Any, kind: type) -> None:
    assert {type(expression.quantile(u / 16)) for u in range(17)} == {kind}


def test_no_binary_noise() -> None:
    assert [quniform(0, 1, 0.1).value_at(index) for index in range(11)] == [
        0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0,
    ]  # fmt: skip
    assert quniform(0, 1e-4, 1e-5).value_at(3) == 3e-5
    assert quniform(0, 20000, 0.1).value_at(123456) == 12345.6


@pytest.mark.parametrize(
    ("expression", "size"),
    [
        (uniform(0, 1), None),
        (normal(0, 1), None),
        (qnormal(0, 1, 1), None),
        (qlognormal(0, 1, 1), None),
        (loguniform(0, 1), None),
        (loguniform(2, 2), 1),
        (normal(3, 0), 1),
        (lognormal(3, 0), 1),
        (qnormal(3.4, 0, 1), 1),
        (qloguniform(0, 0, 2), 1),
        (quniform(1, 10, 2), 5),
        (quniform(0, 1, 0.1), 11),
        (quniform(0, 10**9, 1), 10**9 + 1),
        (qloguniform(0, 3, 2), 10),
        (quniform(1, 1.5, 2), 2),
        (randint(10**9), 10**9),
    ],
)
def test_sizes(expression: Any, size: int | None) -> None:
    assert expression.size == size
    if size is not None:
        first, last = expression.value_at(0), expression.value_at(size - 1)
        assert (first, last) == (expression.quantile(0), expression.quantile(1))


BAD: list[tuple[Callable[[], Any], str, int]] = [
    (lambda: uniform(1, 1), "uniform needs min < max, got 1 and 1", 1),
    (lambda: uniform(2, 1), "uniform needs min < max, got 2 and 1", 1),
    (lambda: quniform(1, 1, 1), "quniform needs min < max", 1),
    (lambda: loguniform(2, 1), "loguniform needs min <= max", 1),
    (lambda: qloguniform(2, 1, 1), "qloguniform needs min <= max", 1),
    (lambda: normal(0, -1), "normal needs sigma >= 0, got -1", 1),
    (lambda: qlognormal(0, -0.1, 1), "qlognormal needs sigma >= 0", 1),
    (lambda: quniform(0, 1, 0), "quniform needs q > 0, got 0", 2),
    (lambda: qnormal(0, 1, -2), "qnormal needs q > 0, got -2", 2),
    (lambda: uniform(math.nan, 1), "uniform: min must be within", 0),
    (lambda: uniform(0, math.inf), "uniform: max must be within", 1),
    (lambda: normal(True, 1), "normal: mu must be a number, got True", 0),
    (lambda: uniform("0", 1), "uniform: min must be a number, got the text '0'", 0),
    (lambda: lognormal(0, None), "lognormal: sigma must be a number, got None", 1),
    (
        lambda: loguniform(1, 1000),
        "1000 is out of range (±345.4); for the number 1000 write 6.90776",
        1,
    ),
    (lambda: loguniform(-1000, 0), "exponents of 2.71828, and -1000 is out of range (±345.4)", 0),
    (lambda: randint(0), "whole number > 0, up to 1e+150; got 0", 0),
    (lambda: randint(-1), "whole number > 0, up to 1e+150; got -1", 0),
    (lambda: randint(5.0), "whole number > 0, up to 1e+150; got 5.0", 0),
    (lambda: randint(True), "whole number > 0, up to 1e+150; got True", 0),
    (lambda: randint("5"), "whole number > 0, up to 1e+150; got '5'", 0),
]


@pytest.mark.parametrize(("make", "message", "argument"), BAD)
def test_bad_arguments(make: Callable[[], Any], message: str, argument: int) -> None:
    with pytest.raises(SpaceError) as caught:
        make()
    assert message.lower() in str(caught.value).lower()
    assert caught.value.argument == argument


@pytest.mark.parametrize("word", [loguniform, lambda low, high: qloguniform(low, high, 0.1)])
@pytest.mark.parametrize("bounds", [(0.0001, 0.1), (0.5, 1), (1, 1)])
def test_log_bounds_that_look_like_values(
    word: Callable[[float, float], Any], bounds: tuple[float, float]
) -> None:
    with pytest.warns(SpaceWarning, match="natural logarithms") as caught:
        word(*bounds)
    assert caught[0].filename == __file__


def test_the_warning_says_what_is_and_what_was_meant() -> None:
    with pytest.warns(SpaceWarning) as caught:
        loguniform(0.0001, 0.1)
    text = str(caught[0].message)
    assert "from 1.0001 to 1.10517" in text
    assert "the bounds are -9.21034 and -2.30259" in text


@pytest.mark.parametrize("bounds", [(0, 1), (-1, 0.5), (0.5, 1.5), (-9.2, -2.3)])
def test_log_bounds_that_look_like_logarithms(bounds: tuple[float, float]) -> None:
    assert loguniform(*bounds).wire() == ["loguniform", list(bounds)]


def test_numpy_numbers_are_numbers() -> None:
    assert uniform(np.float64(0), np.int64(1)).wire() == ["uniform", [0.0, 1]]
    assert randint(np.int32(4)) == randint(4)
