"""`tune`: a sweep over a Python function."""

from __future__ import annotations

import difflib
import inspect
import pickle
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from policies import EarlyTerminationPolicy, Goal
from samplers import Sampling, Space, functions_of
from samplers.guide import Points
from samplers.refusal import Refuse
from sweep.api.configuration import define
from sweep.api.function_reports import reports_of
from sweep.api.given import runs_given
from sweep.api.metric_goal import PrimaryMetricGoal
from sweep.api.runs import HyperDriveRun
from sweep.api.sampling import resolve
from sweep.api.target import ComputeTarget
from sweep.api.tune_target import place_of
from sweep.api.warn import warn
from sweep.api.workspace import Workspace, run_of
from sweep.core.commands import SweepStatus
from sweep.core.definition import SweepDefinition
from sweep.core.prospects import prospects
from sweep.core.single import Single
from sweep.engine.ancestors import Ancestors
from sweep.engine.engine import GRACE
from sweep.engine.open import OpenSweep
from sweep.engine.refusing import Functions, functions_in
from sweep.engine.signals import ctrl_c
from sweep.engine.submit import keep
from sweep.engine.template import FunctionTemplate
from sweep.errors import ConfigError, UserError
from sweep.storage.feed import Feed
from sweep.storage.reader import SweepReader
from sweep.storage.workspace import SweepFolder
from sweep.view.ending import ending

Train = Callable[..., Any]


def tune(  # noqa: PLR0913 - a sweep has that many sides
    train: Train,
    *,
    space: Mapping[str, Any] | Space | None = None,
    metric: str = "",
    goal: PrimaryMetricGoal | Goal | str = Goal.MAXIMIZE,
    max_total_runs: int = 0,
    sampling: Sampling | str = "random",
    policy: EarlyTerminationPolicy | None = None,
    max_concurrent_runs: int | None = None,
    max_duration_minutes: float = 10080,
    max_run_duration_seconds: float | None = None,
    max_consecutive_failures: int | None = 3,
    seed: int | None = None,
    experiment: str = "",
    workspace: Workspace | str | Path = ".",
    cpus_per_run: float = 1,
    gpus_per_run: float = 0,
    compute_target: ComputeTarget | str = "local",
    grace: float = GRACE,
    show_output: bool = True,
    resume: str = "",
    points_to_evaluate: Points | None = None,
    refuse: Refuse | None = None,
    replicates: int = 1,
    resume_from: HyperDriveRun | Sequence[HyperDriveRun] | None = None,
) -> HyperDriveRun:
    """Run a sweep over a function and return it when it is over.

    Args:
        train: called as ``train(run, **hyperparameters)`` in a process of its slot. It logs with
            ``run.log(name, value)``; a number that it returns is logged as the metric, unless it
            has logged that itself. When its run is to stop, ``run.log`` raises `RunStopped`.
        space: what is searched: name to expression, as in ``{"lr": loguniform(-7, 0)}``.
        metric: name of the primary metric.
        goal: which direction is better.
        max_total_runs: upper bound on the number of runs.
        sampling: "random", "grid", "bayesian", or a sampling, which brings its own space.
        policy: early termination; None: none.
        max_concurrent_runs: None: as many as there are slots; on another target than this
            machine, as many as there are runs.
        max_duration_minutes: time the sweep may be worked on.
        max_run_duration_seconds: a run that takes longer is cancelled.
        max_consecutive_failures: end when this many of the first runs fail; None: never.
        seed: of all randomness; drawn and recorded when None.
        experiment: the name that groups sweeps; by default the function's.
        workspace: where it is kept.
        cpus_per_run: what one run takes; may be a fraction.
        gpus_per_run: likewise.
        compute_target: a compute target, or its name; the default is this machine. Its nodes need
            the same minor version of Python as there is here.
        grace: seconds between asking a run to end and making it.
        show_output: print what happens.
        resume: the id of a sweep over this function to go on with; all else about it is kept.
        points_to_evaluate: configurations to begin with, or parts of them, the rest of which is
            drawn; in a sampling that is given, they are its own.
        refuse: conditions on configurations that are not to be, such as ``{"lr": {"above": 1}}``,
            functions that tell of a configuration whether it is refused, or a list of both; in a
            sampling that is given, they are its own. Functions are not kept: with `resume` they
            are given again, and nothing else.
        replicates: how many runs each configuration has, each with another ``run.seed``;
            `max_total_runs` counts all of them.
        resume_from: a sweep, or up to five, that are Completed or Canceled, whose outcomes are
            known from the start, to a sampler that learns and to the policy.

    What of it can have no effect is told by a `SweepWarning`.

    Raises:
        UserError: it can never run; nothing has been launched.
        TargetError: the target does not answer, or cannot run it; the sweep can be resumed.
    """
    place = workspace if isinstance(workspace, Workspace) else Workspace.from_config(workspace)
    each = cpus_per_run, gpus_per_run, grace
    function = pickled(train)
    parents = runs_given(resume_from, HyperDriveRun, "resume_from")
    if resume:
        if parents:
            raise ConfigError(
                "give either resume, to go on with a sweep, or resume_from, not both"
            )
        folder, refusing = place.folder.sweep(resume), functions_in(refuse)
        _check_resumed(train, folder)
    else:
        if not metric:
            raise ConfigError("metric: which of the values that runs log tells how good they are?")
        cluster, resources = place_of(place.folder, compute_target, *each)
        slots = max_total_runs if cluster else max(1, resources.slots)
        definition = define(
            sampling=resolve(sampling, space, seed, points_to_evaluate, refuse),
            metric=metric,
            goal=goal,
            policy=policy,
            limits={
                "runs": max_total_runs,
                "concurrent": max_concurrent_runs or slots,
                "duration_minutes": max_duration_minutes,
                "run_seconds": max_run_duration_seconds,
                "consecutive_failures": max_consecutive_failures,
                "replicates": replicates,
            },
        )
        check_signature(train, definition.sampling.space)
        ancestors = Ancestors([run.kept_in for run in parents])
        ancestors.check(definition)
        reports, known = reports_of(train, metric), ancestors.trials()
        for text in prospects(definition, reports, known, slots):
            warn(text)
        refusing = functions_of(definition.sampling)
        name = getattr(train, "__qualname__", type(train).__name__)
        folder = keep(
            place.folder,
            definition,
            experiment or experiment_of(train),
            {
                "template": FunctionTemplate(name, max(1, int(cpus_per_run))).to_json(),
                "resources": asdict(resources),
                "cluster": cluster,
                "prior": ancestors.kept(),
                "grace": grace,
                "source": str(Path.cwd()),
                "snapshot": {"id": "", "files": 0, "size": 0},
            },
        )
    status = _work(folder, function, refusing, show_output=show_output)
    if status is SweepStatus.PAUSED:
        _to_stderr(f"go on with it: tune(..., resume={folder.id!r})")
    run = run_of(place, folder)
    assert isinstance(run, HyperDriveRun)
    return run


def experiment_of(train: Train) -> str:
    """Return the name of a function as the name of an experiment."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", getattr(train, "__name__", ""))
    return name.strip("_-") or "tune"


def _check_resumed(train: Train, folder: SweepFolder) -> None:
    with SweepReader(folder.database) as reader:
        sampling = SweepDefinition.from_wire(reader.get("definition")).sampling
    if not isinstance(sampling, Single):
        check_signature(train, sampling.space)


def _work(
    folder: SweepFolder, function: bytes, refusing: Functions, *, show_output: bool
) -> SweepStatus:
    with OpenSweep(folder, function, refusing=refusing) as opened:
        if opened.engine.over:
            return opened.engine.scheduler.status
        with SweepReader(folder.database) as reader:
            feed = Feed(reader, after=opened.engine.replayed)

            def tell() -> None:
                for line in feed.lines():
                    sys.stdout.write(line + "\n")

            if show_output:
                opened.engine.on_round = lambda batch: tell() if batch else None
            with ctrl_c(opened.interrupts.pause, _to_stderr):
                status = opened.engine.work()
            if show_output:
                tell()
                sys.stdout.writelines(line + "\n" for line in ending(reader))
    return status


def pickled(train: Train) -> bytes:
    """Return a function as bytes for the processes that will call it.

    They are our own, on the far side of our own pipes; nothing pickled is ever kept.

    Raises:
        UserError: it cannot be pickled.
    """
    import cloudpickle  # noqa: PLC0415 - only functions need it

    takes = _parameters(train).get("run")
    by_name = takes is not None and takes.kind is not takes.POSITIONAL_ONLY

    def call(run: Any, configuration: dict[str, Any]) -> Any:
        arguments = {name.lstrip("-").replace("-", "_"): v for name, v in configuration.items()}
        if by_name:
            return train(run=run, **arguments)
        return train(**arguments) if takes is None else train(run, **arguments)

    try:
        return pickle.dumps((sys.path, cloudpickle.dumps(call)))
    except Exception as error:
        raise UserError(f"{train!r} cannot be sent to another process: {error}") from error


def check_signature(train: Train, space: Space) -> None:
    """Compare a function's parameters with a space.

    Raises:
        ConfigError: a hyperparameter is not a parameter of the function, or the reverse.
    """
    parameters = _parameters(train)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    given = {name.lstrip("-").replace("-", "_") for name in space.names}
    if len(given) < len(space.names) or "run" in given:
        raise ConfigError(
            f"space: {', '.join(space.names)} cannot be parameters of a function: two are the"
            " same for Python, or one is run, which is the run itself"
        )
    known = {n for n, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    name = getattr(train, "__name__", repr(train))
    for hyperparameter in sorted(given - known):
        if not takes_any:
            near = difflib.get_close_matches(hyperparameter, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ConfigError(f"space: {name} has no parameter {hyperparameter!r}{hint}")
    needed = {
        n for n in known - given - {"run"} if parameters[n].default is inspect.Parameter.empty
    }
    if needed:
        hint = "" if "run" in known else "; a parameter called run is given the run"
        raise ConfigError(
            f"space: {name} needs {', '.join(sorted(needed))}, which is not in it{hint}"
        )


def _parameters(train: Train) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(train).parameters
    except (TypeError, ValueError) as error:
        raise ConfigError(f"train: expected a function, got {train!r} ({error})") from None


def _to_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")
