"""Making a sweep: everything is checked and kept before anything runs."""

from __future__ import annotations

import difflib
import math
import os
import platform
import secrets
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import sweep
from samplers import Sampling
from sweep.compute.resources import Resources, of_this_machine
from sweep.core.definition import SweepDefinition
from sweep.core.single import Single
from sweep.engine.engine import GRACE
from sweep.engine.template import ScriptTemplate, interpreter_argv
from sweep.errors import ConfigError, UserError
from sweep.formats.arguments import Style, strip_fixed, text_of
from sweep.formats.runconfig import RunConfiguration
from sweep.storage import git, snapshot
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.workspace import SweepFolder, WorkspaceFolder

LOCAL_WORDS = ("local", "", "localhost")


@dataclass(frozen=True, slots=True)
class Submission:
    """What is to be swept, and how each run is executed.

    Attributes:
        definition: the sweep; a lone run has `Single` sampling.
        configuration: of each run; its script or command is set.
        source: the directory that becomes the snapshot.
        experiment: the name that groups sweeps.
        argument_style: see `sweep.formats.arguments.render`.
        cpus_per_run, gpus_per_run: what one run takes.
        grace: seconds between asking a run to end and making it.
        sweep_id: the id of the sweep; made up when empty.
        tags: attached to the sweep.
        strict_snapshot: leave nothing out of the snapshot but what the ignore file names.
    """

    definition: SweepDefinition
    configuration: RunConfiguration
    source: Path
    experiment: str
    argument_style: Style = "space"
    cpus_per_run: float = 1
    gpus_per_run: float = 0
    grace: float = GRACE
    sweep_id: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    strict_snapshot: bool = False


def create(
    workspace: WorkspaceFolder, submission: Submission, warn: Callable[[str], None]
) -> SweepFolder:
    """Check a sweep, take its snapshot, and keep it, ready to be worked on.

    Args:
        workspace: where it is kept.
        submission: the sweep.
        warn: told what the user should know.

    Raises:
        UserError: it can never run; nothing has been kept.
    """
    submission = _with_limits(submission)
    resources = resources_for(submission.cpus_per_run, submission.gpus_per_run, submission.grace)
    _check_target(submission.configuration)
    for text in without_effect(submission.configuration):
        warn(text)
    command = command_of(submission.configuration, submission.source)
    arguments = _arguments(submission, warn)
    shot = _snapshot(workspace, submission, warn)
    template = ScriptTemplate(
        command=command,
        arguments=arguments,
        environment_variables=_variables(submission.configuration),
        tree=str(shot.tree),
        argument_style=submission.argument_style,
        pass_arguments=not submission.configuration.command,
        threads=max(1, int(submission.cpus_per_run)),
    )
    return keep(
        workspace,
        submission.definition,
        submission.experiment,
        {
            "template": template.to_json(),
            "resources": asdict(resources),
            "grace": submission.grace,
            "source": str(submission.source.resolve()),
            "snapshot": {"id": shot.id, "files": shot.files, "size": shot.size},
        },
        identity=submission.sweep_id,
        tags=submission.tags,
    )


def keep(
    workspace: WorkspaceFolder,
    definition: SweepDefinition,
    experiment: str,
    about: Mapping[str, Any],
    *,
    identity: str = "",
    tags: Sequence[tuple[str, str]] = (),
) -> SweepFolder:
    """Write a sweep into its workspace: its definition, `about` and what git says.

    Raises:
        WorkspaceError: the experiment cannot be named so, or there is a sweep of that id.
    """
    rows: list[tuple[int, str, str, str | None]] = [(-1, "tag", k, str(v)) for k, v in tags]
    rows += [(-1, "property", k, v) for k, v in git.properties(Path(about["source"])).items()]
    facts = {
        **about,
        "definition": definition.to_wire(),
        "experiment": experiment,
        "created": time.time(),
        "versions": versions(),
        "status": ["NotStarted", ""],
    }
    workspace.add_experiment(experiment)
    folder = workspace.add_sweep(identity or _new_identity(definition, experiment), experiment)
    try:
        journal = SqliteJournal(folder.database, definition.goal)
        journal.write(Batch(sweep=facts, tags=rows))
        journal.close()
    except BaseException:  # a sweep is kept whole or not at all
        shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return folder


def resources_for(cpus_per_run: float, gpus_per_run: float, grace: float) -> Resources:
    """Return what there is here, and what one run takes of it.

    Raises:
        UserError: it can never be had, or is no number.
    """
    named = {"cpus_per_run": cpus_per_run, "gpus_per_run": gpus_per_run, "grace": grace}
    for name, value in named.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0 <= value < math.inf:
            raise ConfigError(f"{name}: expected a number >= 0, got {value!r}")
    resources = of_this_machine(cpus_per_run, gpus_per_run)
    resources.check()
    return resources


def _snapshot(
    workspace: WorkspaceFolder, submission: Submission, warn: Callable[[str], None]
) -> snapshot.Snapshot:
    """Take the snapshot, and see to it that the script is in it."""
    source, configuration = submission.source, submission.configuration
    shot = snapshot.take(source, workspace.snapshots, strict=submission.strict_snapshot)
    for warning in shot.warnings:
        warn(warning)
    script = "" if configuration.command else _script(configuration, source)
    if not (shot.tree / script).exists():
        raise UserError(
            f"{script} is left out of the snapshot, so no run would find it: look into .amlignore"
            " or .gitignore"
        )
    return shot


def versions() -> dict[str, str]:
    """Return the versions that a sweep's results may depend on."""
    return {"hypersweep": sweep.__version__, "python": platform.python_version()}


def command_of(configuration: RunConfiguration, source: Path) -> list[str]:
    """Return what a run executes: the interpreter and the script, or the command.

    Raises:
        UserError: there is neither, or no such script.
    """
    if not source.is_dir():
        raise UserError(f"{source}: there is no such folder")
    if configuration.command:
        if isinstance(configuration.command, str):
            raise UserError("a command for a shell is not run: give a list, or name a script")
        return list(configuration.command)
    script = _script(configuration, source)
    return interpreter_argv(_interpreter(configuration), script, source)


def _script(configuration: RunConfiguration, source: Path) -> str:
    """Return the script relative to the source directory."""
    script = configuration.script
    if not script:
        raise UserError("no script: name one on the command line or in the run configuration")
    if (source / script).is_dir():
        raise UserError(f"{script} is a folder, not a script")
    if not (source / script).is_file():
        there = sorted(p.relative_to(source).as_posix() for p in source.glob("*.py"))
        near = difflib.get_close_matches(script, there, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(f"{script}: there is no such script in {source.resolve()}{hint}")
    relative = os.path.relpath(source / script, source)
    if Path(relative).parts[0] == "..":
        raise UserError(
            f"{script} is not in {source.resolve()}, of which every run gets a copy: name"
            " another source directory"
        )
    return relative


def without_effect(configuration: RunConfiguration) -> Iterator[str]:
    """Yield what a run configuration asks for and is not done here."""
    environment, python = configuration.environment, configuration.environment.python
    if not python.user_managed_dependencies and (
        python.conda_dependencies or python.conda_dependencies_file
    ):
        yield (
            "the run configuration's packages are not installed: runs use"
            f" {_interpreter(configuration)} and what it has"
        )
    if configuration.docker.get("useDocker") or environment.docker.get("enabled"):
        yield "the run configuration's Docker image is not used: runs are plain processes"
    if configuration.node_count > 1:
        yield f"nodeCount {configuration.node_count} has no effect: a run has one node"
    if configuration.data_references or configuration.extra.get("data"):
        yield "the run configuration's data references are not fetched: pass a path to the script"


def _interpreter(configuration: RunConfiguration) -> str:
    named = configuration.environment.python.interpreter_path
    if named in ("", "python", "python3"):
        return sys.executable
    found = shutil.which(named)
    if found is None:
        raise UserError(f"interpreterPath: there is no program {named!r}")
    return str(Path(found).absolute())


def _with_limits(submission: Submission) -> Submission:
    """Give the sweep a seed, and the run configuration's bound on the time of a run."""
    definition = submission.definition
    sampling, limits = seeded(definition.sampling), definition.limits
    if limits.run_seconds is None:
        seconds = submission.configuration.max_run_duration_seconds
        limits = replace(limits, run_seconds=seconds)
    return replace(submission, definition=replace(definition, sampling=sampling, limits=limits))


def seeded(sampling: Sampling) -> Sampling:
    """Return a sampling with a seed: its own, or one that is drawn now and recorded."""
    return sampling if sampling.seed is not None else sampling.seeded(secrets.randbits(32))


def _arguments(submission: Submission, warn: Callable[[str], None]) -> list[str]:
    fixed = [text_of(argument) for argument in submission.configuration.arguments]
    if isinstance(submission.definition.sampling, Single):
        return fixed
    space = submission.definition.sampling.space
    # Of every branch, also of those that will not be taken.
    kept, removed = strip_fixed(fixed, space.flags)
    if removed:
        warn(
            f"the fixed arguments {' '.join(removed)} are swept as well: they are left out, and"
            " every run gets its own value"
        )
    return kept


def _variables(configuration: RunConfiguration) -> dict[str, str]:
    of_environment = configuration.environment.environment_variables
    both = {**of_environment, **configuration.environment_variables}
    return {name: str(value) for name, value in both.items()}


def _check_target(configuration: RunConfiguration) -> None:
    if configuration.target not in LOCAL_WORDS:
        raise ConfigError(
            f"target {configuration.target!r}: there is no such compute target; there is: local"
        )


def _new_identity(definition: SweepDefinition, experiment: str) -> str:
    if isinstance(definition.sampling, Single):
        if experiment.startswith("HD_"):  # by that the ids of sweeps are known
            experiment = f"run_{experiment}"
        return f"{experiment}_{int(time.time())}_{secrets.token_hex(4)}"
    return f"HD_{uuid.uuid4()}"
