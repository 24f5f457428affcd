"""From the file of a sweep job and options to what is to be swept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sweep.cli.options import warn
from sweep.cli.submission import existing_cluster, with_compat
from sweep.engine.job import experiment_of, submission_of
from sweep.engine.submit import Submission, placed
from sweep.engine.targets import LOCAL_WORDS
from sweep.formats.located import Node
from sweep.formats.lookup import find_hdconfig
from sweep.formats.overrides import overrides_of
from sweep.formats.v2 import JobFile, read_job
from sweep.storage.workspace import WorkspaceFolder

OF_A_SUBMISSION = (
    *("target", "cpus_per_run", "gpus_per_run", "grace", "outputs_quota", "warm_start"),
    *("strict_snapshot", "ignore_environment"),
)


def read_job_file(name: str, sets: Iterable[str], entries: Mapping[str, str | None]) -> JobFile:
    """Read a sweep job, and tell what it warns of.

    Args:
        name: of the file.
        sets: other values, as `--set` has them.
        entries: others, by their paths; None and empty ones stay the file's.

    Raises:
        ConfigError: anything is wrong.
    """
    overrides = overrides_of(list(sets))
    overrides.update({path: Node(value, 0, 0) for path, value in entries.items() if value})
    read = read_job(find_hdconfig(name), overrides)
    for problem in read.warnings:
        warn(str(problem))
    return read


def submission_from(
    job: JobFile, workspace: WorkspaceFolder, options: Mapping[str, Any]
) -> Submission:
    """Return what is to be swept, with options of the command line before the file's entries.

    Args:
        job: the file.
        workspace: where inputs are kept, and compute targets are registered.
        options: by their names; None for what is not given.

    Raises:
        SweepError: anything is wrong; no sweep has been kept.
    """
    more = {name: options.get(name) for name in OF_A_SUBMISSION}
    cluster = existing_cluster(options)
    if cluster is not None:
        more["cluster"] = cluster
        if job.compute not in LOCAL_WORDS:
            warn(f"--ray-address wins over the job's compute {job.compute!r}")
    submission = submission_of(job, workspace, warn, experiment=experiment_of(job), more=more)
    configuration = with_compat(submission.configuration, options)
    return placed(workspace, replace(submission, configuration=configuration))
