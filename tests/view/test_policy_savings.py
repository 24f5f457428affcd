"""The simulator against published figures: an independent one's, on the same curves and draws."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.policy_savings import POLICIES, Bounds, measure
from benchmarks.recorded_tasks import tasks

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
