"""Function runs per second: a trivial function that reports ten values, early termination on.

Ours and Ray Tune's run on a real Ray with two slots; ours keeps every report in its journal before
it acts on it. Optuna's runs in one process, as its users' do.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.contest import Contender, contest

REPORTS = 10


def curve(x: float, y: float) -> list[float]:
    """The values that one run reports."""
    return [x * y * n for n in range(1, REPORTS + 1)]


def ours(count: int) -> float:
    """From the first launch to the last end."""
    from sweep import BanditPolicy, tune, uniform

    def train(run: Any, x: float, y: float) -> None:
        for value in curve(x, y):
            run.log("score", value)

    with tempfile.TemporaryDirectory() as folder:
        sweep = tune(
            train,
            space={"x": uniform(0, 1), "y": uniform(0, 1)},
            metric="score",
            policy=BanditPolicy(slack_factor=0.5, delay_evaluation=5),
            max_total_runs=count,
            max_concurrent_runs=2,
            workspace=folder,
            seed=0,
            show_output=False,
            cpus_per_run=0.5 if (os.cpu_count() or 1) < 2 else 1,
        )
        frame = sweep.to_dataframe()
        assert len(frame) == count
        return float((frame["ended"].max() - frame["started"].min()).total_seconds())


def ray_tune(count: int) -> float:
    """From `fit` to its return, with Ray already up."""
    import ray
    from ray import tune as ray_tune_
    from ray.tune.schedulers import MedianStoppingRule

    def train(config: dict[str, float]) -> None:
        for value in curve(config["x"], config["y"]):
            ray_tune_.report({"score": value})

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    with tempfile.TemporaryDirectory() as folder:
        tuner = ray_tune_.Tuner(
            train,
            param_space={"x": ray_tune_.uniform(0, 1), "y": ray_tune_.uniform(0, 1)},
            tune_config=ray_tune_.TuneConfig(
                num_samples=count,
                metric="score",
                mode="max",
                scheduler=MedianStoppingRule(time_attr="training_iteration"),
            ),
            run_config=ray_tune_.RunConfig(storage_path=folder, verbose=0),
        )
        started = time.perf_counter()
        assert len(tuner.fit()) == count
        seconds = time.perf_counter() - started
    ray.shutdown()
    return seconds


def optuna_in_memory(count: int) -> float:
    """Random sampler, median pruner, no storage."""
    return _optuna(count, None)


def optuna_sqlite(count: int) -> float:
    """The same with its SQLite storage."""
    with tempfile.TemporaryDirectory() as folder:
        return _optuna(count, f"sqlite:///{Path(folder) / 'optuna.db'}")


def _optuna(count: int, storage: str | None) -> float:
    import optuna

    def objective(trial: optuna.Trial) -> float:
        x, y = trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)
        value = 0.0
        for step, value in enumerate(curve(x, y)):
            trial.report(value, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return value

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=5),
        storage=storage,
    )
    started = time.perf_counter()
    study.optimize(objective, n_trials=count)
    return time.perf_counter() - started


CONTENDERS = [
    Contender("hypersweep", ours, 1000, ("hypersweep",)),
    Contender("Optuna in memory", optuna_in_memory, 2000, ("optuna",), asked=1),
    Contender("Optuna with SQLite", optuna_sqlite, 50, ("optuna",), asked=20),
    Contender("Ray Tune", ray_tune, 12, ("ray", "pyarrow"), asked=500),
]

if __name__ == "__main__":
    contest(
        "Function runs: 10 reports each, early termination on, 2 slots",
        "benchmarks.function_runs",
        CONTENDERS,
        "runs/s",
    )
