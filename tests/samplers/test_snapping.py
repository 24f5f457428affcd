"""Snapping, against the space's own way there and back."""

import numpy as np
import pytest
from hypothesis import given

from samplers import Space, qnormal, quniform, randint
from samplers.snapping import MOST_CELLS, Snapping
from tests.samplers.spaces import FINITE, NESTED, TEN, fixed, spaces


def same(space: Space) -> None:
    units = np.random.default_rng(0).random((200, len(space.leaves)))
    expected = [space.encode(space.decode(row)) for row in units.tolist()]
    found = Snapping(space)(units)
    np.testing.assert_allclose(found, np.array(expected, dtype=float), atol=1e-6)


@pytest.mark.parametrize("parameters", [TEN, NESTED, FINITE], ids=["ten", "nested", "finite"])
def test_the_same_as_one_by_one(parameters: dict[str, object]) -> None:
    same(Space(parameters))


@fixed
@given(spaces)
def test_in_any_space(space: Space) -> None:
    units = np.random.default_rng(0).random((20, len(space.leaves)))
    for row, snapped in zip(units.tolist(), Snapping(space)(units).tolist(), strict=True):
        units_of = [None if np.isnan(unit) else unit for unit in snapped]
        assert space.key(space.decode(units_of)) == space.key(space.decode(row))


def test_more_values_than_cells_are_a_continuum() -> None:
    space = Space(
        {"a": randint(MOST_CELLS + 1), "b": quniform(0, 1e9, 1), "c": qnormal(0, 1e9, 1)}
    )
    units = np.random.default_rng(0).random((5, 3))
    assert (Snapping(space)(units) == units).all()
