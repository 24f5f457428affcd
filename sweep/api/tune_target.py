"""Where the calls of `tune` execute."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sweep.api.target import ComputeTarget
from sweep.compute.kinds import cluster_of
from sweep.compute.resources import Resources
from sweep.engine.submit import resources_for
from sweep.engine.target_checks import number
from sweep.engine.targets import LOCAL_WORDS, cluster_for
from sweep.errors import ConfigError
from sweep.formats.runconfig import RunConfiguration
from sweep.storage.workspace import WorkspaceFolder


def place_of(
    workspace: WorkspaceFolder,
    target: ComputeTarget | str,
    cpus: float,
    gpus: float,
    grace: float,
) -> tuple[Mapping[str, Any] | None, Resources]:
    """Return what is kept of a target, None for this machine, and what a call takes of it.

    Args:
        workspace: in which targets are registered.
        target: a compute target, or its name.
        cpus: that one call takes.
        gpus: likewise.
        grace: seconds between asking a call to end and making it.

    Raises:
        UserError: there is no such target, it cannot be used, or a call takes more than it has.
        TargetError: it does not answer.
    """
    name = target.name if isinstance(target, ComputeTarget) else target
    if not isinstance(name, str):
        raise ConfigError(f"compute_target: expected a target or its name, got {target!r}")
    if name not in LOCAL_WORDS:
        for what, value in (("cpus_per_run", cpus), ("gpus_per_run", gpus), ("grace", grace)):
            number(what, value)
    kept = cluster_for(workspace, RunConfiguration(target=name), lone=False, cpus=cpus)
    cluster = cluster_of(kept)
    if cluster is None:
        return None, resources_for(cpus, gpus, grace)
    Resources(math.inf, math.inf, cpus, gpus).check()
    cluster.check()
    return kept, Resources(0, 0, cpus, gpus)
