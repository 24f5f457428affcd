"""How long commands take, and `sweep start` until the first line of the first script."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, measure

TIMES = 5
COMMAND = (sys.executable, "-m", "sweep.cli.main")
HDCONFIG = """
sampling:
  type: random
  seed: 1
  parameter_space: [{name: --x, expression: uniform, values: [0, 1]}]
policy: {type: BanditPolicy, slack_factor: 0.5, delay_evaluation: 5}
primary_metric_name: score
primary_metric_goal: maximize
max_total_runs: 1
"""
SCRIPT = """
import time
open({said!r}, "w").write(repr(time.time()))
"""
BARE = """
import time
import ray
begun = time.time()
ray.init(
    address="local", num_cpus=2, num_gpus=0, include_dashboard=False,
    object_store_memory=100_000_000, log_to_driver=False, logging_level="ERROR",
)
@ray.remote(num_cpus=1)
class Actor:
    def now(self):
        return time.time()
print(begun, ray.get(Actor.remote().now.remote()))
"""
FIGURES = [
    Figure("sweep --help", "ms", at_most=150),
    Figure("sweep validate", "ms", at_most=300),
    Figure("python -c pass", "ms"),
    Figure("sweep start, until the first line of the first script", "s"),
    Figure("bare Ray: a process that calls ray.init() and one actor", "s"),
    Figure("of which ray.init() and the actor, without imports", "s"),
    Figure("sweep start ÷ bare Ray", "times", at_most=1.15),
]


def once(scale: float) -> dict[str, Any]:
    """Each in turn, several times; the medians."""
    took: dict[str, list[float]] = {figure.name: [] for figure in FIGURES}
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        place = Path(name)
        said = place / "said"
        (place / "source").mkdir()
        (place / "source" / "train.py").write_text(SCRIPT.format(said=str(said)))
        (place / "hdconfig.yml").write_text(HDCONFIG)
        for _ in range(max(1, round(TIMES * scale))):
            took["sweep --help"].append(1000 * _seconds([*COMMAND, "--help"], place))
            validate = [*COMMAND, "validate", "hdconfig.yml"]
            took["sweep validate"].append(1000 * _seconds(validate, place))
            took["python -c pass"].append(1000 * _seconds([sys.executable, "-c", "pass"], place))
            begun = time.time()
            _seconds([*COMMAND, "start", "-q", "hdconfig.yml", "source/train.py"], place)
            ours = float(said.read_text()) - begun
            initialised, whole = _bare()
            took[FIGURES[3].name].append(ours)
            took[FIGURES[4].name].append(whole)
            took[FIGURES[5].name].append(initialised)
            took["sweep start ÷ bare Ray"].append(ours / whole)
    return {name: statistics.median(values) for name, values in took.items()}


def _bare() -> tuple[float, float]:
    """Return seconds until an actor has answered: from `ray.init` on, and from the start on."""
    from sweep.compute.ray_environment import host_environment

    begun = time.time()
    done = subprocess.run(
        [sys.executable, "-c", BARE],
        env=host_environment(),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    called, answered = map(float, done.stdout.split()[-2:])
    return answered - called, answered - begun


def _seconds(command: Sequence[str], place: Path) -> float:
    begun = time.perf_counter()
    subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


if __name__ == "__main__":
    measure("Start: commands, and the first run", "benchmarks.start_times", FIGURES, once)
