"""Registering compute targets, bringing them up, changing them, and letting go of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from sweep.compute.ssh_secrets import variable_of
from sweep.engine.target_kinds import CREATED, made
from sweep.engine.targets import LOCAL_WORDS, cluster_in, users_of
from sweep.errors import ComputeTargetException, SweepError
from sweep.storage.targets import FOLDER, TargetEntry, TargetRegistry, check_name
from sweep.storage.workspace import WorkspaceFolder

BESIDES = ("tags", "description")
"""What is kept of every kind."""


@runtime_checkable
class Managed(Protocol):
    """A cluster that stays between sweeps, and is ours."""

    def provision(self) -> None:
        """Bring it up, or let it know what has changed."""
        ...

    def end(self) -> None:
        """End all its nodes."""
        ...

    def status(self) -> dict[str, Any]:
        """Return how it stands, in the words of AmlCompute's status."""
        ...


@runtime_checkable
class Prepared(Protocol):
    """A cluster on which something is made once, before its first sweep."""

    def prepare(self, told: Callable[[str], None]) -> None:
        """Make it, if it is not there yet; say each step."""
        ...


def secret_variable(name: str) -> str:
    """Return the environment variable that holds the secret of a target."""
    return variable_of(name)


def describe(kind: str, about: Mapping[str, Any]) -> None:
    """Refuse a description that can be no target of a kind.

    Raises:
        ComputeTargetException: it cannot be had.
    """
    made(kind, {key: about[key] for key in about if key not in BESIDES})


def register(
    workspace: WorkspaceFolder, name: str, kind: str, about: Mapping[str, Any], secret: str = ""
) -> list[str]:
    """Keep a new target; return what its user should know.

    Args:
        workspace: where it is kept.
        name: of the target.
        kind: HyperDrive's word.
        about: see `target_kinds` and `target_pools`; besides, `tags` and `description`.
        secret: known to this process and those that it starts, and not kept.

    Raises:
        ComputeTargetException: its name is not allowed or taken, or it cannot be had.
    """
    check_name(name)
    entry, notes = _entry(workspace, name, kind, about)
    TargetRegistry(workspace).add(entry)
    if secret:
        os.environ[variable_of(name)] = secret
    return notes


def _entry(
    workspace: WorkspaceFolder, name: str, kind: str, about: Mapping[str, Any]
) -> tuple[TargetEntry, list[str]]:
    found = made(kind, {key: about[key] for key in about if key not in BESIDES})
    common = {key: about[key] for key in BESIDES if about.get(key)}
    entry = TargetEntry(
        name,
        kind,
        {**found.properties, **common},
        _of_name(workspace, name, found.cluster),
        attached=kind not in CREATED,
        error=found.trouble,
    )
    return entry, found.notes


def _of_name(
    workspace: WorkspaceFolder, name: str, cluster: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Tell a cluster what it needs to know of its name: its folder, where its secret is."""
    if cluster is None:
        return None
    if cluster["kind"] == "spark":
        return {**cluster, "secret": cluster["secret"] or variable_of(name)}
    if cluster["kind"] == "pool":
        if cluster["provider"] == "azure-batch":
            options = {**cluster["options"], "key": variable_of(name)}
            cluster = {**cluster, "options": options}
        return {**cluster, "name": name, "folder": str(_folder(workspace, name))}
    return {**cluster, "name": name}


def _folder(workspace: WorkspaceFolder, name: str) -> Path:
    return workspace.path / FOLDER / name


def provision(
    workspace: WorkspaceFolder, name: str, told: Callable[[str], None] = lambda _: None
) -> TargetEntry:
    """Bring a target up, or see whether it can be used; keep what comes of it.

    Args:
        workspace: where it is kept.
        name: of the target.
        told: is told of steps that take long.

    Raises:
        ComputeTargetException: there is no such target.
    """
    registry = TargetRegistry(workspace)
    entry = registry.get(name)
    if entry.state == "Succeeded":
        return entry
    if entry.error and entry.cluster is None:
        return registry.update(replace(entry, state="Failed"))
    state, error = "Succeeded", ""
    try:
        cluster = cluster_in(entry)
        if cluster is not None:
            cluster.check()
        if isinstance(cluster, Prepared):
            cluster.prepare(told)
        if isinstance(cluster, Managed):
            cluster.provision()
    except SweepError as refusal:
        state, error = "Failed", str(refusal)
    return registry.update(replace(entry, state=state, error=error))


def change(workspace: WorkspaceFolder, name: str, new: Mapping[str, Any]) -> TargetEntry:
    """Change what a target is described by; one that is up is told.

    Raises:
        ComputeTargetException: there is none, or it makes no sense.
        SweepError: it is up, and cannot be told.
    """
    registry = TargetRegistry(workspace)
    old = registry.get(name)
    entry, _ = _entry(workspace, name, old.kind, {**old.properties, **new})
    changed = replace(old, properties=entry.properties, cluster=entry.cluster)
    cluster = cluster_in(changed)
    if isinstance(cluster, Managed):
        cluster.provision()
    return registry.update(changed)


def status(entry: TargetEntry) -> dict[str, Any] | None:
    """Return how a target that stays between sweeps stands; None for others."""
    cluster = cluster_in(entry)
    return cluster.status() if isinstance(cluster, Managed) else None


def remove(workspace: WorkspaceFolder, name: str, *, attached: bool) -> None:
    """Delete a target that was created, or detach one that was attached.

    Raises:
        ComputeTargetException: there is none, it is of the other sort, or a sweep works on it.
        TargetError: it does not end.
    """
    registry = TargetRegistry(workspace)
    entry = registry.get(name)
    if name not in LOCAL_WORDS and entry.attached != attached:
        was, verb = ("attached", "detach") if entry.attached else ("created", "delete")
        raise ComputeTargetException(
            f"{name} was {was}: `sweep computetarget {verb} -n {name}` lets go of it"
        )
    if users := users_of(workspace, name):
        raise ComputeTargetException(
            f"{name} is in use by {', '.join(users)}: `sweep run cancel` ends a sweep"
        )
    forget(workspace, entry)


def forget(workspace: WorkspaceFolder, entry: TargetEntry) -> None:
    """Remove a target, end what is ours of it, and take its files away.

    Raises:
        ComputeTargetException: it is always there.
        TargetError: it does not end.
    """
    if entry.name not in LOCAL_WORDS and entry.cluster is not None:
        try:
            cluster = cluster_in(entry)
        except SweepError:  # what can never be used has nothing to end
            cluster = None
        if isinstance(cluster, Managed):
            cluster.end()
    TargetRegistry(workspace).remove(entry.name)
    shutil.rmtree(_folder(workspace, entry.name), ignore_errors=True)
