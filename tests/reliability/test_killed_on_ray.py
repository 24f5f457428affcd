"""Engines killed on a real Ray: no run is lost or counted twice, and nothing lives on.

`python -m benchmarks.faults` does the same more often, and to every part of Ray.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.ray


@pytest.mark.parametrize(("fault", "times"), [("engine", 3), ("slot", 1), ("raylet", 1)])
def test_a_sweep_survives(fault, times):
    """In a process of its own, which adopts every process that is left behind."""
    words = [fault, str(times), "7", tempfile.mkdtemp()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability.on_ray", *words],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        timeout=110,
        check=True,
    )
    trials = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(trials) == times
    assert [trial["problems"] for trial in trials] == [[]] * times
