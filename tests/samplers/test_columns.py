"""What the columns are that a model sees."""

import numpy as np

from samplers import Space, choice, quniform, uniform
from samplers.columns import Columns, straight
from samplers.features import Features

SPACE = Space({
    "rate": uniform(0, 1),
    "kind": choice("a", "b", "c"),
    "units": choice(16, 32, 64),
    "depth": quniform(1, 9, 1),
    "only": choice("x"),
})  # fmt: skip


def test_numbers_can_be_bent_and_choices_cannot() -> None:
    columns = Features(SPACE).columns
    assert columns.groups.tolist() == [0, 1, 1, 1, 2, 3]
    assert columns.bendable.tolist() == [True, False, False, False, False, True]
    assert columns.parameters == 4


def test_all_alike() -> None:
    columns = Features(SPACE).columns.alike()
    assert columns.parameters == 1
    assert not columns.bendable.any()


def test_one_more_is_a_parameter_of_its_own() -> None:
    columns = Columns(np.array([0, 1, 1]), np.array([True, False, False])).with_another()
    assert columns.groups.tolist() == [0, 1, 1, 2]
    assert columns.bendable.tolist() == [True, False, False, False]
    assert straight(columns.groups).parameters == 3
