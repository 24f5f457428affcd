"""What fits `PromisingPolicy`: curves that are changed by chance, and a network that learns."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.changed_curves import changed
from benchmarks.network import learnt, odds
from benchmarks.recorded_tasks import Draw
from policies import Goal, promising_weights
from policies.promising import chance
from policies.signs import Signs
from sweep.view.recorded import Recording

CURVES = [[0.1 * k * math.log(epoch + 1) for epoch in range(20)] for k in range(1, 13)]


def drawn(curves: list[list[float]]) -> Draw:
    recordings = [Recording(number, curve) for number, curve in enumerate(curves, 1)]
    known = (np.array(curve)[np.isfinite(curve)] for curve in curves)
    return Draw(recordings, np.array([values.max(initial=-math.inf) for values in known]))


@given(st.integers(0, 10_000))
def test_changed_curves_are_of_the_same_runs_and_end_where_it_is_said(seed: int) -> None:
    before, after = drawn(CURVES), changed(drawn(CURVES), Goal.MAXIMIZE, seed)
    assert [one.number for one in after.recordings] == [one.number for one in before.recordings]
    for one, end in zip(after.recordings, after.finals, strict=True):
        assert 1 <= len(one.values) <= 20
        assert max(one.values) == end


def test_the_same_seed_changes_alike_and_another_one_otherwise() -> None:
    first, again, other = (changed(drawn(CURVES), Goal.MAXIMIZE, seed) for seed in (1, 1, 2))
    assert first.recordings == again.recordings
    assert first.recordings != other.recordings


@given(st.integers(0, 10_000))
def test_losses_are_changed_as_their_negatives_are(seed: int) -> None:
    losses = [Recording(n, [-v for v in curve]) for n, curve in enumerate(CURVES, 1)]
    down = changed(Draw(losses, drawn(CURVES).finals), Goal.MINIMIZE, seed)
    up = changed(drawn(CURVES), Goal.MAXIMIZE, seed)
    assert np.array_equal(down.finals, up.finals)
    assert [[-v for v in one.values] for one in down.recordings] == [
        [*one.values] for one in up.recordings
    ]


@given(st.integers(0, 10_000))
def test_what_diverges_still_does(seed: int) -> None:
    curves = [*CURVES, [math.nan] * 20, [-math.inf] * 20]
    after = changed(drawn(curves), Goal.MAXIMIZE, seed)
    assert [*after.finals[-2:]] == [-math.inf, -math.inf]
    assert not np.isfinite(after.recordings[-2].values).any()
    assert not np.isfinite(after.recordings[-1].values).any()


def test_the_network_learns_a_chance_that_no_single_column_tells() -> None:
    dice = np.random.default_rng(0)
    x = dice.uniform(-1, 1, (8192, 3)).astype(np.float32)
    truth = np.where(x[:, 0] * x[:, 1] > 0, 0.5, 0.02)
    y = (dice.random(len(x)) < truth).astype(np.float32)
    net = learnt(x, y, np.ones(len(x), np.float32), (16, 8), 200)
    told = 1 / (1 + np.exp(-odds(net, x)))
    inside = np.abs(x[:, 0] * x[:, 1]) > 0.1
    assert told[inside & (truth == 0.5)].mean() > 0.4
    assert told[inside & (truth == 0.02)].mean() < 0.1


def test_the_policy_and_the_network_see_the_same_chance() -> None:
    layers = [
        (np.array([w for _, w in layer], np.float32), np.array([b for b, _ in layer], np.float32))
        for layer in promising_weights.LAYERS
    ]
    rows = np.random.default_rng(0).standard_normal((50, len(Signs._fields)))
    means, deviations = np.array([*promising_weights.SCALES.values()]).T
    signs = [Signs(*(means + deviations * row).tolist()) for row in rows]
    wanted = 1 / (1 + np.exp(-odds(layers, rows.astype(np.float32)).astype(float)))
    assert [chance(one) for one in signs] == pytest.approx(wanted, rel=1e-3)
