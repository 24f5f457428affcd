"""From the name of a compute target to the cluster on which a sweep's runs execute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sweep.compute.kinds import cluster_of
from sweep.core.words import counted
from sweep.engine.target_pools import amlcompute
from sweep.errors import ComputeTargetException, ResourceError, SweepError, UserError
from sweep.formats.runconfig import RunConfiguration
from sweep.storage.reader import SweepReader
from sweep.storage.targets import FOLDER, TargetEntry, TargetRegistry
from sweep.storage.workspace import SweepFolder, WorkspaceFolder

LOCAL_WORDS = ("local", "", "localhost")
RUN_BASED = "amlcompute"
"""The target of a run that has a pool of its own."""


def cluster_for(
    workspace: WorkspaceFolder, configuration: RunConfiguration, *, lone: bool, cpus: float
) -> Mapping[str, Any] | None:
    """Return what `cluster_of` takes for the target of a run configuration; None for this machine.

    Args:
        workspace: in which targets are registered.
        configuration: it names the target.
        lone: it is one run, and no hyperparameter sweep.
        cpus: that one run takes.

    Raises:
        ComputeTargetException: there is no such target, or no run can execute on it.
        ResourceError: a run takes more than one of its nodes has.
    """
    name = configuration.target
    if name in LOCAL_WORDS:
        return None
    if name == RUN_BASED:
        return _run_based(workspace, configuration, lone=lone)
    try:
        entry = TargetRegistry(workspace).get(name)
    except ComputeTargetException as error:
        raise ComputeTargetException(f"target {name!r}: {error}") from None
    if entry.cluster is None:
        raise ComputeTargetException(
            f"target {name!r} is a description of kind {entry.kind}: apply what `sweep"
            f" computetarget create {entry.kind} -n {name} --dry-run` prints, then attach the Ray"
            " cluster that comes of it: `sweep computetarget attach existing`"
        )
    if entry.state == "Failed":
        raise ComputeTargetException(f"target {name!r} could not be provisioned: {entry.error}")
    cluster_in(entry)
    there = entry.cluster.get("cpus_per_node", cpus)
    if cpus > there:
        raise ResourceError(
            f"one run asks for {counted(cpus, 'CPU')} and a node of {name} has {there:g}"
        )
    return {**entry.cluster, "target": name}


def cluster_in(entry: TargetEntry) -> Any:
    """Return the cluster of a target; None where no run can execute.

    Raises:
        ComputeTargetException: what is kept of it is none.
        UserError: a secret that it needs is not there, or cannot be read.
    """
    try:
        return cluster_of(entry.cluster)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, SweepError):
            raise
        raise ComputeTargetException(
            f"the compute target {entry.name} is kept wrongly ({error!r}): remove it and make it"
            " anew"
        ) from None


def _run_based(
    workspace: WorkspaceFolder, configuration: RunConfiguration, *, lone: bool
) -> Mapping[str, Any]:
    if not lone:
        raise ComputeTargetException(
            "target 'amlcompute' makes a pool for one run and removes it after it, so it cannot be"
            " used for a hyperparameter sweep, whose runs share one: make a pool that stays:"
            " `sweep computetarget create amlcompute -n NAME --max-nodes N`, and name it as target"
        )
    about = configuration.amlcompute
    most = about.get("clusterMaxNodeCount")
    found = amlcompute(
        vm_size=str(about.get("vmSize") or ""),
        vm_priority=str(about.get("vmPriority") or "dedicated").lower(),
        max_nodes=configuration.node_count if most is None else most,
        idle_seconds_before_scaledown=0,
    )
    nowhere = workspace.path / FOLDER / RUN_BASED  # until there is a folder of the run
    return {
        **(found.cluster or {}),
        "name": RUN_BASED,
        "target": RUN_BASED,
        "folder": str(nowhere),
    }


def present_cluster(
    sweep: SweepFolder, kept: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """Return where a sweep goes on: what its target is now; as it was, where that is gone."""
    name = (kept or {}).get("target")
    if kept is None or not isinstance(name, str):
        return kept
    if name == RUN_BASED:
        return {**kept, "folder": str(sweep.path / "pool")}
    try:
        entry = TargetRegistry(workspace_of(sweep)).get(name)
    except UserError:
        return kept
    return kept if entry.cluster is None else {**entry.cluster, "target": name}


def workspace_of(sweep: SweepFolder) -> WorkspaceFolder:
    """Return the workspace that a sweep is in."""
    return WorkspaceFolder(sweep.path.parent.parent)


def users_of(workspace: WorkspaceFolder, name: str) -> list[str]:
    """Return the ids of the sweeps that are worked on and whose runs execute on a target."""
    found = []
    for sweep in workspace.sweeps():
        if sweep.engine is None:
            continue
        with SweepReader(sweep.database) as reader:
            cluster = reader.get("cluster", None) or {}
        if cluster.get("target") == name:
            found.append(sweep.id)
    return found
