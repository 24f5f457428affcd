"""The kernel, by its definition."""

import numpy as np
import pytest

from samplers.bending import bent
from samplers.columns import Array
from samplers.kernel import Kernel

RANDOM = np.random.default_rng(4)
GROUPS = np.array([0, 1, 2, 2])
POINTS = RANDOM.random((9, 4))
LENGTHS = np.array([0.5, 1.0, 2.0])


def matern(gaps: Array) -> Array:
    far = np.sqrt(5) * gaps
    found: Array = (1 + far + far**2 / 3) * np.exp(-far)
    return found


def gaps(columns: list[int], lengths: Array) -> Array:
    scaled = POINTS[:, columns] / lengths
    found: Array = np.sqrt(((scaled[:, None] - scaled) ** 2).sum(axis=2))
    return found


def test_of_all_parameters() -> None:
    found = Kernel(GROUPS, LENGTHS, np.array([1.0, 0, 0]))(POINTS, POINTS)
    assert found == pytest.approx(matern(gaps([0, 1, 2, 3], LENGTHS[GROUPS])), abs=1e-6)


def test_of_one_parameter_each() -> None:
    found = Kernel(GROUPS, LENGTHS, np.array([0, 1.0, 0]))(POINTS, POINTS)
    each = [gaps([0], LENGTHS[[0]]), gaps([1], LENGTHS[[1]]), gaps([2, 3], LENGTHS[[2, 2]])]
    expected = sum(matern(np.sqrt(3) * gap) for gap in each) / 3
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_rough_part_within_a_quarter_of_the_scales() -> None:
    found = Kernel(GROUPS, LENGTHS, np.array([0.0, 0, 0]), 0.3)(POINTS, POINTS)
    assert found == pytest.approx(0.3 * matern(gaps([0, 1, 2, 3], LENGTHS[GROUPS] / 4)), abs=1e-6)


def test_quadratics_are_known_from_a_few_values() -> None:
    groups = np.arange(2)
    kernel = Kernel(groups, np.ones(2), np.array([0, 0, 1.0]))
    points, new = RANDOM.random((8, 2)), RANDOM.random((20, 2))

    def bowl(x: Array) -> Array:
        found: Array = 3 * x[:, 0] ** 2 - x[:, 0] * x[:, 1] + 2 * x[:, 1] - 1
        return found

    inner = kernel(points, points) + 1e-10 * np.eye(8)
    assert kernel(new, points) @ np.linalg.solve(inner, bowl(points)) == pytest.approx(
        bowl(new), abs=1e-3
    )


@pytest.mark.parametrize("rough", [0.0, 0.2])
@pytest.mark.parametrize("shares", [[1.0, 0, 0], [0.2, 0.3, 0.5], [0, 0.5, 0.5]])
def test_covariances(shares: list[float], rough: float) -> None:
    kernel = Kernel(GROUPS, LENGTHS, np.array(shares), rough)
    found = kernel(POINTS, POINTS)
    assert found == pytest.approx(found.T)
    assert np.linalg.eigvalsh(found).min() > -1e-9
    assert kernel.variances(POINTS) == pytest.approx(np.diag(found), abs=1e-6)


def test_what_is_bent_is_as_if_it_were_elsewhere() -> None:
    bends, shares = np.array([2.0, 0, 0, 0]), np.array([0.5, 0.3, 0.2])
    found = Kernel(GROUPS, LENGTHS, shares, 0.1, bends)
    plain, there = Kernel(GROUPS, LENGTHS, shares, 0.1), bent(POINTS, bends)
    assert found(POINTS, POINTS[:4]) == pytest.approx(plain(there, there[:4]))
    assert found.variances(POINTS) == pytest.approx(plain.variances(there))
