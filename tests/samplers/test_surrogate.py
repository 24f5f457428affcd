"""Models of the loss."""

import warnings

import numpy as np
import pytest

from samplers.bayesian import ESTIMATORS
from samplers.surrogate import MOST_SCALES, SURROGATES

RANDOM = np.random.default_rng(5)
POINTS = RANDOM.random((40, 3))
RAW = (POINTS - [0.3, 0.6, 0.5]) ** 2 @ [1, 1, 0]
LOSSES = (RAW - RAW.mean()) / RAW.std()


def test_every_estimator_has_a_model() -> None:
    assert tuple(SURROGATES) == ESTIMATORS


@pytest.mark.parametrize("name", SURROGATES)
class TestEveryModel:
    def test_learns(self, name: str) -> None:
        mean, deviation = SURROGATES[name](POINTS, LOSSES, 1).predict(POINTS)
        assert mean.shape == deviation.shape == (40,)
        assert np.isfinite(deviation).all()
        assert np.corrcoef(mean, LOSSES)[0, 1] > 0.8

    def test_depends_on_its_arguments_only(self, name: str) -> None:
        new = RANDOM.random((10, 3))
        one, other = (SURROGATES[name](POINTS, LOSSES, 1).predict(new) for _ in range(2))
        assert (np.array(one) == np.array(other)).all()

    def test_leaves_the_global_dice_alone(self, name: str) -> None:
        before = np.random.get_state()[1].tolist()  # noqa: NPY002 -- the state that is looked at
        SURROGATES[name](POINTS, LOSSES, 1).predict(POINTS)
        assert np.random.get_state()[1].tolist() == before  # noqa: NPY002 -- as above

    def test_equal_losses_are_no_error(self, name: str) -> None:
        mean, _ = SURROGATES[name](POINTS, np.zeros(40), 1).predict(POINTS)
        assert mean == pytest.approx(np.zeros(40), abs=1e-6)


def test_a_process_is_surer_where_it_has_been() -> None:
    model = SURROGATES["GP"](POINTS, LOSSES, 1)
    _, deviation = model.predict(np.vstack([POINTS[:1], [[5.0, 5.0, 5.0]]]))
    assert deviation[0] < deviation[1]


def test_many_columns_share_a_length_scale() -> None:
    points = np.random.default_rng(1).random((12, MOST_SCALES + 1))
    mean, _ = SURROGATES["GP"](points, points[:, 0] - 0.5, 1).predict(points)
    assert mean.shape == (12,)


def test_warnings_stay_inside() -> None:
    filters = list(warnings.filters)
    model = SURROGATES["GP"](np.repeat(POINTS[:5], 4, axis=0), np.repeat(LOSSES[:5], 4), 1)
    model.predict(POINTS)
    assert list(warnings.filters) == filters
