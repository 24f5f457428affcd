"""A program that knows nothing of us: its metrics are found in its output and in its file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweep.api.children import KeptRun
from sweep.storage.workspace import WorkspaceFolder

HDCONFIG = r"""
sampling:
  type: grid
  parameter_space: [{name: --x, expression: choice, values: [1, 2]}]
primary_metric_name: loss
primary_metric_goal: minimize
max_total_runs: 2
metrics:
  stdout: 'step (?P<step>\d+): loss=(?P<loss>[0-9.]+)'
  file: metrics.jsonl
"""
SCRIPT = """#!/bin/sh
for i in 1 2 3; do
  echo "step $i: loss=0.$2$i"
  echo "{\\"acc\\": $i, \\"step\\": $i}" >> "$SWEEP_METRICS_FILE"
done
"""


@pytest.mark.ray
def test_a_shell_script(place):
    Path("hdconfig.yml").write_text(HDCONFIG)
    Path("train.sh").write_text(SCRIPT)
    Path("train.sh").chmod(0o755)
    words = ["start", "--cpus-per-run", "0.5", "hdconfig.yml", "train.sh"]
    done = subprocess.run(
        [sys.executable, "-m", "sweep.cli.main", *words],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sweep = WorkspaceFolder(place / ".sweep").sweep()
    assert KeptRun(sweep, 1).get_metrics() == {"loss": [0.21, 0.22, 0.23], "acc": [1, 2, 3]}
    assert KeptRun(sweep, 0).row.best == 0.11
