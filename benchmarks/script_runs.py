"""Script runs per second: a trivial Python script with argparse that reports ten values.

`xargs -P2` starts the same script, which then prints, and keeps nothing. The *bare loop* is what
an engine comes to that does nothing but keep: a folder for each run, its reports heard by a
socket, and one durable transaction.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
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


def bare_loop(count: int) -> float:
    """Two threads, each of which starts a run, hears it to its end, and keeps what it said."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "train.py").write_text(LOGS)
        with contextlib.closing(sqlite3.connect(root / "kept.db")) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute("CREATE TABLE run (number INTEGER PRIMARY KEY, reports BLOB)")
        runs = iter(range(count))
        threads = [threading.Thread(target=_keep_runs, args=(root, runs, count)) for _ in "12"]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - started
        with contextlib.closing(sqlite3.connect(root / "kept.db")) as database:
            kept = database.execute("SELECT count(*), min(length(reports)) FROM run").fetchone()
        assert kept[0] == count, kept
        assert kept[1] > 0, kept
        return took


def _keep_runs(root: Path, runs: Iterator[int], count: int) -> None:
    channel = root / f"{threading.get_ident()}"
    with (
        contextlib.closing(sqlite3.connect(root / "kept.db", isolation_level=None)) as database,
        contextlib.closing(socket.socket(socket.AF_UNIX)) as listening,
    ):
        listening.bind(str(channel))
        listening.listen(1)
        run = {"SWEEP_CHANNEL": str(channel), "SWEEP_RUN_ATTEMPT": "1"}
        for number in runs:
            folder = root / "runs" / str(number)
            for part in ("outputs", "logs", "user_logs"):
                (folder / part).mkdir(parents=True)
            facts = {"SWEEP_RUN_ID": f"r_{number}", "SWEEP_RUN_NUMBER": str(number)}
            process = subprocess.Popen(
                [sys.executable, str(root / "train.py"), "--x", str(number / count)],
                env={**os.environ, **run, **facts, "SWEEP_RUN_FOLDER": str(folder)},
                cwd=folder,
                start_new_session=True,
            )
            said = []
            with listening.accept()[0] as connection:
                while data := connection.recv(1 << 16):
                    said.append(data)
            assert process.wait() == 0
            database.execute("INSERT INTO run VALUES (?, ?)", (number, b"".join(said)))


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
    Contender("bare loop", bare_loop, 200),
    Contender("Syne Tune, local backend", syne_tune, 15, ("syne-tune",)),
]

if __name__ == "__main__":
    contest(
        "Script runs: argparse, 10 reports each, 2 slots, cold",
        "benchmarks.script_runs",
        CONTENDERS,
        "runs/s",
    )
