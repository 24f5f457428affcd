"""Quantiles and cells are each other's inverse, for every expression."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from samplers import (
    SpaceError,
    choice,
    lognormal,
    loguniform,
    normal,
    qlognormal,
    qnormal,
    quniform,
    randint,
    uniform,
)
from samplers.choices import Choice, identity
from samplers.number import Number
from tests.samplers.spaces import TEN, expressions, fixed, integers, numbers, units

ROUNDING = 1e-9


@fixed
@given(st.one_of(expressions, integers, numbers), units)
def test_the_cell_of_a_value_is_where_it_came_from(expression: Any, u: float) -> None:
    if isinstance(expression, Choice):  # of equal options, the first one has the cell
        assume(len(set(map(identity, expression.options))) == len(expression.options))
    low, high = expression.cell(expression.quantile(u))
    assert 0 <= low <= high <= 1
    if isinstance(expression, Number) and expression.law.ends is None:
        u = min(max(u, 2**-53), 1 - 2**-53)
    assert low - ROUNDING <= u <= high + ROUNDING


@fixed
@given(st.one_of(integers, numbers), units, units)
def test_quantiles_never_fall(expression: Any, one: float, other: float) -> None:
    low, high = sorted([one, other])
    assert expression.quantile(low) <= expression.quantile(high)


@fixed
@given(st.one_of(expressions, integers, numbers), units)
def test_the_middle_of_a_cell_has_its_value(expression: Any, u: float) -> None:
    value = expression.quantile(u)
    low, high = expression.cell(value)
    again = expression.quantile((low + high) / 2)
    if isinstance(value, float) and expression.size != 1 and expression.word[0] != "q":
        assert again == pytest.approx(value, rel=1e-6, abs=1e-6)
    else:
        assert again == value


@fixed
@given(st.one_of(integers, numbers), units)
def test_values_are_in_range(expression: Any, u: float) -> None:
    value = expression.quantile(u)
    assert math.isfinite(value)
    if expression.size is not None:
        assert expression.value_at(0) <= value <= expression.value_at(expression.size - 1)
    if isinstance(expression, Number) and expression.q is None and expression.law.ends:
        assert expression.quantile(0) <= value <= expression.quantile(1)
    if isinstance(expression, Number) and expression.base:
        assert value >= 0


@fixed
@given(numbers.filter(lambda number: number.size is not None), st.data())
def test_every_value_of_a_finite_number_is_found(expression: Number, data: st.DataObject) -> None:
    assert expression.size is not None
    index = data.draw(st.integers(0, expression.size - 1))
    value = expression.value_at(index)
    assert expression.cell(value)[0] <= expression.cell(value)[1]
    if index:
        assert expression.value_at(index - 1) < value
        assert expression.cell(expression.value_at(index - 1))[1] == pytest.approx(
            expression.cell(value)[0], abs=ROUNDING
        )


def test_cells_of_finite_expressions_cover_the_interval() -> None:
    for expression in (quniform(1, 10, 2), TEN["qloguniform"], randint(7)):
        cells = [expression.cell(expression.value_at(index)) for index in range(expression.size)]
        assert cells[0][0] == 0
        assert cells[-1][1] == 1
        assert all(a[1] == pytest.approx(b[0]) for a, b in pairwise(cells))


def test_an_interval_is_a_probability() -> None:
    low, high = qnormal(0, 1, 1).cell(0)
    assert (low, high) == pytest.approx((0.3085375387, 0.6914624613))
    assert qlognormal(0, 1, 1).cell(0) == pytest.approx((0, 0.2441086))
    assert quniform(1, 10, 2).cell(2) == pytest.approx((0, 2 / 9))
    assert loguniform(2, 2).cell(math.exp(2)) == (0, 1)
    assert choice("a", "b", "c", "d").cell("b") == (0.25, 0.5)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (uniform(0, 1), 1.1),
        (uniform(0, 1), -0.1),
        (uniform(0, 1), math.nan),
        (uniform(0, 1), True),
        (uniform(0, 1), "0.5"),
        (loguniform(0, 1), 0),
        (loguniform(0, 1), -1),
        (loguniform(0, 1), 2.72),
        (loguniform(2, 2), 7),
        (lognormal(0, 1), 0.0),
        (normal(3, 0), 3.1),
        (normal(0, 1), None),
        (quniform(1, 10, 2), 0),
        (quniform(1, 10, 2), 3),
        (quniform(1, 10, 2), 12),
        (quniform(0, 1, 0.1), 0.15),
        (qlognormal(0, 1, 1), -1),
        (qnormal(0, 1, 1), 0.5),
        (randint(5), 5),
        (randint(5), -1),
        (randint(5), 2.5),
        (randint(5), True),
        (choice(1, 2), 1.0),
        (choice(1, 2), True),
        (choice(1, 2), 3),
        (choice("1"), 1),
        (choice({"a": 1}), {"a": 2}),
        (choice(1, 2), {1}),
    ],
)
def test_other_values_have_no_cell(expression: Any, value: Any) -> None:
    with pytest.raises(SpaceError):
        expression.cell(value)


def test_the_error_names_the_value_and_the_expression() -> None:
    with pytest.raises(SpaceError, match=r"^3 is not a value of quniform\(1, 10, 2\)$"):
        quniform(1, 10, 2).cell(3)
    with pytest.raises(SpaceError, match=r"^9 is not an option of choice\(0, 1, 2, .*, 7, …\)$"):
        choice(range(9)).cell(9)


def test_a_number_is_a_number_in_either_type() -> None:
    assert quniform(1, 10, 2).cell(4.0) == quniform(1, 10, 2).cell(4)
    assert randint(5).cell(4.0) == randint(5).cell(4)
    assert uniform(0, 2).cell(1) == uniform(0, 2).cell(np.int32(1)) == (0.5, 0.5)


@pytest.mark.parametrize("value", [0.1 + 1e-13, 0.1 - 1e-13, 1.0])
def test_rounding_errors_at_the_bounds_are_forgiven(value: float) -> None:
    low, high = uniform(0.1, 1).cell(value)
    assert 0 <= low == high <= 1


def test_zero_has_no_sign() -> None:
    assert {str(normal(-0.0, 0).quantile(u)) for u in (0, 0.5, 1)} == {"0.0"}


def test_the_tails_are_exact() -> None:
    for u in (1e-15, 1e-12, 1e-6):
        assert normal(0, 1).cell(normal(0, 1).quantile(u))[0] == pytest.approx(u, rel=1e-9)


class TestBases:
    def test_powers_of_the_base(self) -> None:
        assert loguniform(-3, -1).rebased(10).quantile(0.5) == pytest.approx(0.01)
        assert loguniform(-3, -1).rebased(10).cell(0.01) == pytest.approx((0.5, 0.5))
        assert lognormal(2, 0).rebased(2.0).quantile(0.3) == 4
        assert TEN["qloguniform"].rebased(2).size == 4  # 2, 4, 6, 8

    def test_nothing_else_changes(self) -> None:
        assert loguniform(-3, -1).rebased(10).wire() == loguniform(-3, -1).wire()
        assert loguniform(-3, -1).rebased(10) != loguniform(-3, -1)
        assert uniform(-3, -1).rebased(10) == uniform(-3, -1)

    def test_the_bounds_must_be_within_reach(self) -> None:
        assert loguniform(0, 300).rebased(2).quantile(1) == pytest.approx(2.0**300)
        with pytest.raises(SpaceError, match="exponents of 10, and 300 is out of range"):
            loguniform(0, 300).rebased(10)
