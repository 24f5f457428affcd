"""Making a sweep: everything is checked and kept before anything runs."""

from __future__ import annotations

import math
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from samplers import Sampling
from sweep.compute.kinds import cluster_of
from sweep.compute.resources import Resources, of_this_machine
from sweep.core.definition import SweepDefinition
from sweep.core.single import Single
from sweep.engine import warm_start
from sweep.engine.ancestors import NOBODY, Ancestors
from sweep.engine.continuation import space_of
from sweep.engine.distribution import check_nodes, distribution_of
from sweep.engine.engine import GRACE
from sweep.engine.identity import new_identity
from sweep.engine.needs import provided
from sweep.engine.program import command_of, script_of, without_effect
from sweep.engine.refusing import importable
from sweep.engine.surroundings import surroundings, versions
from sweep.engine.targets import cluster_for
from sweep.engine.template import ScriptTemplate
from sweep.errors import ConfigError, UserError
from sweep.formats.arguments import Style, strip_fixed, text_of
from sweep.formats.runconfig import RunConfiguration
from sweep.storage import git, snapshot
from sweep.storage.journal import Batch, SqliteJournal
from sweep.storage.private import enclose
from sweep.storage.workspace import SweepFolder, WorkspaceFolder


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
        hdconfig: the sweep's file, as `remember` gives it.
        cluster: what `cluster_of` takes; None: the target that the configuration names.
        outputs_quota: bytes that a run may write into its folder; None for no bound.
        strict_snapshot: leave nothing out of the snapshot but what the ignore file names.
        warm_start: what runs are forked with, see `sweep.engine.warm_start.modules`; None: they
            are started one by one.
        metrics: what of runs' metrics is found in their output, see `sweep.compute.overheard`.
        ancestors: earlier sweeps that this one learns from.
        job: what a sweep job's file says beside that, a JSON value with the names of `outputs`;
            its command has references. None where there is no such file.
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
    hdconfig: Mapping[str, Any] | None = None
    cluster: Mapping[str, Any] | None = None
    outputs_quota: int | None = None
    strict_snapshot: bool = False
    warm_start: str | Sequence[str] | None = None
    metrics: Mapping[str, Any] | None = None
    ancestors: Ancestors = NOBODY
    job: Mapping[str, Any] | None = None


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
    submission = placed(workspace, _with_limits(submission))
    resources = _resources(submission)
    submission.ancestors.check(submission.definition)
    here = submission.cluster is None
    configuration, needs = provided(submission.configuration, submission.source, here=here)
    template = _template(replace(submission, configuration=configuration), needs, warn)
    shot = _snapshot(workspace, submission, warn)
    template, secrets = replace(template, tree=str(shot.tree)).without_secrets()
    return keep(
        workspace,
        submission.definition,
        submission.experiment,
        {
            "template": template.to_json(),
            "resources": asdict(resources),
            "grace": submission.grace,
            "hdconfig": submission.hdconfig,
            "job": submission.job,
            "cluster": submission.cluster,
            "prior": submission.ancestors.kept(),
            "strict_snapshot": submission.strict_snapshot,
            "source": str(submission.source.resolve()),
            "snapshot": {"id": shot.id, "files": shot.files, "size": shot.size},
            "refusing": importable(submission.definition, submission.source, shot.tree),
        },
        identity=submission.sweep_id,
        tags=submission.tags,
        secrets=secrets,
    )


def _template(
    submission: Submission, needs: Mapping[str, Any] | None, warn: Callable[[str], None]
) -> ScriptTemplate:
    """Return what each run executes, checked; its snapshot is still to come."""
    configuration, space = submission.configuration, space_of(submission.definition)
    command = command_of(configuration, submission.source, here=submission.cluster is None)
    unseen = () if submission.job or space is None else sorted(space.flags)  # a job's are checked
    for text in without_effect(configuration, unseen):
        warn(text)
    template = ScriptTemplate(
        command=command,
        arguments=_arguments(submission, warn),
        environment_variables=_variables(configuration),
        argument_style=submission.argument_style,
        pass_arguments=not configuration.command,
        threads=max(1, int(submission.cpus_per_run)),
        outputs_bytes=submission.outputs_quota,
        warm=_warm(submission, command),
        metrics=submission.metrics,
        earlier=submission.ancestors.outputs(),
        needs=needs,
        trial=submission.job and {"outputs": [*submission.job.get("outputs", ())]},
    )
    template.check(space)
    return template


def keep(  # noqa: PLR0913 - what is kept of a sweep
    workspace: WorkspaceFolder,
    definition: SweepDefinition,
    experiment: str,
    about: Mapping[str, Any],
    *,
    identity: str = "",
    tags: Sequence[tuple[str, str]] = (),
    secrets: Mapping[str, Any] | None = None,
) -> SweepFolder:
    """Write a sweep into its workspace: its definition, `about` and what git says.

    `secrets` go into a file of their own, which nothing but a launch looks into.

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
        "environments": [[0.0, surroundings(about.get("template", {}), about.get("cluster"))]],
        "status": ["NotStarted", ""],
    }
    workspace.add_experiment(experiment)
    folder = workspace.add_sweep(identity or new_identity(definition, experiment), experiment)
    try:
        enclose(folder, secrets or {})
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


def _resources(submission: Submission) -> Resources:
    cpus, gpus, grace = submission.cpus_per_run, submission.gpus_per_run, submission.grace
    nodes = distribution_of(submission.configuration).nodes
    if submission.cluster is None:
        check_nodes(nodes, None, None)
        return resources_for(cpus, gpus, grace)
    cluster = cluster_of(submission.cluster)
    assert cluster is not None
    cluster.check()
    check_nodes(nodes, submission.cluster, cluster)
    return Resources(0, 0, cpus, gpus, nodes)


def _warm(submission: Submission, command: Sequence[str]) -> list[str] | None:
    asked = submission.warm_start
    if asked is not None and distribution_of(submission.configuration).processes > 1:
        raise ConfigError("warm_start: not for runs of several processes on a node")
    return None if asked is None else warm_start.modules(asked, command, submission.source)


def _snapshot(
    workspace: WorkspaceFolder, submission: Submission, warn: Callable[[str], None]
) -> snapshot.Snapshot:
    """Take the snapshot, and see to it that the script is in it."""
    source, configuration = submission.source, submission.configuration
    shot = snapshot.take(source, workspace.snapshots, strict=submission.strict_snapshot)
    for warning in shot.warnings:
        warn(warning)
    script = "" if configuration.command else script_of(configuration, source)
    if not (shot.tree / script).exists():
        raise UserError(
            f"{script} is left out of the snapshot, so no run would find it: look into .amlignore"
            " or .gitignore"
        )
    return shot


def _with_limits(submission: Submission) -> Submission:
    """Give the sweep a seed, and the run configuration's bound on the time of a run."""
    definition = submission.definition
    sampling, limits = seeded(definition.sampling), definition.limits
    if limits.run_seconds is None:
        limits = replace(limits, run_seconds=submission.configuration.max_run_duration_seconds)
    return replace(submission, definition=replace(definition, sampling=sampling, limits=limits))


def seeded(sampling: Sampling) -> Sampling:
    """Return a sampling with a seed: its own, or one that is drawn now and recorded."""
    return sampling if sampling.seed is not None else sampling.seeded(secrets.randbits(32))


def _arguments(submission: Submission, warn: Callable[[str], None]) -> list[str]:
    fixed = [text_of(argument) for argument in submission.configuration.arguments]
    space = space_of(submission.definition)
    if space is None:
        return fixed
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


def placed(workspace: WorkspaceFolder, submission: Submission) -> Submission:
    """Give the sweep the cluster of its target, unless it has one."""
    if submission.cluster is not None:
        return submission
    lone = isinstance(submission.definition.sampling, Single)
    cluster = cluster_for(
        workspace, submission.configuration, lone=lone, cpus=submission.cpus_per_run
    )
    return replace(submission, cluster=cluster)
