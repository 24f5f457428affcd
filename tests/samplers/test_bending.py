"""Scales that are bent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplers.bending import bent, slopes

BENDS = st.floats(-5, 5)
PLACES = st.lists(st.floats(0, 1), min_size=1, max_size=9).map(lambda found: np.array([found]).T)


@given(BENDS)
def test_ends_stay(bend: float) -> None:
    assert bent(np.array([[0.0], [1.0]]), np.array([bend])).ravel() == pytest.approx([0, 1])


@given(PLACES, BENDS)
def test_order_stays(places: np.ndarray, bend: float) -> None:
    found = bent(np.sort(places, axis=0), np.array([bend]))
    assert (np.diff(found, axis=0) >= 0).all()


@given(PLACES, BENDS)
def test_the_other_bend_is_the_same_from_the_other_end(places: np.ndarray, bend: float) -> None:
    one, other = bent(places, np.array([bend])), bent(1 - places, np.array([-bend]))
    assert one == pytest.approx(1 - other, abs=1e-9)


@given(PLACES, BENDS)
def test_the_slopes_are_those_of_it(places: np.ndarray, bend: float) -> None:
    step = 1e-2  # larger than what is taken for straight
    high, low = (bent(places, np.array([bend + way * step])) for way in (1, -1))
    assert slopes(places, np.array([bend])) == pytest.approx((high - low) / step / 2, abs=1e-3)


def test_a_positive_bend_widens_the_low_end() -> None:
    found = bent(np.array([[0.1, 0.1, 0.1]]), np.array([3.0, 0.0, -3.0]))
    assert found[0, 0] > 0.2
    assert found[0, 1] == 0.1
    assert found[0, 2] < 0.03
