"""From files and options to a sweep that is kept, and on to its end."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from policies import Goal
from sweep.cli.options import find_sweep, find_workspace, warn, workspace_to_write
from sweep.core.definition import Limits, SweepDefinition
from sweep.core.single import Single
from sweep.engine.ancestors import Ancestors
from sweep.engine.continuation import remember
from sweep.engine.submit import Submission, create, placed
from sweep.errors import UserError
from sweep.formats.hdconfig import HdConfig, read_hdconfig
from sweep.formats.lookup import find_hdconfig
from sweep.formats.runconfig import RunConfiguration, find_runconfig, read_runconfig

AZUREML_COMPAT = "SWEEP_AZUREML_COMPAT"
"""Says in a run whether what stands in for azureml is to do so; see `sweep.compat`."""


def submit_sweep(**options: Any) -> None:
    """Read the files, keep the sweep, work on it, and exit with its exit code.

    Takes what `read_submission` takes.

    Raises:
        SweepError: anything is wrong; nothing has been launched.
    """
    _work(read_submission(**options), options["options"])


def read_submission(
    *,
    hdconfig: str,
    script: str | None,
    source: Path,
    experiment: str,
    runconfig: str | None,
    options: Mapping[str, Any],
) -> Submission:
    """Read the files of a sweep; nothing is kept.

    Raises:
        SweepError: anything is wrong.
    """
    path = find_hdconfig(hdconfig, source)
    read = read_hdconfig(path)
    for problem in read.warnings:
        warn(str(problem))
    definition = _overridden(read, options)
    return Submission(
        definition=definition,
        configuration=_configuration(runconfig, source, script, options),
        source=source,
        experiment=experiment,
        argument_style=read.argument_style,
        hdconfig=remember(path, read.definition),
        warm_start=options.get("warm_start") or read.warm_start,
        metrics=read.metrics,
        ancestors=_ancestors(options),
        **_resources(options),
    )


def submit_script(
    *,
    script: str | None,
    source: Path,
    experiment: str,
    runconfig: str | None,
    options: Mapping[str, Any],
) -> None:
    """Keep a lone run, work on it, and exit with its exit code.

    Raises:
        SweepError: anything is wrong; nothing has been launched.
    """
    limits = Limits(runs=1, concurrent=1)
    submission = Submission(
        definition=SweepDefinition(Single(), "", Goal.MAXIMIZE, limits),
        configuration=_configuration(runconfig, source, script, options),
        source=source,
        experiment=experiment,
        **_resources(options),
    )
    _work(submission, options)


def _overridden(read: HdConfig, options: Mapping[str, Any]) -> SweepDefinition:
    """Let options of the command line win over the file."""
    definition, limits = read.definition, read.definition.limits
    if runs := options.get("max_total_runs"):
        limits = replace(limits, runs=runs, concurrent=min(limits.concurrent, runs))
    if concurrent := options.get("max_concurrent_runs"):
        limits = replace(limits, concurrent=min(concurrent, limits.runs))
    sampling = definition.sampling
    if (seed := options.get("seed")) is not None:
        sampling = sampling.seeded(seed)
    return replace(definition, limits=limits, sampling=sampling)


def _configuration(
    name: str | None, source: Path, script: str | None, options: Mapping[str, Any]
) -> RunConfiguration:
    """Read the run configuration, and let the command line win over it.

    Words on the command line replace the file's: the first is the script, the rest are all of
    its arguments.
    """
    configuration = RunConfiguration()
    if name:
        configuration = read_runconfig(find_runconfig(options.get("path") or source, name))
        for problem in configuration.warnings:
            warn(str(problem))
    if script:
        configuration = replace(configuration, script=script, command="")
    if options.get("arguments"):
        configuration = replace(configuration, arguments=tuple(options["arguments"]))
    if options.get("target"):
        configuration = replace(configuration, target=options["target"])
    if file := options.get("conda_dependencies"):
        configuration = _with_packages(configuration, Path(file), source)
    configuration = with_compat(configuration, options)
    if options.get("ignore_environment"):
        configuration = configuration.without_environment()
    return configuration


def with_compat(configuration: RunConfiguration, options: Mapping[str, Any]) -> RunConfiguration:
    """Return a configuration with what `--azureml-compat` says."""
    if (compat := options.get("azureml_compat", "auto")) == "auto":
        return configuration
    variables = {**configuration.environment_variables, AZUREML_COMPAT: compat}
    return replace(configuration, environment_variables=variables)


def _with_packages(configuration: RunConfiguration, file: Path, source: Path) -> RunConfiguration:
    """Return a configuration with the packages of a file, here or in the project."""
    found = file if file.is_file() else source / file
    if not found.is_file():
        raise UserError(f"--conda-dependencies: there is no file {str(file)!r}")
    around = configuration.environment
    if around.python.user_managed_dependencies:
        warn("--conda-dependencies has no effect: userManagedDependencies is true")
    python = replace(
        around.python,
        conda_dependencies=None,
        conda_dependencies_file=str(file),
        conda_file=found,
    )
    return replace(configuration, environment=replace(around, python=python))


def _ancestors(options: Mapping[str, Any]) -> Ancestors:
    """Return the earlier sweeps, and their runs, that the options name."""
    where = options.get("workspace")
    parents = [find_sweep(where, name) for name in _words(options["resume_from"])]
    children = _words(options["resume_child_runs"])
    return Ancestors(parents, [find_workspace(where).run(name) for name in children])


def _words(given: Iterable[str]) -> list[str]:
    """Return what an option names, once or several with commas, each time it is given."""
    return [word for text in given for word in text.split(",") if word]


def _resources(options: Mapping[str, Any]) -> dict[str, Any]:
    names = ("cpus_per_run", "gpus_per_run", "grace", "outputs_quota", "strict_snapshot")
    found = {name: options[name] for name in names if name in options}
    if (cluster := existing_cluster(options)) is not None:
        found["cluster"] = cluster
    return found


def existing_cluster(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the cluster that `--ray-address` names, if it does.

    Raises:
        UserError: a target is named as well.
    """
    address = options.get("ray_address")
    if not address:
        return None
    if options.get("target"):
        raise UserError("give either --target or --ray-address, not both")
    allowed = options["allow_unauthenticated_ray"]
    return {"kind": "existing", "address": address, "allow_unauthenticated": allowed}


def _work(submission: Submission, options: Mapping[str, Any]) -> None:
    from sweep.cli.work import in_background, work_on  # noqa: PLC0415 - only when all is well
    from sweep.engine.check_script import surely_wrong  # noqa: PLC0415 - not for other commands

    output = options.get("output_metadata_file")
    if output and options["background"]:
        raise UserError("--output-metadata-file needs the end of the sweep: leave out --async")
    if output and not output.absolute().parent.is_dir():
        raise UserError(f"--output-metadata-file: there is no folder {str(output.parent)!r}")
    named = submission.configuration.target
    if submission.cluster is not None and named != "local":
        warn(f"--ray-address wins over the run configuration's target {named!r}")
    workspace = workspace_to_write(options.get("workspace"))
    submission = placed(workspace, submission)
    for text in surely_wrong(submission):
        warn(text)
    folder = create(workspace, submission, warn)
    if options["background"]:
        in_background(folder)
        return
    sys.exit(
        work_on(
            folder,
            quiet=options["quiet"],
            as_json=options["as_json"],
            output=output,
        )
    )
