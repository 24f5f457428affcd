"""Script runs per second: a trivial Python script with argparse that reports ten values.

`xargs -P2` is the floor: it starts the same script, which then prints, and keeps nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.contest import Contender, contest

SCRIPT = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float, default=0.5)
args = parser.parse_args()
{imports}
for n in range(1, 11):
    {report}
"""
PRINTS = SCRIPT.format(imports="", report="print(args.x * n, flush=True)")
LOGS = SCRIPT.format(
    imports="from sweep import Run\nrun = Run.get_context()", report='run.log("score", args.x * n)'
)
SYNE_REPORTS = SCRIPT.format(
    imports="from syne_tune import Reporter\nreport = Reporter()",
    report="report(epoch=n, score=args.x * n)",
)
HDCONFIG = """
sampling:
  type: random
  seed: 1
  parameter_space: [{{name: --x, expression: uniform, values: [0, 1]}}]
policy: {{type: BanditPolicy, slack_factor: 0.5, delay_evaluation: 5}}
primary_metric_name: score
primary_metric_goal: maximize
max_total_runs: {count}
max_concurrent_runs: 2
"""


def ours(count: int) -> float:
    """From the first launch to the last end."""
    return sweep_start(count, LOGS)


def sweep_start(count: int, text: str, *options: str) -> float:
    """Run a script so often by `sweep start`; return the seconds from first launch to last end."""
    from sweep.storage.reader import SweepReader
    from sweep.storage.workspace import WorkspaceFolder

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = "source/train.py"
        (folder / "source").mkdir()
        (folder / script).write_text(text)
        (folder / "hdconfig.yml").write_text(HDCONFIG.format(count=count))
        command = [sys.executable, "-m", "sweep.cli.main", "start", "-q", *options]
        subprocess.run([*command, "hdconfig.yml", script], cwd=folder, check=True)
        workspace = WorkspaceFolder.near(folder)
        assert workspace is not None
        with SweepReader(workspace.sweep().database) as reader:
            runs = reader.runs()
    assert len(runs) == count
    assert all(run.status in ("Completed", "Canceled") for run in runs)
    return max(r.ended_at or 0 for r in runs) - min(r.launched_at or 0 for r in runs)


def xargs(count: int, text: str = PRINTS) -> float:
    """From the first start to the last end."""
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "train.py"
        script.write_text(text)
        arguments = "\n".join(f"--x {n / count}" for n in range(count))
        started = time.perf_counter()
        subprocess.run(
            ["xargs", "-P2", "-L1", sys.executable, str(script)],
            input=arguments,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.perf_counter() - started


def syne_tune(count: int) -> float:
    """From `run` to its return."""
    from syne_tune import StoppingCriterion, Tuner
    from syne_tune.backend import LocalBackend
    from syne_tune.config_space import uniform
    from syne_tune.optimizer.baselines import RandomSearch

    with tempfile.TemporaryDirectory() as name:
        os.environ["SYNETUNE_FOLDER"] = name
        script = Path(name) / "train.py"
        # Its backend passes arguments of its own, which a script has to let pass.
        script.write_text(SYNE_REPORTS.replace("parse_args()", "parse_known_args()[0]"))
        tuner = Tuner(
            trial_backend=LocalBackend(entry_point=str(script)),
            scheduler=RandomSearch({"x": uniform(0, 1)}, metrics=["score"], do_minimize=False),
            stop_criterion=StoppingCriterion(max_num_trials_finished=count),
            n_workers=2,
            sleep_time=0.0,
            save_tuner=False,
            print_update_interval=1000,
        )
        started = time.perf_counter()
        tuner.run()
        return time.perf_counter() - started


CONTENDERS = [
    Contender("hypersweep", ours, 100, ("hypersweep",)),
    Contender("xargs -P2", xargs, 200, asked=0.85),
    Contender("Syne Tune, local backend", syne_tune, 15, ("syne-tune",)),
]

if __name__ == "__main__":
    contest(
        "Script runs: argparse, 10 reports each, 2 slots, cold",
        "benchmarks.script_runs",
        CONTENDERS,
        "runs/s",
    )
