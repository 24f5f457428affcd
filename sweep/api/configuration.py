"""What is submitted: `ScriptRunConfig` and `HyperDriveConfig`, with HyperDrive's signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from policies import EarlyTerminationPolicy, Goal, NoTerminationPolicy
from samplers import Sampling
from sweep.api.children import KeptRun
from sweep.api.given import runs_given
from sweep.api.metric_goal import PrimaryMetricGoal, to_goal
from sweep.api.runs import HyperDriveRun
from sweep.api.warn import warn
from sweep.core.definition import DEFAULT_DURATION_MINUTES, Limits, SweepDefinition
from sweep.engine.ancestors import Ancestors
from sweep.errors import ConfigError
from sweep.formats.environment import Environment
from sweep.formats.runconfig import RunConfiguration
from sweep.formats.sections import (
    DockerConfiguration,
    MpiConfiguration,
    PyTorchConfiguration,
    with_sections,
)
from sweep.storage.workspace import SweepFolder

THIRTY_DAYS = 2_592_000


class NamedTarget(Protocol):
    """A compute target, as far as a run configuration needs to know it."""

    name: str


class ScriptRunConfig:
    """A script and how it is run.

    Args:
        source_directory: what every run gets a copy of.
        script: relative to it.
        arguments: fixed ones, the same for every run; what is no text becomes one.
        run_config: a run configuration to start from; with it, `compute_target`, `environment`,
            `distributed_job_config`, `docker_runtime_config` and `max_run_duration_seconds` given
            here have no effect, as at the service.
        compute_target: the target, or its name.
        environment: what the run finds around it.
        distributed_job_config: an `MpiConfiguration` or a `PyTorchConfiguration`.
        docker_runtime_config: a `DockerConfiguration`.
        resume_from: a path, which becomes the argument ``--resume-from``.
        max_run_duration_seconds: a run that takes longer is cancelled.
        command: instead of script and arguments, as a list.

    Raises:
        ConfigError: the arguments contradict each other.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the service's signature
        self,
        source_directory: str | Path,
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        run_config: RunConfiguration | None = None,
        compute_target: NamedTarget | str | None = None,
        environment: Environment | None = None,
        distributed_job_config: MpiConfiguration | PyTorchConfiguration | None = None,
        resume_from: object = None,
        max_run_duration_seconds: float | None = THIRTY_DAYS,
        command: Sequence[str] | str | None = None,
        docker_runtime_config: DockerConfiguration | None = None,
    ) -> None:
        if command and (script or arguments):
            raise ConfigError("command: give either command, or script and arguments")
        if run_config is not None and not isinstance(run_config, RunConfiguration):
            raise ConfigError(f"run_config: expected a RunConfiguration, got {run_config!r}")
        if isinstance(arguments, str):
            raise ConfigError(
                f"arguments: expected a list such as ['--epochs', 3], got {arguments!r}"
            )
        own = RunConfiguration(
            target=_target_name(compute_target or "local"),
            environment=environment or Environment(),
            max_run_duration_seconds=max_run_duration_seconds,
        )
        useless = (compute_target, environment, distributed_job_config, docker_runtime_config)
        if run_config is not None and any(useless):
            warn(
                "with run_config, compute_target and environment have no effect, nor have a"
                " distributed job and Docker"
            )
        own = with_sections(own, distributed_job_config, docker_runtime_config)
        configuration = run_config or own
        configuration = replace(configuration, target=_target_name(configuration.target))
        configuration = _with_program(configuration, script, arguments, command, resume_from)
        self.source_directory = Path(source_directory)
        self.run_config = configuration

    @property
    def script(self) -> str | None:
        """The script, relative to the source directory."""
        return self.run_config.script

    @property
    def arguments(self) -> list[str | int | float]:
        """The fixed arguments."""
        return list(self.run_config.arguments)


def _with_program(
    configuration: RunConfiguration,
    script: str | None,
    arguments: Sequence[Any] | None,
    command: Sequence[str] | str | None,
    resume_from: object,
) -> RunConfiguration:
    if script:
        configuration = replace(configuration, script=script, command="")
    if resume_from is not None:
        if not isinstance(resume_from, (str, Path)):
            raise ConfigError(f"resume_from: expected a path, got {resume_from!r}")
        fixed = configuration.arguments if arguments is None else arguments
        arguments = [*fixed, "--resume-from", str(resume_from)]
    if arguments is not None:
        configuration = replace(configuration, arguments=tuple(map(_argument, arguments)))
    if command:
        line = command if isinstance(command, str) else tuple(command)
        configuration = replace(configuration, command=line, script=None)
    return configuration


class HyperDriveConfig:
    """A sweep.

    Args:
        hyperparameter_sampling: what is sampled, and how.
        primary_metric_name: the metric that runs log and are ranked by.
        primary_metric_goal: which direction is better.
        max_total_runs: upper bound on the number of runs.
        max_concurrent_runs: upper bound on runs at one time; None or 0: `max_total_runs`.
        max_duration_minutes: time the sweep may be worked on.
        policy: early termination; None: none.
        run_config: how each run is executed.
        estimator: an older name for `run_config`.
        pipeline: refused: not available here.
        resume_from: a sweep, or up to five, that sampler and policy have learnt from.
        resume_child_runs: a run of a sweep, or several: the first runs repeat them, and are given
            their outputs by ``--resume-from`` if the script takes that.
        debug_flag: has no effect.
        custom_run_id: the id of the sweep.
        max_consecutive_failures: end the sweep when this many of its first runs fail; None: never.
        warm_start: modules; runs are forked from a process that has imported them. "auto" for
            those that the script imports; None: every run is started by itself.
        replicates: how many runs each configuration has; `max_total_runs` counts all of them.

    Raises:
        ConfigError: something is missing, or has no meaning.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the service's signature
        self,
        hyperparameter_sampling: Sampling,
        primary_metric_name: str,
        primary_metric_goal: PrimaryMetricGoal | Goal | str,
        max_total_runs: int,
        max_concurrent_runs: int | None = None,
        max_duration_minutes: float = DEFAULT_DURATION_MINUTES,
        policy: EarlyTerminationPolicy | None = None,
        estimator: ScriptRunConfig | None = None,
        run_config: ScriptRunConfig | None = None,
        resume_from: HyperDriveRun | Sequence[HyperDriveRun] | None = None,
        resume_child_runs: KeptRun | Sequence[KeptRun] | None = None,
        pipeline: object = None,
        debug_flag: object = None,  # noqa: ARG002 - the service's own business
        custom_run_id: str | None = None,
        *,
        max_consecutive_failures: int | None = 3,
        warm_start: str | Sequence[str] | None = None,
        replicates: int = 1,
    ) -> None:
        _refuse(pipeline=pipeline)
        if run_config is not None and estimator is not None:
            raise ConfigError("give either run_config or estimator, not both")
        run_config = run_config or estimator
        if not isinstance(run_config, ScriptRunConfig):
            raise ConfigError(f"run_config: expected a ScriptRunConfig, got {run_config!r}")
        self.run_config = run_config
        if custom_run_id and SweepFolder(custom_run_id, Path()).is_lone_run:
            raise ConfigError(f"custom_run_id: {custom_run_id!r} has the form of a lone run's id")
        self.custom_run_id = custom_run_id or ""
        self.warm_start = warm_start
        self.definition = define(
            sampling=hyperparameter_sampling,
            metric=primary_metric_name,
            goal=primary_metric_goal,
            policy=policy,
            limits={
                "runs": max_total_runs,
                "concurrent": max_concurrent_runs or max_total_runs,
                "duration_minutes": max_duration_minutes,
                "consecutive_failures": max_consecutive_failures,
                "replicates": replicates,
            },
        )
        self.resume_from = runs_given(resume_from, HyperDriveRun, "resume_from")
        self.resume_child_runs = runs_given(resume_child_runs, KeptRun, "resume_child_runs")
        self.ancestors = Ancestors(
            tuple(run.kept_in for run in self.resume_from),
            tuple((run.kept_in, run.number) for run in self.resume_child_runs),
        )
        self.ancestors.check(self.definition)

    def to_wire(self) -> dict[str, Any]:
        """Return HyperDrive's JSON description of the sweep."""
        others = {
            "resume_from": [run.id for run in self.resume_from],
            "resume_child_runs": [run.id for run in self.resume_child_runs],
        }
        return {**self.definition.to_wire(), **{k: ids for k, ids in others.items() if ids}}


def define(
    *,
    sampling: Sampling,
    metric: str,
    goal: PrimaryMetricGoal | Goal | str,
    policy: EarlyTerminationPolicy | None,
    limits: Mapping[str, Any],
) -> SweepDefinition:
    """Return a checked definition.

    Raises:
        ConfigError: something is missing, or has no meaning.
    """
    if not hasattr(sampling, "sampler"):
        raise ConfigError(
            f"hyperparameter_sampling: expected a sampling such as RandomParameterSampling,"
            f" got {sampling!r}"
        )
    if not isinstance(metric, str) or not metric:
        raise ConfigError(f"primary_metric_name: expected a name, got {metric!r}")
    if policy is not None and not isinstance(policy, EarlyTerminationPolicy):
        raise ConfigError(f"policy: expected a policy such as BanditPolicy, got {policy!r}")
    return SweepDefinition(
        sampling, metric, to_goal(goal), _limits(**limits), policy or NoTerminationPolicy()
    )


def _limits(
    runs: Any,
    concurrent: Any,
    duration_minutes: Any,
    run_seconds: Any = None,
    consecutive_failures: Any = None,
    replicates: Any = 1,
) -> Limits:
    for name, count in (
        ("max_total_runs", runs),
        ("max_concurrent_runs", concurrent),
        ("max_consecutive_failures", consecutive_failures or 1),
        ("replicates", replicates),
    ):
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ConfigError(f"{name}: expected a whole number >= 1, got {count!r}")
    if replicates > runs:
        raise ConfigError(f"replicates: expected at most {runs}, max_total_runs, got {replicates}")
    for name, span in (
        ("max_duration_minutes", duration_minutes),
        ("max_run_duration_seconds", 1 if run_seconds is None else run_seconds),
    ):
        if isinstance(span, bool) or not isinstance(span, (int, float)) or not span > 0:
            raise ConfigError(f"{name}: expected a number > 0, got {span!r}")
    return Limits(
        runs=runs,
        concurrent=min(concurrent, runs),
        duration_minutes=duration_minutes,
        run_seconds=run_seconds,
        consecutive_failures=consecutive_failures or None,
        replicates=replicates,
    )


def _target_name(target: object) -> str:
    name = getattr(target, "name", target)
    if not isinstance(name, str):
        raise ConfigError(f"compute_target: expected a target or its name, got {target!r}")
    return name


def _argument(value: Any) -> str | int | float:
    return value if isinstance(value, (str, int, float)) else str(value)


def _refuse(**given: object) -> None:
    for name, value in given.items():
        if value is not None:
            raise ConfigError(f"{name}: not available here")
