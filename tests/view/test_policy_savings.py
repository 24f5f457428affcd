"""The simulator against published figures: an independent one's, on the same curves and draws.

And our own policy on curves that are here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.policy_savings import POLICIES, Bounds, measure
from benchmarks.recorded_tasks import Draw, tasks

CURVES = Path(__file__).parents[2] / "docs" / "curves"


@pytest.mark.parametrize(
    ("policy", "epochs", "regret"),
    [
        ("none", 1.0, 0.0),
        ("baseline bandit 0.1", 0.373, 0.0),
        ("baseline bandit 0.2", 0.427, 0.0),
        ("baseline median", 0.379, 0.0),
        ("baseline truncation", 0.597, 0.0),
        ("baseline asha", 0.123, 0.002),
    ],
)
def test_a_published_figure(policy: str, epochs: float, regret: float) -> None:
    (task,) = (one for one in tasks(CURVES) if one.name == "trained_mlp_digits")
    found = measure(task, POLICIES[policy], Bounds(20, 100, 8))
    assert found[:2] == pytest.approx([epochs, regret], abs=0.0006)


def test_the_promising_policy_spends_little_and_loses_little() -> None:
    (task,) = (one for one in tasks(CURVES) if one.name == "trained_mlp_digits")
    epochs, regret = measure(task, POLICIES["promising"], Bounds(5, 100, 8))[:2]
    assert epochs < 0.3
    assert regret < 0.005


def test_who_comes_out_ahead() -> None:
    finals = np.array([*np.linspace(0, 1, 97), 1.0, 1.6, 1.505])
    assert Draw([], finals).gap == pytest.approx(1.6 - np.median(finals))
    assert [*np.flatnonzero(Draw([], finals).ahead)] == [98, 99]
    crowded = np.array([*np.linspace(0, 1, 97), 1.004, 1.0, 1.004])  # 1 % of the gap is 0.005
    assert [*np.flatnonzero(Draw([], crowded).ahead)] == []
    lost = np.array([-np.inf] * 98 + [0.0, 1.0])
    assert Draw([], lost).gap == 0.5
