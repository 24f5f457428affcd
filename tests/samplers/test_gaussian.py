"""Our Gaussian process."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from samplers.columns import Columns, straight
from samplers.gaussian import process
from samplers.kernel import Kernel
from samplers.likelihood import data_of
from samplers.posterior import posterior
from samplers.scales import Scales

RANDOM = np.random.default_rng(3)
POINTS = RANDOM.random((30, 4))
LOSSES = np.sin(5 * POINTS[:, 0]) + POINTS[:, 1] ** 2
LOSSES = (LOSSES - LOSSES.mean()) / LOSSES.std()
GROUPS = np.array([0, 1, 2, 2])
COLUMNS = Columns(GROUPS, np.array([True, False, False, False]))


ONLY = np.array([1.0, 0.0, 0.0])
"""Shares of a kernel that is only its first part."""


def test_the_gradient_is_that_of_the_objective() -> None:
    data = data_of(POINTS, LOSSES, COLUMNS)
    place = np.array([-0.5, 0.3, 1.0, -3.0, 0.4, -0.7, 1.2])
    expected = approx_fprime(place, lambda scales: data.objective(scales)[0], 1e-6)
    assert data.objective(place)[1] == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_what_matters_has_a_short_scale() -> None:
    lengths = posterior(POINTS, LOSSES, COLUMNS).likeliest().kernel.lengths
    assert lengths[0] < lengths[1] < lengths[2]


def test_effects_that_add_up_are_seen() -> None:
    added = np.cos(4 * POINTS).sum(axis=1)
    shares = (
        posterior(POINTS, added / added.std(), straight(np.arange(4))).likeliest().kernel.shares
    )
    assert shares[1] > 0.8


def test_the_process_by_its_definition() -> None:
    scales = Scales(Kernel(GROUPS, np.array([0.5, 1.0, 2.0]), ONLY), 0.01)
    scaled = POINTS / np.array([0.5, 1.0, 2.0, 2.0])
    gaps = np.sqrt(((scaled[:, None] - scaled) ** 2).sum(axis=2)) * np.sqrt(5)
    kernel = (1 + gaps + gaps**2 / 3) * np.exp(-gaps)
    weights = np.linalg.solve(kernel[:20, :20] + 0.01 * np.eye(20), LOSSES[:20])
    mean, deviation = process(POINTS[:20], LOSSES[:20], scales).predict(POINTS[20:])
    assert mean == pytest.approx(kernel[20:, :20] @ weights)
    inner = np.linalg.solve(kernel[:20, :20] + 0.01 * np.eye(20), kernel[:20, 20:])
    left = 1 - np.einsum("ij,ji->i", kernel[20:, :20], inner)
    signal = (LOSSES[:20] @ weights + 2) / 22
    assert deviation == pytest.approx(np.sqrt(signal * left))


def test_it_learns_and_knows_how_well() -> None:
    model = process(
        POINTS[:25], LOSSES[:25], posterior(POINTS[:25], LOSSES[:25], COLUMNS).likeliest()
    )
    mean, deviation = model.predict(POINTS[25:])
    assert np.abs(mean - LOSSES[25:]).max() < 0.5
    assert (np.abs(mean - LOSSES[25:]) < 4 * deviation).all()


def test_what_is_believed_leaves_the_mean() -> None:
    model = process(POINTS, LOSSES, posterior(POINTS, LOSSES, COLUMNS).likeliest())
    new, other = RANDOM.random((2, 4)), RANDOM.random((9, 4))
    believing = model.believing(new)
    assert believing.predict(other)[0] == pytest.approx(model.predict(other)[0], abs=1e-3)
    assert (believing.predict(new)[1] < 0.8 * model.predict(new)[1]).all()
    assert believing.best == min(model.best, model.predict(new)[0].min())


def test_points_that_repeat_are_no_error() -> None:
    points = np.repeat(POINTS[:3], 40, axis=0)
    losses = np.tile(LOSSES[:20], 6)
    mean, _ = process(points, losses, posterior(points, losses, COLUMNS).likeliest()).predict(
        POINTS
    )
    assert np.isfinite(mean).all()


def test_without_noise_points_that_repeat_get_a_little() -> None:
    """Their kernel has no inverse otherwise."""
    points, losses = np.repeat(POINTS[:3], 40, axis=0), np.repeat(LOSSES[:3], 40)
    model = process(points, losses, Scales(Kernel(GROUPS, np.ones(3), ONLY), np.exp(-60.0)))
    assert np.exp(-60.0) < model.noise < 1e-9
    mean, deviation = model.predict(POINTS[:3])
    assert mean == pytest.approx(LOSSES[:3], abs=1e-3)
    assert (deviation < 1e-3).all()


def test_scales_without_an_inverse_are_as_unlikely_as_can_be() -> None:
    data = data_of(np.repeat(POINTS[:3], 10, axis=0), LOSSES, straight(np.zeros(4, dtype=int)))
    value, gradient = data.objective(np.array([0.0, -60.0, -1.0, -1.0]))
    assert value > 1e6 * data.objective(np.array([0.0, -6.0, -1.0, -1.0]))[0]
    assert (gradient == 0).all()
