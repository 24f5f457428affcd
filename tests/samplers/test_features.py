"""What a model sees."""

from math import nan, sqrt
from typing import Any

import numpy as np
import pytest

from samplers import Space, choice, normal, quniform, randint, uniform
from samplers.features import Features, is_unordered
from tests.samplers.spaces import NESTED

HALF = sqrt(0.5)


@pytest.mark.parametrize(
    ("expression", "unordered"),
    [
        (choice("a", "b", "c"), True),
        (choice("a", "b"), False),
        (choice("a"), False),
        (choice(0.5, 1, 1.5), False),
        (choice(8, 4, 2), False),
        (choice(2, 8, 4), True),
        (choice(0, True, 2), True),
        (choice(1, 2, "3"), True),
        (choice(1, 2, None), True),
        (choice(1, 2, {"x": uniform(0, 1)}), True),
        (uniform(0, 1), False),
        (randint(5), False),
    ],
)
def test_which_values_have_an_order(expression: Any, unordered: bool) -> None:
    assert is_unordered(expression) is unordered


def columns(parameters: dict[str, Any], *rows: list[float]) -> list[list[float]]:
    matrix: list[list[float]] = Features(Space(parameters)).matrix(np.array(rows)).tolist()
    return matrix


def test_numbers_are_their_units() -> None:
    assert columns({"a": uniform(0, 1), "b": normal(0, 1)}, [0.1, 0.9]) == [[0.1, 0.9]]


def test_ordered_choices_are_one_column() -> None:
    assert columns({"a": choice(1, 2, 4)}, [1 / 6], [0.5], [5 / 6]) == [[0], [0.5], [1]]
    assert columns({"a": choice("x", "y")}, [0.25], [0.75]) == [[0], [1]]


def test_unordered_choices_are_one_column_per_option() -> None:
    assert columns({"a": choice("x", "y", "z")}, [1 / 6], [5 / 6]) == [[HALF, 0, 0], [0, 0, HALF]]


def test_what_does_not_vary_is_left_out() -> None:
    parameters = {"a": choice("x"), "b": uniform(0, 1), "c": randint(1), "d": normal(3, 0)}
    assert columns(parameters, [0.5, 0.1, 0.5, 0.5]) == [[0.1]]


def test_what_is_not_reached_is_in_the_middle() -> None:
    point = [0.5, 0.625, nan, 0.75, nan, 0.25, 0.75]
    assert columns(NESTED, point) == [[0.5, 0, 0, HALF, 0, 0.5, 1, 0.5, 0.25, 0.75]]
    assert columns({"a": choice(1, {"b": choice(*"xyz")})}, [0.25, nan]) == [[0, 0, 0, 0]]


def test_values_in_one_cell_look_the_same() -> None:
    space = Space({"n": quniform(0, 10, 5)})
    units = [space.encode(space.decode([unit])) for unit in (0.3, 0.5, 0.7)]
    assert len({tuple(row) for row in Features(space).matrix(np.array(units)).tolist()}) == 1
