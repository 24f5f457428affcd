"""Models of the loss."""

import warnings
from typing import Any

import numpy as np
import pytest

from samplers.bayesian import ESTIMATORS
from samplers.columns import straight
from samplers.skopt_models import MOST_SCALES
from samplers.surrogate import MOST_LOSSES, SURROGATES, Model

RANDOM = np.random.default_rng(5)
POINTS = RANDOM.random((40, 3))
RAW = (POINTS - [0.3, 0.6, 0.5]) ** 2 @ [1, 1, 0]
LOSSES = (RAW - RAW.mean()) / RAW.std()

PROCESSES = ["AUTO", "GP"]


def fitted(name: str, points: Any = POINTS, losses: Any = LOSSES) -> Model:
    return SURROGATES[name](straight(np.arange(points.shape[1])))(points, list(losses), 1)


def test_every_estimator_has_a_model() -> None:
    assert tuple(SURROGATES) == ESTIMATORS


@pytest.mark.parametrize("name", SURROGATES)
class TestEveryModel:
    def test_learns(self, name: str) -> None:
        mean, deviation = fitted(name).predict(POINTS)
        assert mean.shape == deviation.shape == (40,)
        assert np.isfinite(deviation).all()
        assert np.corrcoef(mean, LOSSES)[0, 1] > 0.8

    def test_depends_on_its_arguments_only(self, name: str) -> None:
        new = RANDOM.random((10, 3))
        one, other = (fitted(name).predict(new) for _ in range(2))
        assert (np.array(one) == np.array(other)).all()

    def test_leaves_the_global_dice_alone(self, name: str) -> None:
        before = np.random.get_state()[1].tolist()  # noqa: NPY002 -- the state that is looked at
        fitted(name).predict(POINTS)
        assert np.random.get_state()[1].tolist() == before  # noqa: NPY002 -- as above

    def test_equal_losses_are_no_error(self, name: str) -> None:
        mean, _ = fitted(name, losses=np.zeros(40)).predict(POINTS)
        assert mean == pytest.approx(np.zeros(40), abs=1e-6)

    def test_believes_what_it_expects(self, name: str) -> None:
        new = RANDOM.random((3, 3))
        model = fitted(name)
        mean, deviation = model.predict(new)
        again, surer = model.believing(new).predict(new)
        assert again == pytest.approx(mean, abs=0.3)
        if name == "AUTO":
            assert (surer < deviation).all()


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_is_surer_where_it_has_been(name: str) -> None:
    _, deviation = fitted(name).predict(np.vstack([POINTS[:1], [[5.0, 5.0, 5.0]]]))
    assert deviation[0] < deviation[1]


@pytest.mark.parametrize("name", PROCESSES)
def test_many_columns_share_a_length_scale(name: str) -> None:
    points = np.random.default_rng(1).random((12, MOST_SCALES + 1))
    mean, _ = fitted(name, points, points[:, 0] - 0.5).predict(points)
    assert mean.shape == (12,)


@pytest.mark.parametrize("name", PROCESSES)
def test_warnings_stay_inside(name: str) -> None:
    filters = list(warnings.filters)
    model = fitted(name, np.repeat(POINTS[:5], 4, axis=0), np.repeat(LOSSES[:5], 4))
    model.predict(POINTS)
    assert list(warnings.filters) == filters


def test_many_losses_are_thinned_and_the_best_stay() -> None:
    points = np.random.default_rng(1).random((MOST_LOSSES + 40, 2))
    losses = (points[:, 0] - 0.5) ** 2
    model = fitted("AUTO", points, losses)
    mean, _ = model.predict(points[[np.argmin(losses), np.argmax(losses)]])
    assert mean[0] == pytest.approx(model.best, abs=0.1)
    assert mean[1] > model.best + 1


def test_an_answer_does_not_depend_on_what_was_asked_before() -> None:
    points = np.random.default_rng(1).random((MOST_LOSSES + 21, 2))
    losses = list((points[:, 0] - 0.5) ** 2)
    asked, fresh = (SURROGATES["AUTO"](straight(np.arange(2))) for _ in range(2))
    for count in (50, 63, MOST_LOSSES + 1):
        asked(points[:count], losses[:count], count)
    one, other = (model(points, losses, 7).predict(points) for model in (asked, fresh))
    assert (np.array(one) == np.array(other)).all()


def test_only_the_last_losses_are_finite() -> None:
    points = np.random.default_rng(1).random((62, 2))
    losses = [float("nan")] * 60 + [1.0, 2.0]
    mean, _ = fitted("AUTO", points, losses).predict(points)
    assert np.isfinite(mean).all()
