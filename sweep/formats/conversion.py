"""From what a file says to a sweep apart from its format, and on to another format."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from samplers import SpaceError, SpaceWarning
from sweep.core.definition import SweepDefinition
from sweep.errors import ConfigError
from sweep.formats import guidance
from sweep.formats.arguments import Style, flag_of
from sweep.formats.hdconfig import HdConfig
from sweep.formats.portable import (
    PYTHON,
    Portable,
    every_name,
    parameters_of,
    passed_names,
    passing_of,
    renamed,
)
from sweep.formats.references import Reference
from sweep.formats.v2 import JobFile


def with_names(definition: SweepDefinition, names: Mapping[str, str]) -> SweepDefinition:
    """Return a definition with other names for its parameters, those in branches too.

    Raises:
        ConfigError: two of them would have one name.
    """
    wire = definition.to_wire()
    space = wire["generator_config"]["parameter_space"]
    other = {names.get(name, name): renamed(one, names) for name, one in space.items()}
    if len(other) < len(space):
        raise ConfigError("two parameters are passed as the same option")
    generator = {**wire["generator_config"], "parameter_space": other}
    if "properties" in generator:
        generator["properties"] = guidance.with_names(generator["properties"], names)
    try:
        with warnings.catch_warnings():  # what they say was said when the file was read
            warnings.simplefilter("ignore", SpaceWarning)
            return SweepDefinition.from_wire({**wire, "generator_config": generator})
    except SpaceError as error:
        raise ConfigError(str(error)) from None


def from_hdconfig(
    read: HdConfig, script: str = "", arguments: Sequence[str] = (), code: str = "."
) -> Portable:
    """Return the sweep of an hdconfig with the script that it is for."""
    return Portable(
        read.definition,
        script,
        tuple(arguments),
        code,
        read.argument_style,
        read.warm_start,
        read.metrics,
    )


def from_job(job: JobFile) -> Portable:
    """Return the sweep of a sweep job, as far as a script and its options can say it."""
    places = {Reference("inputs", name): one.text for name, one in job.inputs.items()}
    places |= {Reference("outputs", name): f"outputs/{name}" for name in job.outputs}
    script, rest, lost = _script(job)
    passing = passing_of(rest, places)
    parameters = parameters_of(job.definition)
    passed = passed_names(parameters)
    lost += [*passing.lost, *_others(job)]
    if script:
        lost += [
            f"{name} is passed as {flag_of(name)}, and not in the environment alone"
            for name in passed
            if name not in passing.flags
        ]
    flags = {name: passing.flags.get(name, flag_of(name)) for name in every_name(parameters)}
    style: Style = "equals" if passing.styles == {"equals"} else "space"
    if len(passing.styles) > 1:
        lost.append("options are all written alike: --name VALUE")
    return Portable(
        with_names(job.definition, flags),
        script,
        tuple(passing.fixed),
        _code(job),
        style,
        job.trial.warm_start,
        job.trial.metrics,
        lost=tuple(dict.fromkeys(lost)),
    )


def _script(job: JobFile) -> tuple[str, Sequence[str], list[str]]:
    """Return the script, the words behind it, and what is to be said of other commands."""
    words, command = job.trial.command.words, job.trial.command
    if command.shell:
        return "", (), [f"the command is for a shell: {command.text!r}"]
    if len(words) > 1 and words[0] in PYTHON and not words[1].startswith("-"):
        return words[1], words[2:], []
    if words and words[0].startswith("./"):
        return words[0].removeprefix("./"), words[1:], []
    return "", (), [f"the command runs no script: {command.text!r}"]


def _others(job: JobFile) -> list[str]:
    """Return what of a job has no place in other formats."""
    found = [
        f"{name} is passed as outputs/{name}, in the folder of each run" for name in job.outputs
    ]
    if job.trial.environment_variables:
        names = ", ".join(job.trial.environment_variables)
        found.append(f"environment variables belong into a run configuration: {names}")
    if job.compute != "local":
        found.append(f"the compute target is an option: --target {job.compute}")
    if job.cpus or job.gpus:
        found.append("what a run takes is an option: --cpus-per-run, --gpus-per-run")
    about = {"name": job.name, "tags": job.tags, **job.about}
    if names := ", ".join(key for key, value in about.items() if value):
        found.append(f"only a sweep job has {names}")
    return found


def _code(job: JobFile) -> str:
    """Return the source directory relative to the file's folder, where it is below it."""
    if job.trial.code is None:
        return "."
    beside = job.path.absolute().parent
    code = Path(str(job.trial.code)).absolute()
    return code.relative_to(beside).as_posix() if code.is_relative_to(beside) else str(code)


def as_job(sweep: Portable) -> Portable:
    """Return a sweep that can be written as a job.

    Raises:
        ConfigError: nothing is known of what its runs execute.
    """
    if not sweep.script and "command" not in sweep.extra.get("trial", {}):
        raise ConfigError(
            "a sweep job has the command of its trials: name the script, and its arguments, behind"
            " the file"
        )
    return sweep
