"""Losses made fit for a model."""

import numpy as np
import pytest

from samplers.outcomes import standardised, unbent


def test_the_order_stays() -> None:
    losses = standardised(np.exp(np.random.default_rng(1).normal(0, 3, 40)).tolist())
    assert (np.argsort(unbent(losses)) == np.argsort(losses)).all()


def test_a_long_tail_is_cut_short() -> None:
    losses = standardised(np.exp(np.random.default_rng(1).normal(0, 3, 40)).tolist())
    bent = unbent(losses)
    assert losses.max() > 4
    assert np.abs(bent).max() < 3.5
    assert (bent.mean(), bent.std()) == pytest.approx((0, 1))


def test_what_is_normal_stays_normal() -> None:
    losses = standardised(np.random.default_rng(1).normal(size=200).tolist())
    assert np.corrcoef(unbent(losses), losses)[0, 1] > 0.99


@pytest.mark.parametrize("losses", [[0.0] * 9, [1.0] * 8 + [2.0], [1.0, 2.0], [1e300] * 9 + [0]])
def test_any_losses_will_do(losses: list[float]) -> None:
    assert np.isfinite(unbent(standardised(losses))).all()


@pytest.mark.parametrize("others", [[], [5.0], [-5.0]], ids=["alone", "and a bad", "and a good"])
def test_what_only_rounding_tells_apart_stays_equal(others: list[float]) -> None:
    bent = unbent(standardised([0.3, 0.1 + 0.2] * 20 + others))
    assert np.ptp(bent[:40]) < 1e-12
    assert (np.abs(bent[40:]) > 1).all()
