"""From the file of a sweep job to a sweep that is kept."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sweep.engine.continuation import remember
from sweep.engine.fetch import fetched
from sweep.engine.needs import OWN_PYTHON, has_packages
from sweep.engine.program import interpreter_of
from sweep.engine.submit import Submission
from sweep.engine.targets import LOCAL_WORDS
from sweep.errors import ConfigError
from sweep.formats.environment import Environment, PythonSection
from sweep.formats.references import VARIABLES, Reference, filled
from sweep.formats.runconfig import RunConfiguration
from sweep.formats.text import is_file
from sweep.formats.v2 import JobFile, read_job
from sweep.storage.workspace import SweepFolder, WorkspaceFolder

NO_CODE = "no-code"
"""The folder of a workspace, empty, of which trials without code get a copy."""


def submission_of(
    job: JobFile,
    workspace: WorkspaceFolder,
    warn: Callable[[str], None],
    *,
    experiment: str,
    more: Mapping[str, Any],
) -> Submission:
    """Return what is to be swept.

    Args:
        job: the file, with what the command line has set otherwise.
        workspace: where the sweep will be kept.
        warn: told what the user should know.
        experiment: where the file names none.
        more: of a `Submission`, besides; `target`, and whether to `ignore_environment`. A
            `cluster` wins over any target.

    Raises:
        UserError: an input cannot be had, or the job cannot be called so.
    """
    if job.name.isdecimal() or SweepFolder(job.name, Path()).is_lone_run:
        what = "a run's number" if job.name.isdecimal() else "a lone run's id"
        raise ConfigError(f"name: {job.name!r} has the form of {what}")
    inputs = {name: fetched(one, workspace) for name, one in job.inputs.items()}
    target = str(more.get("target") or job.compute)
    cluster = more.get("cluster")
    away = cluster["address"] if cluster else target
    if away not in LOCAL_WORDS and any(one.kind == "path" for one in inputs.values()):
        warn(f"inputs are passed as paths of this machine: the nodes of {away} must see them")
    texts = {name: one.text for name, one in inputs.items()}
    environment = Environment() if more.get("ignore_environment") else _environment(job)
    configuration = RunConfiguration(
        command=_command(job, texts, environment),
        target="local" if cluster else target,
        environment=environment,
        environment_variables={
            **{VARIABLES["inputs"] + name: text for name, text in texts.items()},
            **job.trial.environment_variables,
        },
    )
    own = ("target", "ignore_environment")
    given = {name: value for name, value in more.items() if name not in own and value is not None}
    return Submission(
        definition=job.definition,
        configuration=configuration,
        source=job.trial.code or _no_code(workspace),
        experiment=job.experiment or experiment,
        sweep_id=job.name,
        tags=tuple(job.tags.items()),
        hdconfig=_remembered(job.path),
        warm_start=given.pop("warm_start", None) or job.trial.warm_start,
        metrics=job.trial.metrics,
        job={**job.about, "command": job.trial.command.text, "outputs": [*job.outputs]},
        **{"cpus_per_run": job.cpus or 1, "gpus_per_run": job.gpus or 0, **given},
    )


def _command(job: JobFile, inputs: Mapping[str, str], environment: Environment) -> tuple[str, ...]:
    """Return the words, with inputs in place; only what each trial has for itself is left open."""
    command = job.trial.command

    def text(reference: Reference) -> str:
        return inputs[reference.name] if reference.group == "inputs" else str(reference)

    words = [filled(word, text) for word in command.words]
    configuration = RunConfiguration(environment=environment)
    if command.shell and not has_packages(configuration):
        # As in an environment that has been activated; where it is not there, it does no harm.
        folder = shlex.quote(str(Path(interpreter_of(configuration)).parent))
        words[2] = f'export PATH={folder}:"$PATH"\n{words[2]}'
    elif words[0] in OWN_PYTHON:
        words[0] = interpreter_of(configuration)
    return tuple(words)


def _environment(job: JobFile) -> Environment:
    """Return the environment of an inline definition with a file for conda; else none."""
    asked = job.trial.environment
    file = asked.get("conda_file") if isinstance(asked, Mapping) else None
    if not isinstance(file, str):
        return Environment()
    place = (job.path.parent / file).absolute()
    if not is_file(place):
        raise ConfigError(f"{job.path}: trial.environment.conda_file: there is no {str(place)!r}")
    python = PythonSection(conda_dependencies_file=str(place))
    return Environment(python=replace(python, conda_file=place))


def _no_code(workspace: WorkspaceFolder) -> Path:
    place = workspace.path / NO_CODE
    place.mkdir(exist_ok=True)
    return place


def _remembered(path: Path) -> dict[str, Any] | None:
    """Return what is kept of the file, as it is by itself; None where it is not whole so."""
    try:
        return remember(path, read_job(path).definition)
    except ConfigError:
        return None


def experiment_of(job: JobFile) -> str:
    """Return the name of the experiment that the file's folder stands for."""
    name = "".join(
        c if c.isascii() and (c.isalnum() or c in "_-") else "_"
        for c in job.path.absolute().parent.name
    )
    return name.lstrip("_-") or "sweep"
