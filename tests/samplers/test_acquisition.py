"""Scores, against scikit-optimize's and against plain sense."""

from typing import Any

import numpy as np
import pytest
from skopt.acquisition import gaussian_ei, gaussian_lcb, gaussian_pi

from samplers.acquisition import ACQUISITIONS, KAPPA, XI
from samplers.bayesian import ACQUISITIONS as NAMES

MEAN = np.linspace(-2, 2, 41)
DEVIATION = np.linspace(0.05, 1.5, 41)


class Known:
    """A model that says the same of all points."""

    def predict(self, points: Any, return_std: bool) -> tuple[Any, Any]:
        return MEAN, DEVIATION


def test_the_same_as_elsewhere() -> None:
    points = np.zeros((41, 1))
    scores = {
        "EI": np.log(gaussian_ei(points, Known(), y_opt=-0.5, xi=XI)),
        "PI": gaussian_pi(points, Known(), y_opt=-0.5, xi=XI),
        "LCB": -gaussian_lcb(points, Known(), kappa=KAPPA),
    }
    assert list(ACQUISITIONS) == list(scores) == list(NAMES)
    for name, expected in scores.items():
        known = expected > -600 if name == "EI" else slice(None)  # below, theirs is the log of 0
        found = ACQUISITIONS[name](MEAN, DEVIATION, -0.5)
        assert found[known] == pytest.approx(expected[known], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("name", ACQUISITIONS)
def test_low_means_and_high_deviations_promise_most(name: str) -> None:
    score = ACQUISITIONS[name]
    worse, better = score(np.array([1.0, 0.5]), np.array([0.5, 0.5]), 0.0)
    assert worse < better
    sure, unsure = score(np.array([1.0, 1.0]), np.array([0.1, 0.5]), 0.0)
    assert sure < unsure


@pytest.mark.parametrize("name", ACQUISITIONS)
def test_certainty_is_no_error(name: str) -> None:
    scores = ACQUISITIONS[name](np.array([1.0, -1.0]), np.zeros(2), 0.0)
    assert np.isfinite(scores).all()
    assert scores[0] < scores[1]


def test_next_to_no_improvement_still_has_an_order() -> None:
    mean = np.array([1.0, 2.0, 10.0, 1e3, 1e6, 1e9])
    scores = ACQUISITIONS["EI"](mean, np.full(6, 0.01), 0.0)
    assert np.isfinite(scores).all()
    assert (np.diff(scores[:5]) < 0).all()


def test_the_improvement_has_no_jump() -> None:
    around = -1 + np.array([-1e-9, 1e-9])
    assert np.ptp(ACQUISITIONS["EI"](-around - XI, np.ones(2), 0.0)) < 1e-7
    far = -1e3 * (1 + np.array([-1e-9, 1e-9]))
    assert np.ptp(ACQUISITIONS["EI"](-far - XI, np.ones(2), 0.0)) < 0.01
