"""What MLflow's client wants to read back of what it has logged in this process."""

from __future__ import annotations

import inspect
import os
import time
from typing import Any

from mlflow.entities import (
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunStatus,
    RunTag,
)

from sweep.compat import only_there
from sweep.compat.mlflow_artifacts import place_of
from sweep.script.echoes import ECHOES
from sweep.script.errors import RunLogError
from sweep.script.run import Run as ScriptRun

OLD = "run_uuid" in inspect.signature(RunInfo).parameters
"""Whether this is MLflow 2, where a run's id has two names."""
EXPERIMENT = "0"
OF_MLFLOW = "mlflow."
"""How the names of tags begin that MLflow sets by itself."""
PARAMETER = "param."
"""What the name of a parameter gets in front, among the run's properties."""


def now() -> int:
    """Return the time as MLflow counts it, in milliseconds."""
    return int(time.time() * 1000)


def _same(one: Metric, other: Metric) -> bool:
    names = ("value", "step", "timestamp")
    return all(getattr(one, name) == getattr(other, name) for name in names)


class Logged:
    """A run, or a part of one, and what was logged to it.

    Args:
        run: where it goes.
        name: what MLflow calls it.
    """

    def __init__(self, run: ScriptRun, name: str) -> None:
        self.run, self.name = run, name
        self.status, self.start = RunStatus.RUNNING, now()
        self.end: int | None = None
        self.metrics: dict[str, list[Metric]] = {}
        self.params: dict[str, str] = {}
        self.tags: dict[str, str] = {}

    @property
    def folder(self) -> str:
        """Where its files are: the outputs; of a part, a folder in them."""
        parts = self.run.id.split("/")[1:]
        return os.path.join(self.run.folder, "outputs", *parts)

    def metric(self, metric: Metric) -> None:
        """Log one value, with its step; not once more when MLflow links it with a model."""
        known = self.metrics.setdefault(metric.key, [])
        if getattr(metric, "model_id", None) and any(_same(metric, other) for other in known):
            return
        if not ECHOES.is_one("mlflow", f"{self.run.id}/{metric.key}", float(metric.value)):
            self.run.log(metric.key, metric.value, step=metric.step)
        known.append(metric)

    def param(self, param: Param) -> None:
        """Keep a parameter: a property of the run, written once."""
        try:
            self.run.add_properties({f"{PARAMETER}{param.key}": param.value})
        except RunLogError as error:
            only_there.say_once(str(error))
        self.params.setdefault(param.key, str(param.value))

    def tag(self, tag: RunTag) -> None:
        """Keep a tag; those of MLflow itself are of this process only."""
        if not tag.key.startswith(OF_MLFLOW):
            self.run.tag(tag.key, tag.value)
        self.tags[tag.key] = tag.value

    def untag(self, key: str) -> None:
        """Take a tag away."""
        self.tags.pop(key, None)
        if not key.startswith(OF_MLFLOW):
            self.run.remove_tags([key])

    @property
    def info(self) -> RunInfo:
        """What it is."""
        identity = self.run.id.replace("/", "-")
        return RunInfo(
            **({"run_uuid": identity} if OLD else {}),
            run_id=identity,
            experiment_id=EXPERIMENT,
            user_id=os.environ.get("USER", ""),
            status=RunStatus.to_string(self.status),
            start_time=self.start,
            end_time=self.end,
            lifecycle_stage="active",
            artifact_uri=place_of(self.folder),
            run_name=self.name,
        )

    def whole(self) -> Run:
        """Return all of it, as MLflow has it; of each metric the last value."""
        data = RunData(
            metrics=[values[-1] for values in self.metrics.values()],
            params=[Param(*pair) for pair in self.params.items()],
            tags=[RunTag(*pair) for pair in self.tags.items()],
        )
        return Run(self.info, data, RunInputs(dataset_inputs=[]))

    def ended(self, status: Any, end: int | None, name: str | None) -> None:
        """Take note of its end: the run itself ends with its script."""
        self.status = self.status if status is None else status
        self.end = end
        self.name = name or self.name
